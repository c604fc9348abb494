import { channelMessageReceived } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import type { Permission } from '@fenster/auth';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe, type Subscriber } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let me: string;
let token: string;
let now = new Date();
const statements: string[] = [];

beforeAll(async () => {
  conversation = await startConversation({ now: () => now, onStatement: (text) => statements.push(text) });
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  now = new Date();
  [workspaceId, me] = [newId(), newId()];
  token = await conversation.tokenOf(workspaceId, undefined, { id: me });
});

const later = (minutes: number) => void (now = new Date(now.getTime() + minutes * 60_000));
const agent = (permissions: Permission[], rights = {}) => conversation.tokenOf(workspaceId, permissions, rights);
const ask = async <T>(query: string, variables: Record<string, unknown> = {}, as = token): Promise<T> => {
  const { data, errors } = await request<T>(conversation.url, query, { variables, token: as });
  if (errors) throw Object.assign(new Error(errors[0]!.message), errors[0]!.extensions);
  return data;
};

/** A conversation with each of these people; returns their ids in order. */
async function write(...people: string[]): Promise<string[]> {
  const messages = people.map((person) =>
    customerMessage(conversation.channelId, {
      identity: { phone: `+49170000${person}` },
      text: person,
      sentAt: now.toISOString(),
    }),
  );
  await conversation.publish(workspaceId, channelMessageReceived, ...messages);
  return eventually(async () => {
    const { conversations } = await ask<{
      conversations: { nodes: { id: string; messages: { nodes: { text: string }[] } }[] };
    }>('{ conversations(first: 100) { nodes { id messages { nodes { text } } } } }');
    return people.map((person) => {
      const found = conversations.nodes.find((node) => node.messages.nodes.some(({ text }) => text === person));
      expect(found).toBeDefined();
      return found!.id;
    });
  });
}

const CREATE = `mutation ($input: CreateViewInput!) { createView(input: $input) {
  __typename ... on View { id name isShared filter { statuses assignee { me } } } ... on UserError { code } ... on InvalidInput { field }
} }`;
interface Created {
  createView: { __typename: string; id: string; field?: string; code?: string };
}
const create = async (input: Record<string, unknown>, as = token) =>
  (await ask<Created>(CREATE, { input: { name: 'Mine', filter: {}, idempotencyKey: newId(), ...input } }, as))
    .createView;
const viewIds = async (as = token) =>
  (await ask<{ views: { id: string }[] }>('{ views { id } }', {}, as)).views.map(({ id }) => id);

interface Page {
  nodes: { id: string }[];
  nextPage: string | null;
  cursor: string;
}
const list = async (filter: object, first = 50, after: string | null = null) =>
  (
    await ask<{ conversations: Page }>(
      `query ($filter: ConversationFilterInput, $first: Int!, $after: String) {
         conversations(filter: $filter, first: $first, after: $after) { nodes { id } nextPage cursor } }`,
      { filter, first, after },
    )
  ).conversations;
const idsOf = (page: Page) => page.nodes.map(({ id }) => id);

const take = (conversationId: string) =>
  ask('mutation ($id: ID!) { takeConversation(conversationId: $id) { __typename } }', { id: conversationId });

const release = (conversationId: string) =>
  ask('mutation ($id: ID!) { assignConversation(conversationId: $id) { __typename } }', { id: conversationId });

interface Changed {
  __typename: string;
  cursor: string;
  entered?: { id: string }[];
  updated?: { id: string }[];
  left?: string[];
  count?: number;
}
type Events = Subscriber<{ viewEvents: Changed }>;
const follow = (variables: Record<string, unknown>, as = token): Events =>
  subscribe(
    conversation.url,
    `subscription ($viewId: ID, $filter: ConversationFilterInput, $after: Cursor) {
       viewEvents(viewId: $viewId, filter: $filter, after: $after) {
         __typename cursor ... on ViewChanged { entered { id } updated { id } left count }
       } }`,
    as,
    variables,
  );
const changesOf = ({ received }: Events) =>
  received.flatMap(({ viewEvents: { __typename, entered, updated, left, count } }) =>
    __typename === 'ViewChanged'
      ? [{ entered: entered!.map(({ id }) => id), updated: updated!.map(({ id }) => id), left, count }]
      : [],
  );
