import { channelMessageReceived, messagesViewed, readCursorMoved } from '@fenster/contracts';
import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let me: string;
let token: string;
beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  [workspaceId, me] = [newId(), newId()];
  token = await conversation.tokenOf(workspaceId, undefined, { id: me });
});

const ask = async <T>(query: string, variables: Record<string, unknown> = {}, as = token): Promise<T> => {
  const { data, errors } = await request<T>(conversation.url, query, { variables, token: as });
  if (errors) throw Object.assign(new Error(errors[0]!.message), errors[0]!.extensions);
  return data;
};
interface Node {
  id: string;
  lastSeq: number;
  unreadCount: number;
}
const list = async (as = token) =>
  (await ask<{ conversations: { nodes: Node[] } }>('{ conversations { nodes { id lastSeq unreadCount } } }', {}, as))
    .conversations.nodes;

/** So many messages of one customer. */
async function write(count: number): Promise<string> {
  const messages = Array.from({ length: count }, (_, index) =>
    customerMessage(conversation.channelId, { identity: { phone: '+491700000' }, text: `${index}` }),
  );
  await conversation.publish(workspaceId, channelMessageReceived, ...messages);
  return eventually(async () => {
    const [node] = await list();
    expect(node?.lastSeq).toBe(count);
    return node!.id;
  });
}

interface Marked {
  result: { __typename: string; field?: string; conversation?: { unreadCount: number } };
}
const RESULT = '{ __typename ... on ReadState { conversation { unreadCount } } ... on InvalidInput { field } }';
const read = async (conversationId: string, upToSeq: number, as = token) =>
  (
    await ask<Marked>(
      `mutation ($input: MarkReadInput!) { result: markRead(input: $input) ${RESULT} }`,
      { input: { conversationId, upToSeq } },
      as,
    )
  ).result;
const unread = async (conversationId: string, fromSeq?: number) =>
  (
    await ask<Marked>(`mutation ($input: MarkUnreadInput!) { result: markUnread(input: $input) ${RESULT} }`, {
      input: { conversationId, fromSeq },
    })
  ).result;
const logged = async (name: string) =>
  (await readLog(conversation.database.forTenant(workspaceId), 0, 1_000)).filter((event) => event.name === name);
const left = (count: number) => ({ __typename: 'ReadState', conversation: { unreadCount: count } });

