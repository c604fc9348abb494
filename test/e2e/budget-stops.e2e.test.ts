import {
  allowanceChanged,
  budgetStateChanged,
  channelMessageReceived,
  messageQueued,
  type AllowanceChanged,
  type BudgetStateChanged,
  type Envelope,
} from '@fenster/contracts';
import { readLog, sql } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelsConsumer } from '../../services/billing/src/channels/channels.consumer.js';
import { messageFailedConsumer } from '../../services/billing/src/messages/message-failed.consumer.js';
import { messageQueuedConsumer } from '../../services/billing/src/messages/message-queued.consumer.js';
import { statusReceivedConsumer } from '../../services/billing/src/messages/status-received.consumer.js';
import {
  billingUnderTest,
  NOW,
  personOf,
  type BillingUnderTest,
} from '../../services/billing/src/testing/billing-under-test.js';
import { channel, failed, REGULAR_SERVICE, status, testMessage } from '../../services/billing/src/testing/events.js';
import { Conversation } from '../../services/conversation/src/conversations/conversation.entity.js';
import { sendMessage } from '../../services/conversation/src/messages/message.commands.js';
import {
  createTestConversation,
  customerMessage,
  type TestConversation,
} from '../../services/conversation/src/testing/conversation.js';
import { requestContext } from '../../services/conversation/src/testing/request-context.js';

let conversation: TestConversation;
let billing: BillingUnderTest;
beforeAll(async () => {
  [conversation, billing] = await Promise.all([createTestConversation(() => NOW), billingUnderTest()]);
});
afterAll(() => Promise.all([conversation?.close(), billing?.stop()]));

const PRICE = 45_600;
const CREATE = `mutation ($input: CreateBudgetInput!) { createBudget(input: $input) { ... on Budget { id } } }`;

/** Two teams answer over one number; what one service tells, the other hears when the test says so. */
async function begin(limits: readonly { team: 0 | 1 | undefined; messages: number }[]) {
  const workspaceId = newId();
  const { channelId } = conversation;
  // One was charged before, so that no free one is left.
  const first = testMessage({ workspaceId, channelId });
  await billing.handle(channelsConsumer, channel(first));
  await billing.deliver(first, { pricing: REGULAR_SERVICE });
  const teams = [newId(), newId()] as const;
  const conversationIds: string[] = [];
  const db = conversation.database.system().getKysely();
  for (const [index, teamId] of teams.entries()) {
    const identity = { phone: `+4917012345${index}`, profileName: 'Ada' };
    const message = customerMessage(channelId, { identity, sentAt: NOW.toISOString() });
    await conversation.receive(workspaceId, channelMessageReceived, message);
    const found = await conversation.database.forTenant(workspaceId).find(Conversation, { teamId: null });
    await sql`update conversation set team_id = ${teamId} where id = ${found[0]!.id}`.execute(db);
    conversationIds.push(found[0]!.id);
  }
  const budgets = new Map<string, { teamId: string | null; limitMicros: number }>();
  for (const { team, messages } of limits) {
    const budget = { teamId: team === undefined ? null : teams[team], limitMicros: messages * PRICE };
    const input = { name: 'B', currency: 'EUR', atLimit: 'STOP', idempotencyKey: newId(), ...budget };
    const { data } = await billing.ask<{ createBudget: { id: string } }>(personOf(workspaceId), CREATE, { input });
    budgets.set(data.createBudget.id, budget);
  }

  let [heardByBilling, heardByConversation] = [0, 0];
  const known: Envelope[] = [];
  const billingHears = async (count: number) => {
    const told = (await conversation.logOf(workspaceId)).filter(({ name }) => name === messageQueued.name);
    for (const event of told.slice(heardByBilling, heardByBilling + count)) {
      await billing.handle(messageQueuedConsumer(billing.books), event);
      known.push(event);
      heardByBilling += 1;
    }
  };
  const stopped = new Set<string>();
  let isAllowanceEnded = false;
  const conversationHears = async (count: number) => {
    const log = await readLog(billing.database.forTenant(workspaceId), 0, 10_000);
    const told = log.filter(({ name }) => name === budgetStateChanged.name || name === allowanceChanged.name);
    for (const { name, data } of told.slice(heardByConversation, heardByConversation + count)) {
      heardByConversation += 1;
      if (name === allowanceChanged.name) {
        const change = data as AllowanceChanged;
        await conversation.receive(workspaceId, allowanceChanged, change);
        isAllowanceEnded = change.level === 'USED_UP';
      } else {
        const change = data as BudgetStateChanged;
        await conversation.receive(workspaceId, budgetStateChanged, change);
        if (change.enforcement === 'STOP') stopped.add(change.budgetId);
        else stopped.delete(change.budgetId);
      }
    }
  };
  const covers = (id: string, team: 0 | 1) => [null, teams[team]].includes(budgets.get(id)!.teamId);
  return {
    billingHears,
    conversationHears,
    hasHeardOfStop: (team: 0 | 1) => isAllowanceEnded && [...stopped].some((id) => covers(id, team)),
    /** By the ledger itself, and nothing that is derived from it. */
    async isSpent(team: 0 | 1): Promise<boolean> {
      const { rows } = await sql<{ team_id: string | null; spent: string }>`
        select team_id, sum(amount_micros + expected_micros) as spent from charge
        where workspace_id = ${workspaceId} group by team_id
      `.execute(billing.database.system().getKysely());
      const spentOf = (teamId: string | null) =>
        rows.reduce((sum, row) => sum + (teamId === null || row.team_id === teamId ? Number(row.spent) : 0), 0);
      return [...budgets].some(([id, { teamId, limitMicros }]) => covers(id, team) && spentOf(teamId) >= limitMicros);
    },
    /** Whether it left. */
    async send(team: 0 | 1, budgetOverride?: string): Promise<boolean> {
      const input = { conversationId: conversationIds[team]!, text: 'Ja', idempotencyKey: newId(), budgetOverride };
      try {
        await sendMessage(
          requestContext(conversation.database, { workspaceId }, () => NOW),
          input,
        );
        return true;
      } catch (error) {
        if (error instanceof DomainError && error.code === 'BUDGET_USED_UP') return false;
        throw error;
      }
    },
    async providerSays(index: number, what: 'deliver' | 'fail' | 'dearer') {
      const event = known[index % Math.max(1, known.length)];
      if (!event) return;
      const { messageId, conversationId } = event.data as { messageId: string; conversationId: string };
      const message = testMessage({
        workspaceId,
        channelId,
        messageId,
        conversationId,
        providerMessageId: `wamid.${messageId}`,
      });
      if (what === 'fail') return billing.handle(messageFailedConsumer(billing.books), failed(message, 'rejected'));
      const pricing = { ...REGULAR_SERVICE, category: what === 'dearer' ? 'marketing' : 'service' };
      return billing.handle(statusReceivedConsumer(billing.books), status(message, 'delivered', { pricing }));
    },
  };
}

