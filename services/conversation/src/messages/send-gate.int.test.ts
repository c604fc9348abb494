import {
  allowanceChanged,
  budgetStateChanged,
  channelChanged,
  channelMessageReceived,
  messageQueued,
} from '@fenster/contracts';
import { sql, transact } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { Thread } from '../threads/thread.entity.js';
import { askSendGate, replyOptions } from './check-send.queries.js';
import { sendMessage } from './message.commands.js';
import { plainText } from './outgoing-content.js';
import { queueMessage } from './queue-message.js';

let conversation: TestConversation;
let now = new Date('2026-11-23T10:00:00Z');
beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());

const [memberId, colleagueId, keyId] = [newId(), newId(), newId()];
const execute = (query: ReturnType<typeof sql>) => query.execute(conversation.database.system().getKysely());

/** A conversation in which the customer wrote twice. */
async function begin(): Promise<{ workspaceId: string; id: string }> {
  const workspaceId = newId();
  const message = () => customerMessage(conversation.channelId, { sentAt: now.toISOString() });
  await conversation.receive(workspaceId, channelMessageReceived, message(), message());
  const [only] = await conversation.database.forTenant(workspaceId).find(Conversation, {});
  return { workspaceId, id: only!.id };
}

type Sender = 'member' | 'key' | 'key with a quota' | 'key for something else';
function contextOf(workspaceId: string, sender: Sender): ConversationContext {
  const clock = () => now;
  if (sender === 'member') return requestContext(conversation.database, { workspaceId, id: memberId }, clock);
  const permissions = ['conversation:read', 'conversation:read_all'] as const;
  const action = 'message:send' as const;
  const grants = {
    key: [{ action }],
    'key with a quota': [{ action, quota: { count: 2, per: 'DAY' as const } }],
    'key for something else': [{ action, resource: 'template:hello' }],
  }[sender];
  return requestContext(conversation.database, { kind: 'api_key', workspaceId, id: keyId, permissions, grants }, clock);
}

interface Situation {
  sender: Sender;
  text: string;
  expectedLastSeq: number | undefined;
  isWindowOpen: boolean;
  claim: 'none' | 'own' | 'other' | 'expired';
  control: 'none' | 'human' | 'own' | 'other';
  place: 'open' | 'resolved' | 'resolved beside another';
  used: number;
  channel: 'ACTIVE' | 'ERROR';
  isBudgetSpent?: boolean;
}
const situations = fc.record<Situation>({
  sender: fc.constantFrom('member', 'key', 'key with a quota', 'key for something else'),
  text: fc.constantFrom('Ja', 'Ja', 'Ja', ' ', 'x'.repeat(4_097)),
  expectedLastSeq: fc.constantFrom(undefined, 2, 2, 1),
  isWindowOpen: fc.constantFrom(true, true, true, false),
  claim: fc.constantFrom('none', 'none', 'own', 'other', 'expired'),
  control: fc.constantFrom('none', 'none', 'human', 'own', 'other'),
  place: fc.constantFrom('open', 'open', 'resolved', 'resolved beside another'),
  used: fc.constantFrom(0, 1, 2),
  channel: fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'ERROR'),
  isBudgetSpent: fc.constantFrom(false, false, true),
});

/** Nothing stands in the way. */
const fine: Situation = {
  sender: 'member',
  text: 'Ja',
  expectedLastSeq: 2,
  isWindowOpen: true,
  claim: 'none',
  control: 'none',
  place: 'open',
  used: 0,
  channel: 'ACTIVE',
};
/** One thing does, by the reason that has to be told. */
const hindrances: readonly [string, Partial<Situation>][] = [
  ['', {}],
  ['INVALID_INPUT', { text: ' ' }],
  ['WINDOW_CLOSED', { isWindowOpen: false }],
  ['CHANNEL_DOWN', { channel: 'ERROR' }],
  ['CLAIMED_BY_OTHER', { claim: 'other' }],
  ['STALE_THREAD', { expectedLastSeq: 1 }],
  ['BEYOND_API_KEY', { sender: 'key for something else' }],
  ['NOT_IN_CONTROL', { control: 'other' }],
  ['BUDGET_USED_UP', { isBudgetSpent: true }],
];

