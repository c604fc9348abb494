import { channelMessageReceived, conversationStatusChanged } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Member } from '../directory/directory.entity.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let token: string;
let ids: string[];
beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  workspaceId = newId();
  token = await conversation.tokenOf(workspaceId, undefined, { id: newId() });
  const messages = Array.from({ length: 4 }, (_, index) =>
    customerMessage(conversation.channelId, { identity: { phone: `+4917000002${index}` } }),
  );
  await conversation.publish(workspaceId, channelMessageReceived, ...messages);
  ids = await eventually(async () => {
    const rows = await stored();
    expect(rows).toHaveLength(4);
    return rows.map((row) => row.id);
  });
});

const em = () => conversation.database.forTenant(workspaceId);
const stored = () => em().find(Conversation, {}, { orderBy: { id: 'asc' } });
const statuses = async () => (await stored()).map((row) => row.status);

interface Bulk {
  __typename: string;
  field?: string;
  refusedCount?: number;
  items?: { conversationId: string; result: Record<string, unknown> }[];
}
async function bulk(action: object, overrides: Record<string, unknown> = {}, as = token): Promise<Bulk> {
  const { data, errors } = await request<{ result: Bulk }>(
    conversation.url,
    `mutation ($input: BulkUpdateConversationsInput!) {
      result: bulkUpdateConversations(input: $input) {
        __typename
        ... on InvalidInput { field }
        ... on BulkUpdate {
          refusedCount
          items {
            conversationId
            result { __typename ... on Conversation { status } ... on UserError { code } ... on InvalidInput { field } ... on NotFound { field } }
          }
        }
      }
    }`,
    { variables: { input: { conversationIds: ids, action, idempotencyKey: newId(), ...overrides } }, token: as },
  );
  expect(errors).toBeUndefined();
  return data.result;
}
const results = ({ items }: Bulk) => items!.map(({ result }) => result);
const changes = async () =>
  (await readLog(conversation.database.forTenant(workspaceId), 0, 1_000)).filter(
    ({ name }) => name === conversationStatusChanged.name,
  );

describe('changing many conversations', () => {
  it('answers for each by itself, in their order', async () => {
    await bulk({ resolve: {} }, { conversationIds: [ids[1]] });
    const conversationIds = [ids[2], newId(), ids[1], 'x', ids[0], ids[2]];
    const answer = await bulk({ resolve: { reason: 'Aufgeräumt' } }, { conversationIds });
    expect(answer.items!.map((item) => item.conversationId)).toEqual(conversationIds.slice(0, 5));
    expect(results(answer)).toMatchObject([
      { __typename: 'Conversation', status: 'RESOLVED' },
      { __typename: 'NotFound' },
      { __typename: 'StatusUnchanged', code: 'ALREADY_RESOLVED' },
      { __typename: 'NotFound' },
      { __typename: 'Conversation', status: 'RESOLVED' },
    ]);
    expect(answer.refusedCount).toBe(3);
    expect(await statuses()).toEqual(['RESOLVED', 'RESOLVED', 'RESOLVED', 'OPEN']);
  });

  it('does what the mutations for one do', async () => {
    const memberId = newId();
    await em().insertMany(Member, [
      { id: memberId, workspaceId, name: 'Ada', status: 'ACTIVE', permissions: ['conversation:read'] },
    ]);
    for (const [action, becomes] of [
      [{ snooze: { untilNextMessage: true } }, { status: 'SNOOZED' }],
      [{ setPending: {} }, { status: 'PENDING' }],
      [{ reopen: {} }, { status: 'OPEN' }],
      [{ assign: { memberId } }, { assigneeId: memberId }],
      [{ assign: {} }, { assigneeId: null }],
      [{ assignTeam: {} }, { teamId: null }],
      [{ addParticipants: { memberIds: [memberId] } }, {}],
      [{ removeParticipants: { memberIds: [memberId] } }, {}],
    ] as const) {
      expect(await bulk(action)).toMatchObject({ refusedCount: 0 });
      expect(await stored()).toMatchObject(ids.map((id) => ({ id, ...becomes })));
    }
  });

  it('names the field at fault, of the whole or of each', async () => {
    expect(await bulk({ snooze: { hoursBeforeWindowCloses: 24 } })).toMatchObject({
      refusedCount: 4,
      items: ids.map((conversationId) => ({
        conversationId,
        result: { __typename: 'InvalidInput', field: 'action.snooze.hoursBeforeWindowCloses' },
      })),
    });
    const unknown = await bulk({ label: { set: [newId()] } });
    expect(results(unknown)[0]).toMatchObject({ __typename: 'NotFound', field: 'action.label.set' });
    for (const [action, overrides, field] of [
      [{}, {}, 'action'],
      [{ resolve: {}, reopen: {} }, {}, 'action'],
      [{ resolve: { reason: '' } }, {}, 'action.resolve.reason'],
      [{ resolve: {} }, { conversationIds: [] }, 'conversationIds'],
      [{ resolve: {} }, { conversationIds: Array.from({ length: 101 }, newId) }, 'conversationIds'],
      [{ resolve: {} }, { idempotencyKey: 'k'.repeat(201) }, 'idempotencyKey'],
    ] as const) {
      expect(await bulk(action, overrides)).toMatchObject({ __typename: 'InvalidInput', field });
    }
    expect(await changes()).toEqual([]);
  });

  it('does it once per key, also for calls at the same moment', async () => {
    const again = { idempotencyKey: 'k' };
    const answers = await Promise.all(Array.from({ length: 4 }, () => bulk({ resolve: {} }, again)));
    await bulk({ reopen: {} });
    answers.push(await bulk({ resolve: {} }, again));
    expect(answers.map((answer) => answer.refusedCount)).toEqual([0, 0, 0, 0, 0]);
    // What was done with the key is not done again, whatever has happened since.
    expect(await statuses()).toEqual(['OPEN', 'OPEN', 'OPEN', 'OPEN']);
    expect(await changes()).toHaveLength(8);
  });

  it('tries again what was refused, with the same key', async () => {
    const again = { idempotencyKey: 'k' };
    await bulk({ resolve: {} }, { conversationIds: [ids[0]] });
    expect(await bulk({ resolve: {} }, again)).toMatchObject({ refusedCount: 1 });
    await bulk({ reopen: {} }, { conversationIds: [ids[0], ids[1]] });
    expect(await bulk({ resolve: {} }, again)).toMatchObject({ refusedCount: 0 });
    expect(await statuses()).toEqual(['RESOLVED', 'OPEN', 'RESOLVED', 'RESOLVED']);
  });

  it('refuses the same key with another action or other conversations', async () => {
    const again = { idempotencyKey: 'k' };
    await bulk({ resolve: {} }, again);
    expect(await bulk({ reopen: {} }, again)).toMatchObject({ __typename: 'IdempotencyConflict' });
    expect(await bulk({ resolve: {} }, { ...again, conversationIds: [ids[3]] })).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    expect(await statuses()).toEqual(['RESOLVED', 'RESOLVED', 'RESOLVED', 'RESOLVED']);
  });

  it('changes nothing of another workspace', async () => {
    const stranger = await conversation.tokenOf(newId());
    expect(results(await bulk({ resolve: {} }, {}, stranger)).map((result) => result['__typename'])).toEqual([
      'NotFound',
      'NotFound',
      'NotFound',
      'NotFound',
    ]);
    expect(await statuses()).toEqual(['OPEN', 'OPEN', 'OPEN', 'OPEN']);
  });
});