describe('what a member has read', () => {
  it('only ever grows, is theirs alone, and is told once', async () => {
    const id = await write(4);
    const colleague = await conversation.tokenOf(workspaceId);
    expect(await list()).toMatchObject([{ unreadCount: 4 }]);
    expect(await read(id, 3)).toEqual(left(1));
    expect(await read(id, 2)).toEqual(left(1));
    expect(await read(id, 3)).toEqual(left(1));
    expect(await list(colleague)).toMatchObject([{ unreadCount: 4 }]);
    expect((await logged(readCursorMoved.name)).map(({ data }) => data)).toMatchObject([
      { memberId: me, conversationId: id, seq: 3, unreadFrom: null },
    ]);
  });

  it('may be marked unread, until it is read again', async () => {
    const id = await write(4);
    await read(id, 4);
    expect(await unread(id)).toEqual(left(1));
    expect(await unread(id, 2)).toEqual(left(3));
    expect(await read(id, 1)).toEqual(left(3));
    expect(await read(id, 4)).toEqual(left(0));
    expect((await logged(readCursorMoved.name)).map(({ data }) => data)).toMatchObject([
      { seq: 4, unreadFrom: null },
      { seq: 4, unreadFrom: 4 },
      { seq: 4, unreadFrom: 2 },
      { seq: 4, unreadFrom: null },
    ]);
  });

  it('is written together when marks come at once, and ends at the furthest', async () => {
    const id = await write(30);
    const marks = Array.from({ length: 30 }, (_, index) => read(id, index + 1));
    await Promise.all(marks);
    expect(await list()).toMatchObject([{ unreadCount: 0 }]);
    const moves = (await logged(readCursorMoved.name)).map(({ data }) => (data as { seq: number }).seq);
    expect(moves).toEqual(moves.toSorted((one, other) => one - other));
    expect(moves.at(-1)).toBe(30);
    expect(moves.length).toBeLessThan(30);
  });

  it('refuses what is no place in the conversation', async () => {
    const id = await write(2);
    for (const seq of [0, 3, -1]) expect(await read(id, seq)).toMatchObject({ field: 'upToSeq' });
    for (const seq of [0, 3]) expect(await unread(id, seq)).toMatchObject({ field: 'fromSeq' });
    for (const other of [newId(), 'x']) expect(await read(other, 1)).toEqual({ __typename: 'NotFound' });
    expect(await read(id, 1, await conversation.tokenOf(workspaceId, ['conversation:read']))).toEqual({
      __typename: 'NotFound',
    });
    expect(await logged(readCursorMoved.name)).toEqual([]);
  });

  it('is told to the member’s own sockets and to nobody else’s', async () => {
    const id = await write(2);
    const follow = (as: string) =>
      subscribe<{ inboxEvents: { __typename: string; seq?: number } }>(
        conversation.url,
        'subscription { inboxEvents { __typename ... on ReadCursorMoved { seq conversation { unreadCount } } } }',
        as,
      );
    const colleague = await conversation.tokenOf(workspaceId);
    const [own, theirs] = [follow(token), follow(colleague)];
    for (const each of [own, theirs]) await eventually(() => expect(each.received).toHaveLength(1));
    await read(id, 1);
    await read(id, 2, colleague);
    const moves = (events: typeof own) =>
      events.received.flatMap(({ inboxEvents }) => (inboxEvents.__typename === 'ReadCursorMoved' ? [inboxEvents] : []));
    await eventually(() => expect(moves(theirs)).toMatchObject([{ seq: 2 }]));
    await eventually(() => expect(moves(own)).toMatchObject([{ seq: 1, conversation: { unreadCount: 1 } }]));
    for (const each of [own, theirs]) await each.stop();
  });

  it('is what a filter by unread asks', async () => {
    const id = await write(2);
    await read(id, 1);
    const filtered = async (isUnread: boolean) =>
      (
        await ask<{ conversations: { nodes: Node[] } }>(
          'query ($filter: ConversationFilterInput) { conversations(filter: $filter) { nodes { id } } }',
          { filter: { isUnread } },
        )
      ).conversations.nodes;
    expect(await filtered(true)).toEqual([{ id }]);
    await read(id, 2);
    expect(await filtered(true)).toEqual([]);
    expect(await filtered(false)).toEqual([{ id }]);
  });
});

describe('a read receipt', () => {
  const allow = () =>
    sql`insert into channel_setting (workspace_id, channel_id, sends_read_receipts)
      values (${workspaceId}, ${conversation.channelId}, true)`.execute(conversation.database.system().getKysely());

  it('is asked for once, for the furthest message that any agent has seen', async () => {
    const id = await write(3);
    await allow();
    const colleague = await conversation.tokenOf(workspaceId);
    await read(id, 2);
    await read(id, 1, colleague);
    await read(id, 2, colleague);
    await read(id, 3, colleague);
    expect((await logged(messagesViewed.name)).map(({ data }) => data)).toMatchObject([
      { conversationId: id, channelId: conversation.channelId, seq: 2 },
      { conversationId: id, channelId: conversation.channelId, seq: 3 },
    ]);
  });

  it('is not sent where the channel does not say so, nor for what a program reads', async () => {
    const id = await write(3);
    await read(id, 1);
    await allow();
    await read(id, 2, await conversation.tokenOf(workspaceId, undefined, { kind: 'api_key' }));
    expect(await logged(messagesViewed.name)).toEqual([]);
  });
});