const isLive = ({ received, errors }: Events) =>
  eventually(() => {
    expect(errors).toEqual([]);
    expect(received.map(({ viewEvents }) => viewEvents.__typename)).toContain('LiveStarted');
  });
/** What the events make of a list. */
function shown(events: Events, before: readonly string[] = []): string[] {
  const ids = new Set(before);
  for (const { entered, updated, left } of changesOf(events)) {
    for (const id of entered) ids.add(id);
    for (const id of updated) expect(ids).toContain(id);
    for (const id of left!) ids.delete(id);
  }
  return [...ids].toSorted();
}

describe('saved views', () => {
  it('are one’s own or everybody’s, and are made once per key', async () => {
    const key = newId();
    const filter = { statuses: ['OPEN'], assignee: { me: true } };
    const first = await create({ filter, idempotencyKey: key });
    expect(first).toMatchObject({ __typename: 'View', name: 'Mine', isShared: false, filter });
    expect(await create({ filter, idempotencyKey: key })).toMatchObject({ id: first.id });
    expect(await create({ name: 'Other', filter, idempotencyKey: key })).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    const shared = await create({ name: 'All', isShared: true });
    expect(await viewIds()).toEqual([first.id, shared.id]);
    const colleague = await agent(['conversation:read']);
    expect(await viewIds(colleague)).toEqual([shared.id]);
    await expect(ask('query ($id: ID!) { view(id: $id) { id } }', { id: first.id }, colleague)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('are changed and deleted by those whose they are', async () => {
    const own = await create({});
    const shared = await create({ isShared: true });
    const colleague = await agent(['conversation:read']);
    const update = async (id: string, as = token) =>
      (
        await ask<{ updateView: { __typename: string } }>(
          'mutation ($input: UpdateViewInput!) { updateView(input: $input) { __typename ... on View { name } } }',
          { input: { id, name: 'New' } },
          as,
        )
      ).updateView;
    const remove = async (id: string, as = token) =>
      (
        await ask<{ deleteView: { __typename: string } }>(
          'mutation ($id: ID!) { deleteView(id: $id) { __typename } }',
          { id },
          as,
        )
      ).deleteView.__typename;
    for (const { id } of [own, shared]) {
      expect(await update(id, colleague)).toEqual({ __typename: 'NotFound' });
      expect(await remove(id, colleague)).toBe('NotFound');
      expect(await update(id)).toEqual({ __typename: 'View', name: 'New' });
      expect(await remove(id)).toBe('ViewDeleted');
      expect(await remove(id)).toBe('NotFound');
    }
    expect(await viewIds()).toEqual([]);
  });

  it.each([
    [{ name: ' ' }, 'name'],
    [{ name: 'x'.repeat(81) }, 'name'],
    [{ filter: { statuses: [] } }, 'filter.statuses'],
    [{ filter: { assignee: {} } }, 'filter.assignee'],
    [{ filter: { team: { teamIds: ['x'] } } }, 'filter.team.teamIds'],
    [{ filter: { channelIds: Array.from({ length: 51 }, newId) } }, 'filter.channelIds'],
    [{ filter: { waitingMinutes: 0 } }, 'filter.waitingMinutes'],
    [{ filter: { windowClosesWithinMinutes: 1441 } }, 'filter.windowClosesWithinMinutes'],
    [{ idempotencyKey: '' }, 'idempotencyKey'],
  ])('refuse %j, naming %s', async (input, field) => {
    expect(await create(input)).toMatchObject({ __typename: 'InvalidInput', field });
    expect(await viewIds()).toEqual([]);
  });

  it('are shared only by those who manage the inbox', async () => {
    expect(await create({ isShared: true }, await agent(['conversation:read']))).toMatchObject({ field: 'isShared' });
  });
});

describe('a filtered list', () => {
  it('has pages and a count of what passes and may be seen', async () => {
    const [a, b, c, d] = await write('1', '2', '3', '4');
    for (const id of [a, b, c]) await take(id!);
    const filter = { assignee: { me: true } };
    const page = await list(filter, 2);
    const next = await list(filter, 2, page.nextPage);
    expect([...idsOf(page), ...idsOf(next)].toSorted()).toEqual([a, b, c].toSorted());
    expect(next.nextPage).toBeNull();
    expect(idsOf(await list({ assignee: { nobody: true } }))).toEqual([d]);
    const view = await create({ filter });
    const count = async (as = token) =>
      (
        await ask<{ view: { count: number; unreadCount: number } }>(
          'query ($id: ID!) { view(id: $id) { count unreadCount } }',
          { id: view.id },
          as,
        )
      ).view;
    expect(await count()).toEqual({ count: 3, unreadCount: 3 });
    const shared = await create({ filter: {}, isShared: true });
    const stranger = await agent(['conversation:read']);
    expect(
      await ask(
        'query ($id: ID!) { view(id: $id) { count conversations { nodes { id } } } }',
        { id: shared.id },
        stranger,
      ),
    ).toEqual({ view: { count: 0, conversations: { nodes: [] } } });
  });

  it('counts for all views in one statement', async () => {
    const [a] = await write('1', '2');
    await take(a!);
    for (const filter of [{ assignee: { me: true } }, { assignee: { nobody: true } }, {}, { isUnread: false }]) {
      await create({ filter });
    }
    statements.length = 0;
    const { views } = await ask<{ views: unknown[] }>('{ views { count unreadCount } }');
    expect(views).toEqual([
      { count: 1, unreadCount: 1 },
      { count: 1, unreadCount: 1 },
      { count: 2, unreadCount: 2 },
      { count: 0, unreadCount: 0 },
    ]);
    expect(statements.filter((text) => text.includes('from conversation c'))).toHaveLength(1);
  });

  it('knows how long customers wait and when windows close', async () => {
    const [early] = await write('1');
    later(30);
    const [late] = await write('2');
    expect(idsOf(await list({ waitingMinutes: 30 }))).toEqual([early]);
    later(24 * 60 - 45);
    expect(idsOf(await list({ windowClosesWithinMinutes: 20 }))).toEqual([early]);
    expect(idsOf(await list({ windowClosesWithinMinutes: 60 })).toSorted()).toEqual([early, late].toSorted());
    later(20);
    expect(idsOf(await list({ windowClosesWithinMinutes: 60 }))).toEqual([late]);
  });
});

describe('events of a view', () => {
  it('say what enters, changes and leaves, and count; what does not pass never comes', async () => {
    const [a, b] = await write('1', '2');
    const mine = await create({ filter: { assignee: { me: true } } });
    const events = follow({ viewId: mine.id });
    await isLive(events);
    await take(a!);
    await eventually(() => expect(changesOf(events)).toEqual([{ entered: [a], updated: [], left: [], count: 1 }]));
    await write('1', '2');
    await eventually(() => expect(changesOf(events).at(-1)).toEqual({ entered: [], updated: [a], left: [], count: 1 }));
    await take(b!);
    // Or a loaded machine would tell both together.
    await eventually(() => expect(changesOf(events).at(-1)).toEqual({ entered: [b], updated: [], left: [], count: 2 }));
    await release(a!);
    await eventually(() => expect(changesOf(events).at(-1)).toEqual({ entered: [], updated: [], left: [a], count: 1 }));
    expect(shown(events)).toEqual([b]);
    await events.stop();
  });

  it('tell who loses sight of a conversation that it left', async () => {
    const id = newId();
    const rights = { id, teamIds: [newId()], channelIds: [conversation.channelId] };
    const theirs = await agent(['conversation:read', 'conversation:update'], rights);
    const events = follow({ filter: {} }, theirs);
    await isLive(events);
    const [a] = await write('1');
    await eventually(() => expect(shown(events)).toEqual([a]));
    await take(a!);
    await eventually(() => expect(changesOf(events).at(-1)).toEqual({ entered: [], updated: [], left: [a], count: 0 }));
    await events.stop();
  });

  it('hand over what was missed: whoever was away ends with the same list', async () => {
    const [a, b, c] = await write('1', '2', '3');
    await take(a!);
    const filter = { assignee: { me: true } };
    const before = await list(filter);
    const constant = follow({ filter, after: before.cursor });
    await isLive(constant);
    await take(b!);
    await release(a!);
    await take(c!);
    await release(c!);
    await eventually(() => expect(shown(constant, idsOf(before))).toEqual([b]));
    const returning = follow({ filter, after: before.cursor });
    await isLive(returning);
    expect(shown(returning, idsOf(before))).toEqual([b]);
    expect(changesOf(returning)).toEqual([{ entered: [b], updated: [], left: [a, c], count: 1 }]);
    // From its own last cursor there is nothing more to say.
    const again = follow({ filter, after: returning.received.at(-1)!.viewEvents.cursor });
    await isLive(again);
    expect(changesOf(again)).toEqual([]);
    for (const each of [constant, returning, again]) await each.stop();
  });

  it('tell what one reads oneself, and never what a colleague reads', async () => {
    const [a] = await write('1');
    const events = follow({ filter: { isUnread: true } });
    await isLive(events);
    const read = (as = token) =>
      ask('mutation ($id: ID!) { markRead(input: { conversationId: $id, upToSeq: 1 }) { __typename } }', { id: a }, as);
    await read(await conversation.tokenOf(workspaceId));
    await read();
    await eventually(() => expect(changesOf(events)).toEqual([{ entered: [], updated: [], left: [a], count: 0 }]));
    await events.stop();
  });

  it('tell of every conversation of a thread what became of the thread: read, and its window', async () => {
    const resolve = (id: string) =>
      ask('mutation ($id: ID!) { resolveConversation(input: { conversationId: $id }) { __typename } }', { id });
    const [earlier] = await write('1');
    await resolve(earlier!);
    later(25 * 60);
    await conversation.publish(
      workspaceId,
      channelMessageReceived,
      customerMessage(conversation.channelId, {
        identity: { phone: '+491700001' },
        text: 'again',
        sentAt: now.toISOString(),
      }),
    );
    const both = await eventually(async () => {
      const ids = idsOf(await list({ isUnread: true }));
      expect(ids).toHaveLength(2);
      return ids;
    });
    const present = both.find((id) => id !== earlier)!;
    const unread = follow({ filter: { isUnread: true } });
    await isLive(unread);
    await ask('mutation ($id: ID!) { markRead(input: { conversationId: $id, upToSeq: 2 }) { __typename } }', {
      id: present,
    });
    await eventually(() => expect(shown(unread, both)).toEqual([]));
    expect(idsOf(await list({ isUnread: true }))).toEqual([]);
    later(23.5 * 60);
    const closing = follow({ filter: { windowClosesWithinMinutes: 60 } });
    await isLive(closing);
    expect(idsOf(await list({ windowClosesWithinMinutes: 60 })).toSorted()).toEqual(both.toSorted());
    await conversation.publish(
      workspaceId,
      channelMessageReceived,
      customerMessage(conversation.channelId, {
        identity: { phone: '+491700001' },
        text: 'once more',
        sentAt: now.toISOString(),
      }),
    );
    await eventually(() => expect(shown(closing, both)).toEqual([]));
    for (const each of [unread, closing]) await each.stop();
  });

  it('come by time alone', async () => {
    const waiting = follow({ filter: { waitingMinutes: 30 } });
    const closing = follow({ filter: { windowClosesWithinMinutes: 60 } });
    await isLive(waiting);
    await isLive(closing);
    const [a] = await write('1');
    later(31);
    await eventually(() => expect(changesOf(waiting)).toEqual([{ entered: [a], updated: [], left: [], count: 1 }]));
    expect(changesOf(closing)).toEqual([]);
    const page = await list({ windowClosesWithinMinutes: 60 });
    later(23 * 60 - 30);
    await eventually(() => expect(changesOf(closing).at(0)).toEqual({ entered: [a], updated: [], left: [], count: 1 }));
    later(60);
    await eventually(() =>
      expect(changesOf(closing).at(-1)).toEqual({ entered: [], updated: [], left: [a], count: 0 }),
    );
    const returning = follow({ filter: { windowClosesWithinMinutes: 60 }, after: page.cursor });
    await isLive(returning);
    expect(shown(returning, [a!])).toEqual([]);
    for (const each of [waiting, closing, returning]) await each.stop();
  });

  it('begin anew when a label that they ask for is deleted, which takes it from all conversations at once', async () => {
    const [a] = await write('1');
    const label = async (name: string) => {
      const { createLabel } = await ask<{ createLabel: { id: string } }>(
        'mutation ($input: CreateLabelInput!) { createLabel(input: $input) { ... on Label { id } } }',
        { input: { name, colour: '#00ff00', idempotencyKey: newId() } },
      );
      await ask('mutation ($input: LabelConversationInput!) { labelConversation(input: $input) { __typename } }', {
        input: { conversationId: a, set: [createLabel.id] },
      });
      return createLabel.id;
    };
    const [asked, other] = [await label('Asked'), await label('Other')];
    const filter = { labelIds: [asked] };
    const { cursor } = await list(filter);
    const [live, unconcerned] = [follow({ filter }), follow({ filter: { labelIds: [other] } })];
    await Promise.all([isLive(live), isLive(unconcerned)]);
    await ask('mutation ($id: ID!) { deleteLabel(id: $id) { __typename } }', { id: asked });
    await eventually(() => expect(live.received.at(-1)!.viewEvents.__typename).toBe('ReplayGap'));
    expect(idsOf(await list(filter))).toEqual([]);
    const returning = follow({ filter, after: cursor });
    await isLive(returning);
    expect(returning.received.map(({ viewEvents }) => viewEvents.__typename)).toEqual(['ReplayGap', 'LiveStarted']);
    expect(unconcerned.received.map(({ viewEvents }) => viewEvents.__typename)).toEqual(['LiveStarted']);
    for (const each of [live, unconcerned, returning]) await each.stop();
  });

  it('go on when the view gets another name', async () => {
    const [a] = await write('1');
    const view = await create({ filter: { assignee: { me: true } } });
    const events = follow({ viewId: view.id });
    await isLive(events);
    await ask('mutation ($input: UpdateViewInput!) { updateView(input: $input) { __typename } }', {
      input: { id: view.id, name: 'Another' },
    });
    await take(a!);
    await eventually(() => expect(shown(events)).toEqual([a]));
    expect(events.received.map(({ viewEvents }) => viewEvents.__typename)).toEqual(['LiveStarted', 'ViewChanged']);
    await events.stop();
  });

  it('begin anew when the view is changed, and end for what cannot be followed', async () => {
    const [a, b] = await write('1', '2');
    await take(a!);
    const view = await create({ filter: { assignee: { me: true } } });
    const events = follow({ viewId: view.id });
    await isLive(events);
    await ask('mutation ($input: UpdateViewInput!) { updateView(input: $input) { __typename } }', {
      input: { id: view.id, filter: { assignee: { nobody: true } } },
    });
    await eventually(() => expect(events.received.at(-1)!.viewEvents.__typename).toBe('ReplayGap'));
    await take(b!);
    await eventually(() => expect(changesOf(events)).toEqual([{ entered: [], updated: [], left: [b], count: 0 }]));
    await events.stop();
    // Whoever was away when it was changed is told the same: what they have is of another filter.
    const away = follow({
      viewId: view.id,
      after: events.received.find(({ viewEvents }) => viewEvents.__typename === 'LiveStarted')!.viewEvents.cursor,
    });
    await isLive(away);
    expect(away.received.map(({ viewEvents }) => viewEvents.__typename)).toEqual(['ReplayGap', 'LiveStarted']);
    await away.stop();
    for (const [variables, code] of [
      [{ viewId: newId() }, 'NOT_FOUND'],
      [{}, 'INVALID_INPUT'],
      [{ viewId: view.id, filter: {} }, 'INVALID_INPUT'],
      [{ filter: { waitingMinutes: 0 } }, 'INVALID_INPUT'],
    ] as const) {
      const refused = follow(variables);
      await eventually(() => expect(JSON.stringify(refused.errors)).toContain(code));
      await refused.stop();
    }
  });
});
