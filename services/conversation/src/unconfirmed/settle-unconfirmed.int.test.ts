import {
  channelMessageFailed,
  channelStatusReceived,
  messageQueued,
  messageSettled,
  messageStatusChanged,
} from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { startConversation, status, type RunningConversation } from '../testing/conversation.js';
import { asker, openConversation, type Asked, type Asker } from '../testing/inbox.js';

let conversation: RunningConversation;
let workspaceId: string;
let me: Asker;
let id: string;
let now = new Date();
beforeAll(async () => {
  conversation = await startConversation({ now: () => now });
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  now = new Date();
  workspaceId = newId();
  me = asker(conversation, await conversation.tokenOf(workspaceId));
  id = await openConversation(conversation, workspaceId, me);
});

const MESSAGE = `id seq text status
  failure { code class reason agentText }
  settlement { decision by { kind member { id } } resentAs { id seq } }
  resendOf { id }
  content { __typename ... on ButtonsContent { body buttons { title } } }`;
interface Shown {
  id: string;
  seq: number;
  status: string;
  settlement: { decision: string; resentAs: { id: string } | null } | null;
  resendOf: { id: string } | null;
}
const shown = async () => {
  const query = `query ($id: ID!) { conversation(id: $id) { messages { nodes { ${MESSAGE} } } } }`;
  return (await me.ask<{ conversation: { messages: { nodes: Shown[] } } }>(query, { id })).conversation.messages.nodes;
};
const settle = (messageId: string, decision: string, more: object = {}, by = me) =>
  by.mutate('settleUnconfirmedMessage', '$input: SettleUnconfirmedMessageInput!', `... on Message { ${MESSAGE} }`, {
    input: { messageId, decision, ...more },
  });
const logged = async (...names: string[]) =>
  (await readLog(conversation.database.forTenant(workspaceId), 0, 1_000))
    .filter(({ name }) => names.includes(name))
    .map(({ data }) => data as Record<string, unknown>);
const BUTTONS = { body: 'Passt Montag?', buttons: [{ id: 'yes', title: 'Ja' }] };

async function reply(): Promise<string> {
  const sent = await me.mutate('sendMessage', '$input: SendMessageInput!', '... on Message { id }', {
    input: { conversationId: id, content: { buttons: BUTTONS }, idempotencyKey: newId() },
  });
  return sent['id'] as string;
}
/** A reply of which nobody knows whether it was sent. */
async function unconfirmed(): Promise<string> {
  const messageId = await reply();
  const error = { code: -2, title: 'Nobody knows.', reason: 'unconfirmed' } as const;
  await conversation.publish(workspaceId, channelMessageFailed, {
    channelId: conversation.channelId,
    messageId,
    outcome: 'unconfirmed',
    error,
    failedAt: now.toISOString(),
  });
  await eventually(async () => expect((await shown()).at(-1)).toMatchObject({ status: 'UNCONFIRMED' }));
  return messageId;
}

