import type { Actor, Permission } from '@fenster/auth';
import { channelMessageChanged, channelMessageReceived, contactChanged } from '@fenster/contracts';
import { sql } from '@fenster/database';
import { newId, parseQuery } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actorWith } from '../../../../test/support/actor.js';
import { request } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Message } from '../messages/message.entity.js';
import {
  customerMessage,
  messageChange,
  startConversation,
  type RunningConversation,
} from '../testing/conversation.js';
import { searchStatements } from './search.queries.js';

const AGENT: readonly Permission[] = [
  'conversation:read',
  'conversation:read_all',
  'conversation:update',
  'message:read',
  'message:send',
  'contact:read',
];

let conversation: RunningConversation;
let workspaceId: string;
const statements: string[] = [];

beforeAll(async () => {
  conversation = await startConversation({ onStatement: (text) => statements.push(text) });
});
afterAll(() => conversation.stop());
beforeEach(() => {
  workspaceId = newId();
});

const tokenOf = (permissions: readonly Permission[] = AGENT, rights: Partial<Actor> = {}) =>
  conversation.tokenOf(workspaceId, permissions, rights);
const em = () => conversation.database.forTenant(workspaceId);
const indexed = async () =>
  (
    await sql<{
      count: number;
    }>`select count(*)::int as count from search_entry where workspace_id = ${workspaceId}`.execute(
      conversation.database.system().getKysely(),
    )
  ).rows[0]!.count;

let person = 0;
/** Somebody writes these texts. Resolves to the conversation once all of it can be found. */
async function receive(profileName: string | undefined, ...texts: string[]): Promise<Conversation> {
  person += 1;
  const identity = { phone: `+49170${String(person).padStart(7, '0')}`, ...(profileName && { profileName }) };
  const before = await indexed();
  const known = (await em().find(Conversation, {})).map(({ id }) => id);
  const at = Date.now() - 3_600_000;
  await conversation.publish(
    workspaceId,
    channelMessageReceived,
    ...texts.map((text, index) =>
      customerMessage(conversation.channelId, { identity, text, sentAt: new Date(at + index * 1_000).toISOString() }),
    ),
  );
  await eventually(async () => expect(await indexed()).toBe(before + texts.length + (profileName ? 1 : 0)));
  return em().findOneOrFail(Conversation, { id: { $nin: known } });
}

interface Hit {
  kind: string;
  conversation: { id: string };
  message: { text: string } | null;
  note: { text: string } | null;
  snippet: string;
  highlights: { start: number; length: number }[];
}
const SEARCH = `query ($text: String!, $filter: SearchFilter, $first: Int = 20, $after: String) {
  search(text: $text, filter: $filter, first: $first, after: $after) {
    nodes { kind conversation { id } message { text } note { text } snippet highlights { start length } }
    nextPage
  }
}`;
const ask = (token: string, variables: Record<string, unknown>) =>
  request<{ search: { nodes: Hit[]; nextPage: string | null } }>(conversation.url, SEARCH, { token, variables });
async function search(text: string, more: Record<string, unknown> = {}, as?: string) {
  const { data, errors } = await ask(as ?? (await tokenOf()), { text, ...more });
  expect(errors).toBeUndefined();
  return data.search;
}
const snippets = async (text: string, more: Record<string, unknown> = {}, as?: string) =>
  (await search(text, more, as)).nodes.map(({ snippet }) => snippet);
const marked = ({ snippet, highlights }: Hit) =>
  highlights.map(({ start, length }) => snippet.slice(start, start + length));