async function arrange({ workspaceId, id }: { workspaceId: string; id: string }, situation: Situation): Promise<void> {
  const { sender, claim, control, place, used, isWindowOpen, channel } = situation;
  const { channelId } = conversation;
  await conversation.receive(workspaceId, channelChanged, { channelId, name: 'Mitte', state: channel });
  const own = sender === 'member' ? { kind: 'member', id: memberId } : { kind: 'api_key', id: keyId };
  const other = { kind: 'member', id: colleagueId };
  if (claim !== 'none') {
    const holder = claim === 'other' ? other : own;
    const expiresAt = new Date(now.getTime() + (claim === 'expired' ? 0 : 60_000));
    await execute(sql`insert into claim (workspace_id, conversation_id, holder_kind, holder_id, taken_at, expires_at, seconds)
      values (${workspaceId}, ${id}, ${holder.kind}, ${holder.id}, ${now}, ${expiresAt}, 60)`);
  }
  if (control !== 'none') {
    const controller =
      control === 'human' ? { kind: 'human', id: null } : own.kind === 'member' ? { kind: 'human', id: null } : own;
    const program = { kind: 'api_key', id: newId() };
    const { kind, id: controllerId } = control === 'other' ? program : controller;
    await execute(sql`insert into control (workspace_id, conversation_id, controller_kind, controller_id, since)
      values (${workspaceId}, ${id}, ${kind}, ${controllerId}, ${now})`);
  }
  if (place !== 'open') {
    const another = place === 'resolved beside another' ? newId() : null;
    await execute(sql`update conversation set status = 'RESOLVED', resolved_at = ${now} where id = ${id}`);
    await execute(sql`update thread set open_conversation_id = ${another} where workspace_id = ${workspaceId}`);
  }
  if (situation.isBudgetSpent) {
    const until = '2026-11-30T23:00:00.000Z';
    const allowance = { channelId, month: '2026-11', until, size: 1, taken: 1, level: 'USED_UP' } as const;
    await conversation.receive(workspaceId, allowanceChanged, allowance);
    await conversation.receive(workspaceId, budgetStateChanged, {
      budgetId: newId(),
      month: '2026-11',
      until,
      teamId: null,
      newsletterId: null,
      category: null,
      currency: 'EUR',
      limitMicros: 1,
      spentMicros: 1,
      warnedPercent: null,
      enforcement: 'STOP',
    });
  }
  if (!isWindowOpen) {
    await execute(sql`update thread set window_expires_at = ${now} where workspace_id = ${workspaceId}`);
  }
  if (sender === 'key with a quota' && used > 0) {
    const day = new Date(now.toISOString().slice(0, 10));
    await execute(sql`insert into api_key_quota (workspace_id, api_key_id, action, resource, window_start, count)
      values (${workspaceId}, ${keyId}, 'message:send', '', ${day}, ${used})`);
  }
}

const queued = async (workspaceId: string) =>
  (await conversation.logOf(workspaceId)).filter(({ name }) => name === messageQueued.name).length;