describe('a message of which nobody knows whether it was sent', () => {
  it('says so, and leaves the decision to people', async () => {
    await unconfirmed();
    expect((await shown()).at(-1)).toMatchObject({
      failure: { code: -2, class: 'UNCERTAIN', reason: 'UNCONFIRMED' },
      settlement: null,
      resendOf: null,
    });
    expect(await logged(messageQueued.name)).toHaveLength(1);
  });

  it('is sent again as a message of its own when somebody says so, once, and both know of each other', async () => {
    const messageId = await unconfirmed();
    const settled = (await settle(messageId, 'SEND_AGAIN')) as unknown as Shown & Asked;
    expect(settled).toMatchObject({
      __typename: 'Message',
      id: messageId,
      status: 'UNCONFIRMED',
      settlement: { decision: 'SEND_AGAIN', by: { kind: 'MEMBER' }, resentAs: { seq: 3 } },
    });
    const again = await settle(messageId, 'SEND_AGAIN');
    expect(again).toMatchObject({ settlement: { resentAs: settled.settlement!.resentAs } });
    expect((await shown())[2]).toMatchObject({
      id: settled.settlement!.resentAs!.id,
      status: 'QUEUED',
      resendOf: { id: messageId },
      content: { __typename: 'ButtonsContent', ...BUTTONS, buttons: [{ title: 'Ja' }] },
    });
    const queued = await logged(messageQueued.name);
    expect(queued).toHaveLength(2);
    expect(queued[1]).toMatchObject({ content: queued[0]!['content'] as object, seq: 3 });
    expect(await logged(messageSettled.name)).toMatchObject([
      { messageId, decision: 'SEND_AGAIN', resentAs: settled.settlement!.resentAs!.id },
    ]);
  });

  it('is taken as sent when somebody says so, and what the provider tells later still counts', async () => {
    const messageId = await unconfirmed();
    expect(await settle(messageId, 'TAKE_AS_SENT')).toMatchObject({
      status: 'SENT',
      failure: null,
      settlement: { decision: 'TAKE_AS_SENT', resentAs: null },
    });
    await settle(messageId, 'TAKE_AS_SENT');
    expect(await logged(messageQueued.name)).toHaveLength(1);
    expect(await logged(messageSettled.name)).toHaveLength(1);
    expect((await logged(messageStatusChanged.name)).map((data) => data['status'])).toEqual(['UNCONFIRMED', 'SENT']);
    await conversation.publish(
      workspaceId,
      channelStatusReceived,
      status(conversation.channelId, { messageId }, 'delivered'),
    );
    await eventually(async () => expect((await shown()).at(-1)).toMatchObject({ status: 'DELIVERED' }));
  });

  it('is decided once: not otherwise, and not when a status has told', async () => {
    const [first, known] = [await unconfirmed(), await reply()];
    await settle(first, 'TAKE_AS_SENT');
    expect(await settle(first, 'SEND_AGAIN')).toMatchObject({ __typename: 'NotUnconfirmed', code: 'NOT_UNCONFIRMED' });
    for (const decision of ['SEND_AGAIN', 'TAKE_AS_SENT']) {
      expect(await settle(known, decision)).toMatchObject({ __typename: 'NotUnconfirmed' });
    }
    const second = await unconfirmed();
    await conversation.publish(
      workspaceId,
      channelStatusReceived,
      status(conversation.channelId, { messageId: second }, 'read'),
    );
    await eventually(async () => expect((await shown()).at(-1)).toMatchObject({ status: 'READ' }));
    expect(await settle(second, 'SEND_AGAIN')).toMatchObject({ __typename: 'NotUnconfirmed' });
    expect(await logged(messageQueued.name)).toHaveLength(3);
  });

  it('is decided once by two at once: nobody gets it twice', async () => {
    const messageId = await unconfirmed();
    const answers = await Promise.all(Array.from({ length: 6 }, () => settle(messageId, 'SEND_AGAIN')));
    expect(new Set(answers.map((answer) => (answer as unknown as Shown).settlement!.resentAs!.id)).size).toBe(1);
    expect(await logged(messageQueued.name)).toHaveLength(2);
  });

  it('is not sent again past the send gate, and stays as it is', async () => {
    const messageId = await unconfirmed();
    expect(await settle(messageId, 'SEND_AGAIN', { expectedLastSeq: 1 })).toMatchObject({ __typename: 'StaleThread' });
    const colleague = asker(conversation, await conversation.tokenOf(workspaceId, undefined, { id: newId() }));
    await colleague.mutate('claimConversation', '$conversationId: ID!', '', { conversationId: id });
    expect(await settle(messageId, 'SEND_AGAIN')).toMatchObject({ __typename: 'ClaimedByOther' });
    now = new Date(now.getTime() + 25 * 3_600_000);
    expect(await settle(messageId, 'SEND_AGAIN', {}, colleague)).toMatchObject({ __typename: 'WindowClosed' });
    expect((await shown()).at(-1)).toMatchObject({ status: 'UNCONFIRMED', settlement: null });
    expect(await logged(messageQueued.name)).toHaveLength(1);
    // To take it as sent needs no window.
    expect(await settle(messageId, 'TAKE_AS_SENT')).toMatchObject({ status: 'SENT' });
  });

  it('is nobody’s who may not send there', async () => {
    const messageId = await unconfirmed();
    const stranger = asker(conversation, await conversation.tokenOf(newId()));
    const other = asker(
      conversation,
      await conversation.tokenOf(workspaceId, ['conversation:read', 'message:send'], { id: newId() }),
    );
    for (const who of [stranger, other]) {
      expect(await settle(messageId, 'TAKE_AS_SENT', {}, who)).toMatchObject({ __typename: 'NotFound' });
    }
    expect(await settle('x', 'TAKE_AS_SENT')).toMatchObject({ __typename: 'NotFound' });
    expect((await shown()).at(-1)).toMatchObject({ status: 'UNCONFIRMED' });
  });
});
