import { channelMessageReceived, channelStatusReceived, chargeRecorded, messageQueued } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe } from '../../../test/support/api-client.js';
import { eventually } from '../../../test/support/eventually.js';
import { Conversation } from './conversations/conversation.entity.js';
import { Message } from './messages/message.entity.js';
import { customerMessage, startConversation, status, type RunningConversation } from './testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let token: string;
let now = new Date();
const statements: string[] = [];

beforeAll(async () => {
  conversation = await startConversation({ now: () => now, onStatement: (text) => statements.push(text) });
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  now = new Date();
  workspaceId = newId();
  token = await conversation.tokenOf(workspaceId);
});

const ask = <T>(query: string, variables: Record<string, unknown> = {}, as: string | null = token) =>
  request<T>(conversation.url, query, { variables, token: as ?? undefined });

interface Node {
  id: string;
  lastSeq: number;
  serviceWindow: { isOpen: boolean };
  messages: { nodes: { seq: number; text: string | null }[]; hasOlder: boolean };
}
interface Page {
  conversations: { nodes: Node[]; nextPage: string | null; cursor: string };
}
const LIST = `query ($first: Int = 50, $after: String) {
  conversations(first: $first, after: $after) { nodes { id lastSeq serviceWindow { isOpen } } nextPage cursor }
}`;

/** As many conversations as there are numbers, with so many messages each. */
async function receive(...counts: number[]): Promise<Node[]> {
  const messages = counts.flatMap((count, person) =>
    Array.from({ length: count }, (_, index) =>
      customerMessage(conversation.channelId, {
        identity: { phone: `+4917000000${person}` },
        text: `${person}.${index + 1}`,
      }),
    ),
  );
  await conversation.publish(workspaceId, channelMessageReceived, ...messages);
  return eventually(async () => {
    const { data } = await ask<Page>(LIST);
    expect(data.conversations.nodes.map((node) => node.lastSeq).toSorted()).toEqual(counts.toSorted());
    return data.conversations.nodes;
  });
}