/** What becomes of it, by the codes of refusals. */
async function outcome(sending: Promise<unknown>): Promise<string | undefined> {
  try {
    await sending;
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

describe('the send gate', () => {
  it('says beforehand what sending is told, whatever the situation, and queues nothing that it refuses', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(situations, async (situation) => {
        const place = await begin();
        await arrange(place, situation);
        const { text, expectedLastSeq } = situation;
        const input = { conversationId: place.id, text, ...(expectedLastSeq !== undefined && { expectedLastSeq }) };
        const ctx = () => contextOf(place.workspaceId, situation.sender);
        const check = await askSendGate(ctx(), input);
        expect(await queued(place.workspaceId)).toBe(0);
        const refusal = await outcome(sendMessage(ctx(), { ...input, idempotencyKey: newId() }));
        expect(refusal).toBe(check.reasons[0]?.code);
        expect(await queued(place.workspaceId)).toBe(check.isAllowed ? 1 : 0);
        const [option] = await replyOptions(ctx(), place.id);
        if (check.isAllowed) expect(option).toMatchObject({ kind: 'TEXT' });
        seen.add(check.reasons.map(({ code }) => code).join(' '));
      }),
      { numRuns: 150, examples: hindrances.map(([, hindrance]) => [{ ...fine, ...hindrance }]) },
    );
    for (const [code] of hindrances) expect([...seen]).toContain(code);
  }, 120_000);

  it('stands before what rules of Fenster send as well: not in somebody’s way, and never outside the window', async () => {
    await fc.assert(
      fc.asyncProperty(situations, async (situation) => {
        const { workspaceId, id } = await begin();
        await arrange({ workspaceId, id }, { ...situation, sender: 'member' });
        const ctx = { ...contextOf(workspaceId, 'member'), workspaceId };
        const reasons = await transact(ctx, async (tx) => {
          const known = await tx.em.findOneOrFail(Conversation, { id });
          const thread = await tx.em.findOneOrFail(Thread, { id: known.threadId });
          const by = { kind: 'system', id: 'away' } as const;
          return queueMessage(tx, known, thread, {
            id: newId(),
            by,
            content: plainText(situation.text),
            automation: 'AWAY',
          });
        });
        const isText = situation.text === 'Ja';
        const isPaid = !situation.isBudgetSpent && situation.channel === 'ACTIVE';
        expect(reasons.length === 0).toBe(isText && situation.isWindowOpen && isPaid);
        expect(await queued(workspaceId)).toBe(reasons.length === 0 ? 1 : 0);
      }),
      { numRuns: 40 },
    );
  });

  it('tells all reasons at once, and until when those hold that end by themselves', async () => {
    const place = await begin();
    await arrange(place, {
      sender: 'member',
      text: '',
      expectedLastSeq: 1,
      isWindowOpen: false,
      claim: 'other',
      control: 'other',
      channel: 'ACTIVE',
      place: 'resolved beside another',
      used: 0,
    });
    const input = { conversationId: place.id, text: '', expectedLastSeq: 1 };
    const { reasons } = await askSendGate(contextOf(place.workspaceId, 'member'), input);
    expect(reasons.map(({ code, until }) => [code, until])).toEqual([
      ['INVALID_INPUT', null],
      ['NOT_IN_CONTROL', null],
      ['CLAIMED_BY_OTHER', new Date(now.getTime() + 60_000)],
      ['STALE_THREAD', null],
      ['ANOTHER_CONVERSATION_OPEN', null],
      ['WINDOW_CLOSED', null],
    ]);
  });

  it('tells what may be sent now, until when, and why not otherwise', async () => {
    const place = await begin();
    const options = async () =>
      (await replyOptions(contextOf(place.workspaceId, 'member'), place.id)).map(
        ({ kind, isAllowed, allowedUntil, reasons }) => [
          kind,
          isAllowed ? allowedUntil : reasons.map(({ code }) => code),
        ],
      );
    const until = new Date(now.getTime() + 86_400_000);
    expect(await options()).toEqual([
      ['TEXT', until],
      ['REACTION', until],
      ['MEDIA', until],
      ['LOCATION', until],
      ['CONTACTS', until],
      ['INTERACTIVE', until],
      ['TEMPLATE', null],
    ]);
    const before = now;
    now = until;
    const closed = ['WINDOW_CLOSED'];
    expect(await options()).toEqual([
      ['TEXT', closed],
      ['REACTION', closed],
      ['MEDIA', closed],
      ['LOCATION', closed],
      ['CONTACTS', closed],
      ['INTERACTIVE', closed],
      ['TEMPLATE', null],
    ]);
    now = before;
  });

  it('answers nobody who may not see the conversation, and tells who may only read it why', async () => {
    const place = await begin();
    const input = { conversationId: place.id, text: 'Ja' };
    const stranger = contextOf(newId(), 'member');
    expect(await outcome(askSendGate(stranger, input))).toBe('NOT_FOUND');
    expect(await outcome(replyOptions(stranger, place.id))).toBe('NOT_FOUND');
    expect(await outcome(replyOptions(stranger, 'x'))).toBe('NOT_FOUND');
    const permissions = ['conversation:read', 'conversation:read_all'] as const;
    const reader = requestContext(conversation.database, { workspaceId: place.workspaceId, permissions }, () => now);
    expect((await askSendGate(reader, input)).reasons.map(({ code }) => code)).toEqual(['NOT_PERMITTED']);
  });
});
