import { channelMessageReceived } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let token: string;
let id: string;
beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  workspaceId = newId();
  token = await conversation.tokenOf(workspaceId);
  await conversation.publish(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
  id = await eventually(async () => {
    const { data } = await ask<{ conversations: { nodes: { id: string }[] } }>('{ conversations { nodes { id } } }');
    return data.conversations.nodes[0]!.id;
  });
});

const ask = <T>(query: string, variables: Record<string, unknown> = {}, as = token) =>
  request<T>(conversation.url, query, { variables, token: as });

const INPUTS = {
  resolveConversation: 'ResolveConversationInput',
  reopenConversation: 'ChangeStatusInput',
  setPending: 'ChangeStatusInput',
  snoozeConversation: 'SnoozeConversationInput',
};
async function mutate(name: keyof typeof INPUTS, input: Record<string, unknown> = {}, as = token) {
  const { data, errors } = await ask<{ result: Record<string, unknown> }>(
    `mutation ($input: ${INPUTS[name]}!) {
      result: ${name}(input: $input) {
        __typename
        ... on Conversation { status resolvedAt snooze { kind until hoursBeforeWindowCloses } }
        ... on UserError { code }
        ... on InvalidInput { field }
      }
    }`,
    { input: { conversationId: id, ...input } },
    as,
  );
  return errors?.[0]?.extensions ?? data.result;
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe('changing the status', () => {
  it('shows what it has become', async () => {
    const until = inAnHour();
    expect(await mutate('snoozeConversation', { until })).toMatchObject({
      status: 'SNOOZED',
      snooze: { kind: 'UNTIL', until, hoursBeforeWindowCloses: null },
    });
    expect(await mutate('snoozeConversation', { hoursBeforeWindowCloses: 3 })).toMatchObject({
      snooze: { kind: 'BEFORE_WINDOW_CLOSES', until: expect.any(String), hoursBeforeWindowCloses: 3 },
    });
    expect(await mutate('setPending')).toMatchObject({ status: 'PENDING', snooze: null });
    expect(await mutate('resolveConversation', { expectedLastSeq: 1 })).toMatchObject({
      status: 'RESOLVED',
      resolvedAt: expect.any(String),
    });
    expect(await mutate('reopenConversation')).toMatchObject({ status: 'OPEN', resolvedAt: null });
  });

  it.each<[keyof typeof INPUTS, Record<string, unknown>, Record<string, unknown>]>([
    ['resolveConversation', { expectedLastSeq: 0 }, { __typename: 'StaleThread' }],
    ['resolveConversation', { reason: 'x'.repeat(501) }, { __typename: 'InvalidInput', field: 'reason' }],
    ['resolveConversation', { reason: 'a\0b' }, { __typename: 'InvalidInput', field: 'reason' }],
    ['resolveConversation', { conversationId: newId() }, { __typename: 'NotFound' }],
    ['resolveConversation', { conversationId: "' or 1=1" }, { __typename: 'NotFound' }],
    ['reopenConversation', {}, { __typename: 'StatusUnchanged', code: 'ALREADY_OPEN' }],
    ['reopenConversation', { conversationId: newId() }, { __typename: 'NotFound' }],
    ['setPending', { conversationId: newId() }, { __typename: 'NotFound' }],
    ['snoozeConversation', {}, { __typename: 'InvalidInput', field: 'until' }],
    [
      'snoozeConversation',
      { until: inAnHour(), untilNextMessage: true },
      { __typename: 'InvalidInput', field: 'until' },
    ],
    ['snoozeConversation', { until: new Date(0).toISOString() }, { __typename: 'InvalidInput', field: 'until' }],
    ['snoozeConversation', { untilNextMessage: false }, { __typename: 'InvalidInput', field: 'until' }],
    [
      'snoozeConversation',
      { hoursBeforeWindowCloses: 0 },
      { __typename: 'InvalidInput', field: 'hoursBeforeWindowCloses' },
    ],
    ['snoozeConversation', { untilNextMessage: true, conversationId: newId() }, { __typename: 'NotFound' }],
  ])('%s refuses %o', async (name, input, refusal) => {
    expect(await mutate(name, input)).toMatchObject(refusal);
    const { data } = await ask<{ conversation: object }>(
      `query ($id: ID!) { conversation(id: $id) { status activities { nodes { id } } } }`,
      { id },
    );
    expect(data.conversation).toEqual({ status: 'OPEN', activities: { nodes: [] } });
  });

  it('refuses what is resolved, until it is reopened', async () => {
    await mutate('resolveConversation');
    expect(await mutate('resolveConversation')).toMatchObject({ code: 'ALREADY_RESOLVED' });
    expect(await mutate('setPending')).toMatchObject({ __typename: 'ConversationResolved' });
    expect(await mutate('snoozeConversation', { untilNextMessage: true })).toMatchObject({
      __typename: 'ConversationResolved',
    });
  });

  it('is for those who may work on the conversation', async () => {
    const stranger = await conversation.tokenOf(newId());
    expect(await mutate('resolveConversation', {}, stranger)).toMatchObject({ __typename: 'NotFound' });
    const ofOtherTeam = await conversation.tokenOf(workspaceId, ['conversation:read', 'conversation:update']);
    expect(await mutate('resolveConversation', {}, ofOtherTeam)).toMatchObject({ __typename: 'NotFound' });
    const reader = await conversation.tokenOf(workspaceId, ['conversation:read', 'conversation:read_all']);
    expect(await mutate('resolveConversation', {}, reader)).toEqual({ code: 'FORBIDDEN' });
  });

  it('is told live, with what it was and why', async () => {
    const subscriber = subscribe<{ inboxEvents: Record<string, unknown> }>(
      conversation.url,
      `subscription { inboxEvents { __typename by { kind }
         ... on ConversationStatusChanged { conversation { id } from to reason snoozedUntil } } }`,
      token,
    );
    await eventually(() => expect(subscriber.received).toMatchObject([{ inboxEvents: { __typename: 'LiveStarted' } }]));
    const until = inAnHour();
    await mutate('snoozeConversation', { until });
    await conversation.publish(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
    const told = () => subscriber.received.map(({ inboxEvents }) => inboxEvents);
    await eventually(() => expect(told().at(-1)).toMatchObject({ __typename: 'MessageAdded' }));
    expect(told().slice(1, -1)).toEqual([
      {
        __typename: 'ConversationStatusChanged',
        by: { kind: 'MEMBER' },
        conversation: { id },
        from: 'OPEN',
        to: 'SNOOZED',
        reason: 'REQUESTED',
        snoozedUntil: until,
      },
      {
        __typename: 'ConversationStatusChanged',
        by: { kind: 'CONTACT' },
        conversation: { id },
        from: 'SNOOZED',
        to: 'OPEN',
        reason: 'CUSTOMER_WROTE',
        snoozedUntil: null,
      },
    ]);
    await subscriber.stop();
  });
});