const team = fc.constantFrom<0 | 1>(0, 1);
const step = fc.oneof(
  fc.record({ what: fc.constant('send' as const), team }),
  fc.record({ what: fc.constant('send' as const), team }),
  fc.record({ what: fc.constant('override' as const), team }),
  fc.record({ what: fc.constant('billing hears' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ what: fc.constant('conversation hears' as const), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ what: fc.constantFrom('deliver' as const, 'fail' as const, 'dearer' as const), index: fc.nat(9) }),
);
const limit = fc.record({
  team: fc.constantFrom<0 | 1 | undefined>(0, 1, undefined),
  messages: fc.integer({ min: 1, max: 5 }),
});

describe('a budget that stops', () => {
  it('is passed by nothing but an override, once its stop has been heard; and is heard of when nothing is in flight', async () => {
    const outcomes = { passed: 0, refused: 0, overridden: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(limit, { minLength: 1, maxLength: 3 }),
        fc.array(step, { minLength: 4, maxLength: 16 }),
        async (limits, steps) => {
          const world = await begin(limits);
          for (const each of steps) {
            if (each.what === 'send') {
              const isRefused = world.hasHeardOfStop(each.team);
              expect(await world.send(each.team)).toBe(!isRefused);
              outcomes[isRefused ? 'refused' : 'passed'] += 1;
            } else if (each.what === 'override') {
              expect(await world.send(each.team, 'It has to be')).toBe(true);
              outcomes.overridden += 1;
            } else if (each.what === 'billing hears') await world.billingHears(each.count);
            else if (each.what === 'conversation hears') await world.conversationHears(each.count);
            else await world.providerSays(each.index, each.what);
          }
          await world.billingHears(Infinity);
          await world.conversationHears(Infinity);
          for (const of of [0, 1] as const) {
            const isSpent = await world.isSpent(of);
            expect(world.hasHeardOfStop(of)).toBe(isSpent);
            expect(await world.send(of)).toBe(!isSpent);
            // The other team is not to be stopped by what was sent to see.
            await world.billingHears(Infinity);
            await world.conversationHears(Infinity);
          }
        },
      ),
      {
        numRuns: 8,
        examples: [
          [
            [{ team: undefined, messages: 2 }],
            [
              { what: 'send', team: 0 },
              { what: 'billing hears', count: 1 },
              { what: 'send', team: 1 },
              { what: 'conversation hears', count: 3 },
              { what: 'send', team: 0 },
              { what: 'override', team: 1 },
            ],
          ],
        ],
      },
    );
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(0);
  }, 120_000);
});
