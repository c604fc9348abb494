import { PERMISSIONS, type Permission } from '@fenster/auth';
import { allowanceChanged, budgetStateChanged, channelMessageReceived } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { BudgetStop } from '../budgets/budget-stop.entity.js';
import { AllowanceEnd } from '../budgets/allowance-end.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation?.stop());

const HELD = `id state text content { __typename } reason expiresAt budgetId writtenBy { member { id } } decidedBy { id }
  conversation { id } released { id seq status }`;
const RESULT = `__typename ... on HeldMessage { ${HELD} } ... on Message { id } ... on UserError { code }`;
const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { ${RESULT} } }`;
const decide = (field: string, input: string) =>
  `mutation ($input: ${input}!) { ${field}(input: $input) { __typename ... on HeldMessage { ${HELD} } ... on UserError { code } } }`;
const APPROVE = decide('approveHeldMessage', 'ApproveHeldMessageInput');
const DECLINE = decide('declineHeldMessage', 'DeclineHeldMessageInput');
const WITHDRAW = `mutation ($id: ID!) { withdrawHeldMessage(id: $id) { __typename ... on HeldMessage { state } ... on UserError { code } } }`;
const LIST = `{ heldMessages { nodes { ${HELD} } nextPage } }`;

type Held = { __typename: string; id: string; code?: string; nodes?: unknown[] };

async function begin() {
  const workspaceId = newId();
  const { channelId } = conversation;
  const until = new Date(Date.now() + 86_400_000).toISOString();
  const month = until.slice(0, 7);
  await conversation.publish(workspaceId, channelMessageReceived, customerMessage(channelId));
  await conversation.publish(workspaceId, allowanceChanged, {
    channelId,
    month,
    until,
    size: 1,
    taken: 1,
    level: 'USED_UP',
  });
  await conversation.publish(workspaceId, budgetStateChanged, {
    budgetId: newId(),
    month,
    until,
    teamId: null,
    newsletterId: null,
    category: null,
    currency: 'EUR',
    limitMicros: 1,
    spentMicros: 1,
    warnedPercent: 100,
    enforcement: 'HOLD',
  });
  const database = () => conversation.database.forTenant(workspaceId);
  const conversationId = await eventually(async () => {
    expect(await database().count(BudgetStop, {})).toBe(1);
    expect(await database().count(AllowanceEnd, {})).toBe(1);
    const [only] = await database().find(Conversation, {});
    expect(only).toBeDefined();
    return only!.id;
  });
  const [ada, bob] = [newId(), newId()];
  const as = (id: string, permissions: readonly Permission[] = PERMISSIONS) =>
    conversation.tokenOf(workspaceId, permissions, { id });
  const ask = async (token: string, query: string, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await request<Record<string, Held>>(conversation.url, query, { token, variables });
    return errors ? { code: errors[0]!.extensions?.['code'] } : Object.values(data)[0]!;
  };
  const send = async () =>
    (await ask(await as(ada), SEND, { input: { conversationId, text: 'Ja', idempotencyKey: newId() } })) as Held;
  return { ada, bob, as, ask, send, conversationId };
}

describe('the API of held messages', () => {
  it('answers a reply that is held with what waits, lists it, and with its approval the message', async () => {
    const { ada, bob, as, ask, send, conversationId } = await begin();
    const held = await send();
    const shown = { id: held.id, state: 'HELD', text: 'Ja', content: { __typename: 'TextContent' }, released: null };
    expect(held).toMatchObject({ __typename: 'HeldMessage', ...shown, conversation: { id: conversationId } });
    expect(held).toMatchObject({ writtenBy: { member: { id: ada } }, decidedBy: null });
    expect(await ask(await as(bob), LIST)).toMatchObject({ nodes: [shown], nextPage: null });
    const blind = await as(bob, ['conversation:read', 'conversation:read_all']);
    expect(await ask(blind, LIST)).toMatchObject({ nodes: [{ id: held.id, text: null, content: null }] });
    const input = { id: held.id };
    expect(await ask(await as(ada), APPROVE, { input })).toMatchObject({ code: 'NOT_YOURS_TO_DECIDE' });
    const without = await as(
      bob,
      PERMISSIONS.filter((permission) => permission !== 'message:approve'),
    );
    expect(await ask(without, APPROVE, { input })).toEqual({ code: 'FORBIDDEN' });
    expect(await ask(await as(bob), APPROVE, { input })).toMatchObject({
      state: 'RELEASED',
      text: null,
      decidedBy: { id: bob },
      released: { id: held.id, seq: 2 },
    });
    expect(await ask(await as(bob), LIST)).toMatchObject({ nodes: [] });
  });

  it('declines with a reason, and lets whoever wrote it withdraw it', async () => {
    const { ada, bob, as, ask, send } = await begin();
    const [one, two] = [await send(), await send()];
    expect(await ask(await as(bob), DECLINE, { input: { id: one.id, reason: 'Call them' } })).toMatchObject({
      state: 'DECLINED',
      reason: 'Call them',
    });
    expect(await ask(await as(bob), WITHDRAW, { id: two.id })).toMatchObject({ code: 'NOT_YOURS_TO_DECIDE' });
    expect(await ask(await as(ada), WITHDRAW, { id: two.id })).toMatchObject({ state: 'WITHDRAWN' });
    expect(await ask(await as(bob), APPROVE, { input: { id: two.id } })).toMatchObject({ code: 'NOT_HELD' });
  });
});