const SEND = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on Message { id seq status text }
    ... on UserError { code message }
    ... on InvalidInput { field }
  }
}`;
const send = async (input: Record<string, unknown>, as = token) =>
  (
    await ask<{ sendMessage: Record<string, unknown> }>(
      SEND,
      { input: { idempotencyKey: newId(), text: 'Ja', ...input } },
      as,
    )
  ).data.sendMessage;

describe('the conversations of a contact', () => {
  it('are those under all ids of the person, of this workspace, page by page', async () => {
    const nodes = await receive(1, 1, 1);
    const rows = await conversation.database.forTenant(workspaceId).find(Conversation, {});
    const idOf = (index: number) => rows.find(({ id }) => id === nodes[index]!.id)!.contactId;
    const query = `query ($references: [_Any!]!, $after: String) { _entities(representations: $references) {
      ... on Contact { conversations(first: 1, after: $after) { nodes { id } nextPage } } } }`;
    const reference = { __typename: 'Contact', id: idOf(0) };
    type Found = { _entities: [{ conversations: { nodes: { id: string }[]; nextPage: string | null } | null } | null] };
    const find = async (knownIds: string[] | undefined, after: string | null = null, as = token) =>
      (await ask<Found>(query, { references: [{ ...reference, knownIds }], after }, as)).data._entities[0]
        ?.conversations;
    const both = [idOf(0), idOf(2)];
    const first = await find(both);
    const second = await find(both, first!.nextPage);
    expect([...first!.nodes, ...second!.nodes].map(({ id }) => id)).toEqual([nodes[0]!.id, nodes[2]!.id]);
    expect(second!.nextPage).toBeNull();
    expect(await find(undefined)).toBeNull();
    expect((await find(both, null, await conversation.tokenOf(newId())))!.nodes).toEqual([]);
  });
});

describe('replying', () => {
  it('queues a message with the next seq and tells channels what to send', async () => {
    const [only] = await receive(2);
    expect(await send({ conversationId: only!.id, text: 'Ja, gern.', expectedLastSeq: 2 })).toEqual({
      __typename: 'Message',
      id: expect.any(String),
      seq: 3,
      status: 'QUEUED',
      text: 'Ja, gern.',
    });
    const log = await readLog(conversation.database.forTenant(workspaceId), 0, 100);
    expect(log.at(-1)).toMatchObject({
      name: messageQueued.name,
      actor: { kind: 'member' },
      data: { seq: 3, text: 'Ja, gern.', to: { phone: '+49170000000' } },
    });
  });

  it('does it once per key, also for calls at the same moment, and after the window closed', async () => {
    const [only] = await receive(1);
    const input = { conversationId: only!.id, idempotencyKey: 'once', text: 'Ja' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(input)));
    now = new Date(now.getTime() + 25 * 3_600_000);
    answers.push(await send(input));
    expect(new Set(answers.map((answer) => answer['id'])).size).toBe(1);
    expect(await conversation.database.forTenant(workspaceId).count(Message, { direction: 'OUTBOUND' })).toBe(1);
  });

  it.each<[string, (id: string) => Record<string, unknown>, Record<string, unknown>]>([
    [
      'an empty text',
      (conversationId) => ({ conversationId, text: '  ' }),
      { __typename: 'InvalidInput', field: 'text' },
    ],
    [
      'an over-long text',
      (conversationId) => ({ conversationId, text: 'x'.repeat(4_097) }),
      { __typename: 'InvalidInput', field: 'text' },
    ],
    [
      'an over-long key',
      (conversationId) => ({ conversationId, idempotencyKey: 'k'.repeat(201) }),
      { __typename: 'InvalidInput', field: 'idempotencyKey' },
    ],
    [
      'a thread that went on',
      (conversationId) => ({ conversationId, expectedLastSeq: 0 }),
      { __typename: 'StaleThread' },
    ],
    ['an unknown conversation', () => ({ conversationId: newId() }), { __typename: 'NotFound' }],
    ['something that is no id', () => ({ conversationId: "1' or '1'='1" }), { __typename: 'NotFound' }],
  ])('refuses %s and changes nothing', async (_, input, refusal) => {
    const [only] = await receive(1);
    expect(await send(input(only!.id))).toMatchObject(refusal);
    expect(await conversation.database.forTenant(workspaceId).count(Message)).toBe(1);
  });

  it('refuses when the window is over, and lets the same key try again later', async () => {
    const [only] = await receive(1);
    now = new Date(Date.now() + 86_400_001);
    expect(await send({ conversationId: only!.id, idempotencyKey: 'again' })).toMatchObject({
      __typename: 'WindowClosed',
      code: 'WINDOW_CLOSED',
    });
    now = new Date();
    expect(await send({ conversationId: only!.id, idempotencyKey: 'again' })).toMatchObject({ __typename: 'Message' });
  });

  it('refuses the same key with other input', async () => {
    const [only] = await receive(1);
    await send({ conversationId: only!.id, idempotencyKey: 'key', text: 'eins' });
    expect(await send({ conversationId: only!.id, idempotencyKey: 'key', text: 'zwei' })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
  });
});

describe('rights', () => {
  it('answers another workspace as if there were nothing', async () => {
    const [only] = await receive(1);
    const stranger = await conversation.tokenOf(newId());
    expect(await send({ conversationId: only!.id }, stranger)).toMatchObject({ __typename: 'NotFound' });
    expect((await ask<Page>(LIST, {}, stranger)).data.conversations.nodes).toEqual([]);
    const answer = await ask(`query ($id: ID!) { conversation(id: $id) { id } }`, { id: only!.id }, stranger);
    const missing = await ask(`query ($id: ID!) { conversation(id: $id) { id } }`, { id: newId() }, stranger);
    expect(answer).toEqual(missing);
    const entity = await ask<{ _entities: unknown[] }>(
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Conversation { id lastSeq } } }`,
      { r: [{ __typename: 'Conversation', id: only!.id }] },
      stranger,
    );
    expect(entity.data._entities).toEqual([null]);
  });

  it('shows no text without message:read, and nothing without conversation:read', async () => {
    await receive(1);
    const finance = await conversation.tokenOf(workspaceId, [
      'conversation:read',
      'conversation:read_all',
      'cost:read',
    ]);
    const query = `{ conversations { nodes { messages { nodes { seq text } } } } }`;
    const seen = await ask<Page>(query, {}, finance);
    expect(seen.data.conversations.nodes[0]!.messages.nodes).toEqual([{ seq: 1, text: null }]);
    const nobody = await ask(LIST, {}, await conversation.tokenOf(workspaceId, []));
    expect(nobody.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
    expect((await ask(LIST, {}, null)).errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' });
    expect((await ask(LIST, {}, `${token}x`)).status).toBe(401);
  });
});