describe('search', () => {
  it('finds what a message says now, and keeps no word of what was taken back', async () => {
    await receive(undefined, 'am Donnerstag');
    const { providerMessageId } = await em().findOneOrFail(Message, { text: 'am Donnerstag' });
    const change = (what: Parameters<typeof messageChange>[2]) =>
      conversation.publish(
        workspaceId,
        channelMessageChanged,
        messageChange(conversation.channelId, providerMessageId!, what),
      );
    await change({ kind: 'edit', type: 'text', text: 'am Freitag' });
    await eventually(async () => expect(await snippets('Freitag')).toEqual(['am Freitag']));
    expect(await snippets('Donnerstag')).toEqual([]);
    await change({ kind: 'revoke' });
    await eventually(async () => expect(await indexed()).toBe(0));
  });

  it('finds messages in any German or English form, and marks what it found', async () => {
    const { id } = await receive(undefined, 'Wo bleiben die Rechnungen?', 'They were running late', 'Größe <b>L</b>');
    const [hit] = (await search('rechnung')).nodes;
    expect(hit).toMatchObject({
      kind: 'MESSAGE',
      conversation: { id },
      message: { text: 'Wo bleiben die Rechnungen?' },
      note: null,
    });
    expect(marked(hit!)).toEqual(['Rechnungen']);
    for (const [text, found, marks] of [
      ['run', 'They were running late', ['running']],
      ['runs late', 'They were running late', ['running', 'late']],
      ['grosse', 'Größe <b>L</b>', ['Größe']],
      ['GRÖSSE l', 'Größe <b>L</b>', ['Größe', 'L']],
      ['die Rechn', 'Wo bleiben die Rechnungen?', ['die', 'Rechnungen']],
    ] as const) {
      const { nodes } = await search(text);
      expect([text, ...nodes.map(({ snippet }) => snippet)]).toEqual([text, found]);
      expect(marked(nodes[0]!)).toEqual(marks);
    }
    expect(await snippets('rechnung late')).toEqual([]);
    expect(await snippets("x' | 'y")).toEqual([]);
  });

  it('finds replies, numbers by their beginning, and notes at once, as they are now', async () => {
    const { id } = await receive(undefined, 'Bestellung DE-2026-0815 fehlt');
    const token = await tokenOf();
    const mutate = async (query: string, variables: Record<string, unknown>) =>
      (await request<Record<string, { id: string }>>(conversation.url, query, { token, variables })).data;
    await mutate(`mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }`, {
      input: { conversationId: id, text: 'Wir suchen danach', idempotencyKey: newId() },
    });
    await eventually(async () => expect(await snippets('suche')).toEqual(['Wir suchen danach']));
    expect(await snippets('081')).toEqual(['Bestellung DE-2026-0815 fehlt']);
    expect(await snippets('08')).toEqual([]);
    const { addNote } = await mutate(
      `mutation ($input: AddNoteInput!) { addNote(input: $input) { ... on Note { id } } }`,
      {
        input: { conversationId: id, text: 'Paket verloren', idempotencyKey: newId() },
      },
    );
    expect((await search('pakete')).nodes).toMatchObject([{ kind: 'NOTE', note: { text: 'Paket verloren' } }]);
    await mutate(`mutation ($input: EditNoteInput!) { editNote(input: $input) { __typename } }`, {
      input: { id: addNote!.id, text: 'Sendung verloren' },
    });
    expect(await snippets('paket')).toEqual([]);
    expect(await snippets('sendungen')).toEqual(['Sendung verloren']);
    await mutate(`mutation ($id: ID!) { deleteNote(id: $id) { __typename } }`, { id: addNote!.id });
    expect(await snippets('sendungen')).toEqual([]);
  });

  it('finds a message by its words as they are now, and not once it is taken back', async () => {
    const identity = { phone: '+491709999999' };
    const { channelId } = conversation;
    const [first, second] = ['wamid.search1', 'wamid.search2'].map((providerMessageId) => ({
      ...customerMessage(channelId, { identity, providerMessageId, text: `Termin ${providerMessageId.slice(-1)}` }),
    }));
    await conversation.publish(workspaceId, channelMessageReceived, first!, second!);
    await eventually(async () => expect(await snippets('termin')).toHaveLength(2));
    const change = (about: typeof first) => ({
      channelId,
      targetProviderMessageId: about!.providerMessageId,
      providerMessageId: newId(),
      by: 'customer' as const,
      sentAt: new Date().toISOString(),
    });
    await conversation.publish(
      workspaceId,
      channelMessageChanged,
      { ...change(first), change: { kind: 'edit', text: 'Urlaub', type: 'text' } },
      { ...change(second), change: { kind: 'revoke' } },
    );
    await eventually(async () => expect(await snippets('termin')).toEqual([]));
    expect(await snippets('urlaub')).toEqual(['Urlaub']);
  });

  it('finds conversations by the name of the contact, as contacts tells it, for those who may see contacts', async () => {
    const { id, contactId } = await receive('José Müller', 'Hallo');
    expect((await search('jose mul')).nodes).toMatchObject([{ kind: 'CONTACT', conversation: { id }, message: null }]);
    await conversation.publish(workspaceId, contactChanged, { contactId, name: 'Zoë Öztürk' });
    await eventually(async () => expect(await snippets('ozturk')).toEqual(['Zoë Öztürk']));
    expect(await snippets('jose')).toEqual([]);
    const blind = await tokenOf(AGENT.filter((permission) => permission !== 'contact:read'));
    expect(await snippets('ozturk', {}, blind)).toEqual([]);
  });

  it('has no work with a name that is told again', async () => {
    const [first, second] = [await receive('Ida', 'Hallo'), await receive('Jan', 'Hallo')];
    const { contactId } = first;
    const entry = () =>
      em().execute('select xmin::text, ctid::text from search_entry where kind = ? and id = ?', ['CONTACT', first.id]);
    await conversation.publish(workspaceId, contactChanged, { contactId, name: 'Ida Öz' });
    await eventually(async () => expect(await snippets('ida oz')).toEqual(['Ida Öz']));
    const before = await entry();
    await conversation.publish(workspaceId, contactChanged, { contactId, name: 'Ida Öz' });
    await conversation.publish(workspaceId, contactChanged, { contactId: second.contactId, name: 'Jan Öz' });
    await eventually(async () => expect(await snippets('jan oz')).toEqual(['Jan Öz']));
    expect(await entry()).toEqual(before);
  });

  it('finds nothing in conversations that one may not see, nor of other workspaces', async () => {
    const { id } = await receive('Ada', 'geheim');
    const teamId = newId();
    await em().nativeUpdate(Conversation, { id }, { teamId });
    const permissions = AGENT.filter((permission) => permission !== 'conversation:read_all');
    expect(await snippets('geheim', {}, await tokenOf(permissions, { teamIds: [teamId] }))).toEqual(['geheim']);
    expect(await snippets('geheim', {}, await tokenOf(permissions, { teamIds: [newId()] }))).toEqual([]);
    expect(await snippets('ada', {}, await tokenOf(permissions, { teamIds: [newId()] }))).toEqual([]);
    expect(await snippets('geheim', {}, await conversation.tokenOf(newId(), AGENT))).toEqual([]);
    const mute = await tokenOf(['conversation:read', 'conversation:read_all']);
    expect((await ask(mute, { text: 'geheim' })).errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
  });

  it('comes page by page, the latest first, filtered by kind, channel, conversation and time', async () => {
    const one = await receive('Anna eins', ...['1', '2', '3', '4', '5'].map((each) => `eins ${each}`));
    const two = await receive(undefined, 'eins anderswo');
    const seen: string[] = [];
    for (let after: string | null = null, pages = 0; pages < 5; pages += 1) {
      const page: { nodes: Hit[]; nextPage: string | null } = await search('eins', {
        first: 3,
        after,
        filter: { kinds: ['MESSAGE'] },
      });
      seen.push(...page.nodes.map(({ snippet }) => snippet));
      after = page.nextPage;
      if (after === null) break;
    }
    expect(seen.toSorted()).toEqual(['eins 1', 'eins 2', 'eins 3', 'eins 4', 'eins 5', 'eins anderswo']);
    const own = seen.filter((text) => /\d/.test(text));
    expect(own).toEqual(own.toSorted().toReversed());
    expect(await snippets('eins', { filter: { kinds: ['CONTACT'] } })).toEqual(['Anna eins']);
    expect(await snippets('eins', { filter: { conversationId: two.id } })).toEqual(['eins anderswo']);
    expect(await snippets('eins', { filter: { channelIds: [newId()] } })).toEqual([]);
    expect(await snippets('eins', { filter: { channelIds: [one.channelId] } })).toHaveLength(7);
    expect(await snippets('eins', { filter: { from: new Date(Date.now() - 600_000).toISOString() } })).toEqual([
      'Anna eins',
    ]);
    expect(await snippets('eins', { filter: { to: new Date(Date.now() - 600_000).toISOString() } })).toHaveLength(6);
  });

  it.each([
    [{ text: ' ' }, 'text'],
    [{ text: '…' }, 'text'],
    [{ text: 'x'.repeat(201) }, 'text'],
    [{ text: 'a b c d e f g h i j k' }, 'text'],
    [{ text: 'x', first: 51 }, 'first'],
    [{ text: 'x', after: 'y' }, 'after'],
    [{ text: 'x', filter: { channelIds: ['y'] } }, 'channelIds'],
    [{ text: 'x', filter: { conversationId: 'y' } }, 'conversationId'],
  ])('refuses %j, naming the argument', async (variables, field) => {
    const { errors } = await ask(await tokenOf(), variables);
    expect(errors?.[0]?.extensions).toEqual({ code: 'INVALID_INPUT', field });
  });

  it('costs the same few statements whatever is found', async () => {
    await receive('Bea Vogel', ...Array.from({ length: 8 }, (_, index) => `vogel ${index}`));
    const token = await tokenOf();
    const counted = async (first: number) => {
      statements.length = 0;
      await search('vogel', { first }, token);
      return statements.filter((text) => /^\s*(select|with)/i.test(text) && !text.includes('set_config')).length;
    };
    // The latest hits, all hits, the messages, the name, and what to mark.
    expect([await counted(9), await counted(20)]).toEqual([5, 5]);
    expect(await counted(1)).toBeLessThanOrEqual(4);
  });
});

describe('the statement', () => {
  it('goes by the index of words to rare ones, and stays in its workspace', async () => {
    const { id, channelId } = await receive(undefined, 'Anfang');
    const elsewhere = newId();
    const system = conversation.database.system().getKysely();
    // 30,000 entries here, every 10,000th of them with the rare word, and as many elsewhere of which a tenth has it.
    await sql`
      insert into search_entry (workspace_id, kind, id, conversation_id, channel_id, occurred_at, words)
      select workspace, 'MESSAGE', gen_random_uuid(), ${id}, ${channelId}, now() - n * interval '1 second',
        search_words(workspace, words, words)
      from generate_series(1, 30000) n, unnest(array[${workspaceId}, ${elsewhere}]::uuid[]) workspace,
        lateral (select case when n % case when workspace = ${elsewhere}::uuid then 10 else 10000 end = 0
          then 'haufig selten ' else 'haufig ' end || n % 100 as words) w
    `.execute(system);
    await system.transaction().execute(async (tx) => {
      await sql`set local role conversation`.execute(tx);
      await sql`analyze search_entry`.execute(tx);
    });
    const asked = { requireActor: () => actorWith({ workspaceId, permissions: AGENT }) };
    const explain = async (which: 'latest' | 'all', text: string) => {
      const statement = searchStatements(asked, parseQuery(text), {}, { limit: 21 })[which];
      const [row] = await conversation.database.readForTenant(
        workspaceId,
        sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>`explain (analyze, buffers, format json) ${statement}`,
      );
      return row!['QUERY PLAN'][0].Plan;
    };
    const pages = (plan: Plan) => plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
    const rare = await explain('all', 'selten');
    expect(indexesOf(rare)).toContain('search_entry_words');
    expect(rare['Actual Rows']).toBe(3);
    // Those elsewhere that have the word as well stand on hundreds of pages.
    expect(pages(rare)).toBeLessThan(100);
    for (const text of ['haufig', 'selten']) {
      const latest = await explain('latest', text);
      expect(latest['Actual Rows']).toBe(text === 'haufig' ? 21 : 0);
      expect(indexesOf(latest)).toContain('search_entry_recent');
      expect(pages(latest)).toBeLessThan(200);
    }
  }, 60_000);
});

interface Plan {
  'Index Name'?: string;
  'Actual Rows': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
const indexesOf = (plan: Plan) => nodesOf(plan).flatMap((node) => node['Index Name'] ?? []);
