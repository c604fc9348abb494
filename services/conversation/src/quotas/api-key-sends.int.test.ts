import type { ActionGrant } from '@fenster/auth';
import { channelMessageReceived, messageQueued } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

const NOON = '2026-11-21T12:00:00.000Z';
const SEND = /* GraphQL */ `
  mutation ($input: SendMessageInput!) {
    sendMessage(input: $input) {
      __typename
      ... on Message {
        seq
        apiKeyId
        author {
          id
        }
      }
      ... on UserError {
        code
        message
      }
      ... on QuotaExceeded {
        resetsAt
      }
    }
  }
`;
const FORBIDDEN = {
  __typename: 'Forbidden',
  code: 'BEYOND_API_KEY',
  message: 'This API key does not allow this. Use one that does.',
};
const SENT = expect.objectContaining({ __typename: 'Message' });

let conversation: RunningConversation;
let workspaceId: string;
let conversationId: string;
let keyId: string;
let now = new Date(NOON);

beforeAll(async () => {
  conversation = await startConversation({ now: () => now });
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  now = new Date(NOON);
  workspaceId = newId();
  keyId = newId();
  const message = customerMessage(conversation.channelId, { sentAt: '2026-11-21T11:59:00.000Z' });
  await conversation.publish(workspaceId, channelMessageReceived, message);
  const token = await conversation.tokenOf(workspaceId);
  conversationId = await eventually(async () => {
    const { data } = await request<{ conversations: { nodes: { id: string }[] } }>(
      conversation.url,
      '{ conversations { nodes { id } } }',
      { token },
    );
    expect(data.conversations.nodes).toHaveLength(1);
    return data.conversations.nodes[0]!.id;
  });
});

const keyWith = (grants: ActionGrant[], id = keyId) =>
  conversation.tokenOf(workspaceId, ['conversation:read_all'], { kind: 'api_key', id, role: 'bot', grants });

async function send(token: string, input: Record<string, unknown> = {}) {
  const { data } = await request<{ sendMessage: Record<string, unknown> }>(conversation.url, SEND, {
    variables: { input: { conversationId, text: 'Ja', idempotencyKey: newId(), ...input } },
    token,
  });
  return data.sendMessage;
}

const exceeded = (count: number, per: string, resetsAt: string) => ({
  __typename: 'QuotaExceeded',
  code: 'QUOTA_EXCEEDED',
  message: `This API key may do this ${count} times per ${per}. Try again at ${resetsAt}.`,
  resetsAt,
});

describe('a message by an API key', () => {
  it('is of its program and of no member', async () => {
    expect(await send(await keyWith([{ action: 'message:send' }]))).toEqual({
      __typename: 'Message',
      seq: 2,
      apiKeyId: keyId,
      author: null,
    });
    const log = await readLog(conversation.database.forTenant(workspaceId), 0, 100);
    expect(log.find((event) => event.name === messageQueued.name)).toMatchObject({
      actor: { kind: 'api_key', id: keyId },
    });
  });

  it('is refused beyond what the key may send, wherever to', async () => {
    const templatesOnly = await keyWith([{ action: 'message:send', resource: 'template:order_shipped' }]);
    expect(await send(templatesOnly)).toEqual(FORBIDDEN);
    expect(await send(templatesOnly, { conversationId: newId() })).toEqual(FORBIDDEN);
  });

  it('is refused to a key that may send nothing, like to anybody', async () => {
    const answer = await request(conversation.url, SEND, {
      variables: { input: { conversationId, text: 'Ja', idempotencyKey: newId() } },
      token: await keyWith([]),
    });
    expect(answer).toMatchObject({
      errors: [{ message: 'Your role does not allow this.', extensions: { code: 'FORBIDDEN' } }],
    });
  });
});

describe('the quota of an API key', () => {
  const twiceAnHour: ActionGrant = { action: 'message:send', resource: 'text', quota: { count: 2, per: 'HOUR' } };

  it('is used up by messages, and begins anew with its next window', async () => {
    const token = await keyWith([twiceAnHour]);
    expect([await send(token), await send(token), await send(token)]).toEqual([
      SENT,
      SENT,
      exceeded(2, 'hour', '2026-11-21T13:00:00.000Z'),
    ]);
    now = new Date('2026-11-21T12:59:59.999Z');
    expect(await send(token)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    now = new Date('2026-11-21T13:00:00.000Z');
    expect([await send(token), await send(token), await send(token)]).toEqual([
      SENT,
      SENT,
      exceeded(2, 'hour', '2026-11-21T14:00:00.000Z'),
    ]);
  });

  it('is never exceeded by messages at the same moment', async () => {
    const token = await keyWith([{ action: 'message:send', quota: { count: 3, per: 'DAY' } }]);
    const answers = await Promise.all(Array.from({ length: 12 }, () => send(token)));
    expect(answers.filter((answer) => answer['__typename'] === 'Message')).toHaveLength(3);
    expect(answers.filter((answer) => answer['code'] === 'QUOTA_EXCEEDED')).toHaveLength(9);
  });

  it('is not used up by what is refused or repeated', async () => {
    const token = await keyWith([twiceAnHour]);
    expect(await send(token, { expectedLastSeq: 0 })).toMatchObject({ code: 'STALE_THREAD' });
    expect(await send(token, { text: ' ' })).toMatchObject({ code: 'INVALID_INPUT' });
    const again = { idempotencyKey: newId() };
    expect([await send(token, again), await send(token, again), await send(token)]).toEqual([SENT, SENT, SENT]);
    expect(await send(token)).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await send(token, again)).toEqual(SENT);
  });

  it('is of one key: another one has its own, and members have none', async () => {
    const token = await keyWith([{ action: 'message:send', quota: { count: 1, per: 'DAY' } }]);
    expect([await send(token), await send(token)]).toEqual([SENT, exceeded(1, 'day', '2026-11-22T00:00:00.000Z')]);
    expect(await send(await keyWith([twiceAnHour], newId()))).toEqual(SENT);
    expect(await send(await conversation.tokenOf(workspaceId))).toEqual(SENT);
  });

  it('given a process whose clock is behind, then the window that another one has begun counts', async () => {
    const token = await keyWith([twiceAnHour]);
    now = new Date('2026-11-21T13:00:00.000Z');
    expect(await send(token)).toEqual(SENT);
    now = new Date('2026-11-21T12:59:59.000Z');
    expect([await send(token), await send(token)]).toEqual([SENT, expect.objectContaining({ code: 'QUOTA_EXCEEDED' })]);
  });
});