describe('lists', () => {
  it('page by page shows each conversation once, the most recent first', async () => {
    const all = await receive(1, 1, 1, 1, 1);
    const seen: string[] = [];
    for (let after: string | null = null, pages = 0; pages < 4; pages += 1) {
      const { data }: { data: Page } = await ask<Page>(LIST, { first: 2, after });
      seen.push(...data.conversations.nodes.map((node) => node.id));
      after = data.conversations.nextPage;
      if (after === null) break;
    }
    expect(seen).toEqual(all.map((node) => node.id));
  });

  it('refuses page sizes and positions that it did not hand out, naming the argument', async () => {
    for (const [variables, field] of [
      [{ first: 0 }, 'first'],
      [{ first: 101 }, 'first'],
      [{ after: 'x' }, 'after'],
    ] as const) {
      expect((await ask(LIST, variables)).errors?.[0]?.extensions).toEqual({ code: 'INVALID_INPUT', field });
    }
  });

  it('needs the same few statements whatever the number of rows', async () => {
    await receive(1, 2, 3, 4, 5, 6, 7, 8);
    const counted = async (first: number) => {
      statements.length = 0;
      await ask(LIST, { first });
      return statements.filter((text) => /^\s*select/i.test(text) && !text.includes('set_config')).length;
    };
    // The page with its position in the log, the threads that hold the windows, and the channels, of which some have none.
    expect([await counted(1), await counted(8)]).toEqual([3, 3]);
  });

  it('shows last message and unread count of all conversations with one statement each', async () => {
    await receive(2, 3);
    const query = '{ conversations { nodes { lastSeq unreadCount lastMessage { text } } } }';
    await ask(query);
    statements.length = 0;
    const { data } = await ask<{ conversations: { nodes: { lastSeq: number }[] } }>(query);
    expect(data.conversations.nodes.toSorted((one, other) => one.lastSeq - other.lastSeq)).toEqual([
      { lastSeq: 2, unreadCount: 2, lastMessage: { text: '0.2' } },
      { lastSeq: 3, unreadCount: 3, lastMessage: { text: '1.3' } },
    ]);
    // Besides those of the log's followers and of what was read, for the audit log.
    const ofList = statements.filter((text) => /from conversation c/.test(text));
    expect(ofList).toHaveLength(3);
  });

  it('shows the last messages and older ones on demand', async () => {
    const [only] = await receive(5);
    const query = `query ($id: ID!, $before: Int) { conversation(id: $id) { messages(last: 2, before: $before) { nodes { seq } hasOlder } } }`;
    const page = async (before?: number) =>
      (await ask<{ conversation: Node }>(query, { id: only!.id, before })).data.conversation.messages;
    expect(await page()).toEqual({ nodes: [{ seq: 4 }, { seq: 5 }], hasOlder: true });
    expect(await page(4)).toEqual({ nodes: [{ seq: 2 }, { seq: 3 }], hasOlder: true });
    expect(await page(2)).toEqual({ nodes: [{ seq: 1 }], hasOlder: false });
  });
});

describe('inbox events', () => {
  const INBOX = `subscription ($after: Cursor, $conversationId: ID) {
    inboxEvents(after: $after, conversationId: $conversationId) {
      __typename cursor
      ... on MessageAdded { message { seq text } }
      ... on MessageStatusChanged { message { seq status } }
      ... on ConversationCostChanged { conversation { id isImported } }
    }
  }`;
  interface Event {
    inboxEvents: { __typename: string; cursor: string; message?: { seq: number; text?: string; status?: string } };
  }
  const follow = (variables: Record<string, unknown> = {}, as = token) =>
    subscribe<Event>(conversation.url, INBOX, as, variables);
  const types = (subscriber: { received: Event[] }) =>
    subscriber.received.map(({ inboxEvents }) => inboxEvents.__typename);

  it('come live, each step of a reply as it was, and go on from the cursor of a snapshot', async () => {
    const subscriber = follow();
    await eventually(() => expect(types(subscriber)).toEqual(['LiveStarted']));
    const [only] = await receive(1);
    const { id } = (await send({ conversationId: only!.id, text: 'Ja' })) as { id: string };
    for (const step of ['sent', 'read', 'delivered'] as const) {
      await conversation.publish(
        workspaceId,
        channelStatusReceived,
        status(conversation.channelId, { messageId: id }, step),
      );
    }
    await conversation.publish(workspaceId, chargeRecorded, {
      chargeId: newId(),
      messageId: id,
      conversationId: only!.id,
      amountMicros: 45_600,
      currency: 'EUR',
      category: 'service',
      state: 'RATED' as const,
    });
    await eventually(() =>
      expect(types(subscriber).toSorted()).toEqual([
        'ConversationCostChanged',
        'ConversationOpened',
        'LiveStarted',
        'MessageAdded',
        'MessageAdded',
        'MessageStatusChanged',
        'MessageStatusChanged',
      ]),
    );
    const steps = subscriber.received.flatMap(({ inboxEvents }) => inboxEvents.message?.status ?? []);
    expect(steps).toEqual(['SENT', 'READ']);

    const { data } = await ask<Page>(LIST);
    const later = follow({ after: data.conversations.cursor });
    await eventually(() => expect(types(later)).toEqual(['LiveStarted']));
    const earlier = follow({ after: subscriber.received[1]!.inboxEvents.cursor });
    await eventually(() => expect(types(earlier)).toContain('LiveStarted'));
    expect(earlier.received.slice(0, -1)).toEqual(subscriber.received.slice(2));
    await Promise.all([subscriber.stop(), later.stop(), earlier.stop()]);
  });

  it('keep to one conversation when asked, and to what one may see', async () => {
    const [first, second] = await receive(1, 2);
    const own = follow({ after: Buffer.from('c1.0').toString('base64url'), conversationId: second!.id });
    const stranger = follow({}, await conversation.tokenOf(newId()));
    const nobody = follow({}, await conversation.tokenOf(workspaceId, ['message:read']));
    await eventually(() => expect(types(own)).toContain('LiveStarted'));
    await eventually(() => expect(types(stranger)).toEqual(['LiveStarted']));
    await eventually(() => expect(nobody.errors).toHaveLength(1));
    expect(JSON.stringify(nobody.errors)).toContain('FORBIDDEN');
    expect(own.received.filter(({ inboxEvents }) => inboxEvents.__typename === 'MessageAdded')).toHaveLength(
      second!.lastSeq,
    );
    expect(JSON.stringify(own.received)).not.toContain(first!.id);
    expect(types(stranger)).toEqual(['LiveStarted']);
    await Promise.all([own.stop(), stranger.stop(), nobody.stop()]);
  });

  it('are read once, whatever the number of subscriptions with other rights', async () => {
    const some = ['conversation:read', 'conversation:read_all'] as const;
    const rights = [undefined, some, [...some, 'cost:read']] as const;
    const subscribers = await Promise.all(
      rights.map(async (permissions) => follow({}, await conversation.tokenOf(workspaceId, permissions))),
    );
    await eventually(() => expect(subscribers.map(types)).toEqual(rights.map(() => ['LiveStarted'])));
    statements.length = 0;
    await receive(3);
    await eventually(() => {
      for (const { received } of subscribers) expect(received).toHaveLength(5);
    });
    const texts = subscribers.map(({ received }) => received.map(({ inboxEvents }) => inboxEvents.message?.text));
    expect(texts).toEqual([
      [undefined, undefined, '0.1', '0.2', '0.3'],
      [undefined, undefined, null, null, null],
      [undefined, undefined, null, null, null],
    ]);
    // The opening and the messages are published apart, and may come apart.
    expect([1, 2]).toContain(statements.filter((text) => text.includes('"subject"')).length);
    await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
  });

  it('are judged by what a conversation is now, not by what it was when somebody else read them', async () => {
    const channelIds = [conversation.channelId];
    const agent = await conversation.tokenOf(workspaceId, ['conversation:read'], { channelIds });
    const after = Buffer.from('c1.0').toString('base64url');
    const first = follow({ after }, agent);
    await receive(1);
    await eventually(() => expect(types(first)).toContain('MessageAdded'));
    const em = conversation.database.system();
    await em.execute('update conversation set team_id = ? where workspace_id = ?', [newId(), workspaceId]);
    now = new Date(now.getTime() + 1_000);
    const second = follow({ after }, agent);
    await eventually(() => expect(types(second)).toEqual(['LiveStarted']));
    await Promise.all([first.stop(), second.stop()]);
  });

  it('refuse a cursor that the API did not hand out', async () => {
    const subscriber = follow({ after: 'yesterday' });
    await eventually(() => expect(JSON.stringify(subscriber.errors)).toContain('INVALID_INPUT'));
    await subscriber.stop();
  });
});
