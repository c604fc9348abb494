import {
  allowanceChanged,
  auditEntryRecorded,
  budgetStateChanged,
  channelMessageReceived,
  heldMessageChanged,
  messageQueued,
  type AuditEntryRecorded,
  type BudgetStateChanged,
  type HeldMessageChanged,
  type MessageQueued,
} from '@fenster/contracts';
import { sql } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestConsent } from '../consent-requests/consent-request.commands.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { saveDraft } from '../drafts/draft.commands.js';
import { Draft } from '../drafts/draft.entity.js';
import { createMacro } from '../macros/macro.commands.js';
import { runMacro } from '../macros/run-macro.js';
import { askSendGate } from '../messages/check-send.queries.js';
import { sendMessage } from '../messages/message.commands.js';
import { Message } from '../messages/message.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { settleUnconfirmedMessage } from '../unconfirmed/settle-unconfirmed.commands.js';
import { approveHeldMessage, declineHeldMessage, withdrawHeldMessage } from './approval.commands.js';
import { StoredHeldMessage } from './held-message.entity.js';
import { listHeldMessages } from './held-message.queries.js';

let conversation: TestConversation;
const NOON = new Date('2026-11-23T12:00:00Z');
let now = NOON;
beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation?.close());

const later = (hours: number) => new Date(NOON.getTime() + hours * 3_600_000);
const until = '2026-11-30T23:00:00.000Z';

async function begin() {
  now = NOON;
  const workspaceId = newId();
  const { channelId } = conversation;
  const write = () =>
    conversation.receive(
      workspaceId,
      channelMessageReceived,
      customerMessage(channelId, { sentAt: now.toISOString() }),
    );
  await write();
  const database = conversation.database.forTenant(workspaceId);
  const [{ id }] = (await database.find(Conversation, {})) as [Conversation];
  const [ada, bob] = [newId(), newId()];
  const as = (memberId: string, rights: Parameters<typeof requestContext>[1] = {}) =>
    requestContext(conversation.database, { workspaceId, id: memberId, ...rights }, () => now);
  await conversation.receive(workspaceId, allowanceChanged, {
    channelId,
    month: '2026-11',
    until,
    size: 1_000,
    taken: 1_000,
    level: 'USED_UP',
  });
  const budgetId = newId();
  const logOf = async <T>(name: string) =>
    (await conversation.logOf(workspaceId)).filter((event) => event.name === name).map(({ data }) => data as T);
  return {
    workspaceId,
    id,
    ada,
    bob,
    as,
    write,
    hear: (enforcement: BudgetStateChanged['enforcement'], change: Partial<BudgetStateChanged> = {}) =>
      conversation.receive(workspaceId, budgetStateChanged, {
        budgetId,
        month: '2026-11',
        until,
        teamId: null,
        newsletterId: null,
        category: null,
        currency: 'EUR',
        limitMicros: 1_000_000,
        spentMicros: 1_000_000,
        warnedPercent: 100,
        enforcement,
        ...change,
      }),
    send: (ctx = as(ada), text = 'Ja', more: { idempotencyKey?: string; budgetOverride?: string } = {}) =>
      sendMessage(ctx, { conversationId: id, text, idempotencyKey: newId(), ...more }),
    left: async () =>
      (await logOf<MessageQueued>(messageQueued.name)).map((data) => ('text' in data ? [data.text, data.seq] : [])),
    told: async () => (await logOf<HeldMessageChanged>(heldMessageChanged.name)).map(({ state }) => state),
    audited: async () =>
      (await logOf<AuditEntryRecorded>(auditEntryRecorded.get('conversation')!.name)).map(({ action }) => action),
    stateOf: async (heldId: string) =>
      await conversation.database.forTenant(workspaceId).findOneOrFail(StoredHeldMessage, { id: heldId }),
    waiting: async (ctx = as(bob)) =>
      (await listHeldMessages(ctx, { state: 'HELD', first: 50 })).nodes.map(({ text }) => text),
  };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof DomainError ? (error.details['stepCode'] ?? error.code) : error),
  );

describe('a reply that a budget holds', () => {
  it('waits without a place in the thread, and leaves with the next one once another member approves it', async () => {
    const { hear, send, as, ada, bob, left, told, waiting, audited, id, workspaceId } = await begin();
    await hear('HOLD');
    expect((await askSendGate(as(ada), { conversationId: id, text: 'Ja' })).reasons).toMatchObject([
      { code: 'BUDGET_HELD', until: new Date(until) },
    ]);
    const held = await send();
    expect(held).toBeInstanceOf(StoredHeldMessage);
    expect(held).toMatchObject({ state: 'HELD', text: 'Ja', authorId: ada, expiresAt: later(24) });
    expect(await waiting()).toEqual(['Ja']);
    // The customer still waits for an answer.
    const database = conversation.database.forTenant(workspaceId);
    expect(await database.findOneOrFail(Conversation, { id })).toMatchObject({ lastSeq: 1, waitingSince: NOON });
    // What somebody may send beyond the budget does not wait for it.
    await send(as(ada), 'Vorab', { budgetOverride: 'It has to be' });
    expect(await left()).toEqual([['Vorab', 2]]);
    expect(await codeOf(approveHeldMessage(as(ada), { id: held.id }))).toBe('NOT_YOURS_TO_DECIDE');
    expect(await left()).toHaveLength(1);
    const released = await approveHeldMessage(as(bob), { id: held.id });
    expect(released).toMatchObject({ state: 'RELEASED', decidedById: bob, text: null });
    await approveHeldMessage(as(bob), { id: held.id });
    expect(await left()).toEqual([
      ['Vorab', 2],
      ['Ja', 3],
    ]);
    expect(await conversation.database.forTenant(workspaceId).findOne(Message, { id: held.id })).toMatchObject({
      authorId: ada,
      status: 'QUEUED',
    });
    expect(await told()).toEqual(['HELD', 'RELEASED']);
    expect(await audited()).toEqual(['message.hold', 'message.send', 'message.approve']);
    expect(await waiting()).toEqual([]);
  });

  it('leaves alone what its author writes by the time it is approved', async () => {
    const { hear, send, as, ada, bob, id, workspaceId } = await begin();
    await hear('HOLD');
    const held = await send();
    await saveDraft(as(ada), { conversationId: id, text: 'Und noch etwas', expectedVersion: 0 });
    await approveHeldMessage(as(bob), { id: held.id });
    const draft = await conversation.database.forTenant(workspaceId).findOne(Draft, { conversationId: id });
    expect(draft).toMatchObject({ text: 'Und noch etwas', editedById: ada });
  });

  it('is the same for a repeated key, whatever became of it', async () => {
    const { hear, send, as, ada, bob, told } = await begin();
    await hear('HOLD');
    const idempotencyKey = newId();
    const { id } = await send(as(ada), 'Ja', { idempotencyKey });
    expect((await send(as(ada), 'Ja', { idempotencyKey })).id).toBe(id);
    expect(await codeOf(send(as(ada), 'Nein', { idempotencyKey }))).toBe('IDEMPOTENCY_CONFLICT');
    await approveHeldMessage(as(bob), { id });
    const again = await send(as(ada), 'Ja', { idempotencyKey });
    expect(again).toBeInstanceOf(Message);
    expect(again.id).toBe(id);
    expect(await told()).toEqual(['HELD', 'RELEASED']);
  });

  it('never leaves once it is declined with a reason, or withdrawn by whoever wrote it', async () => {
    const { hear, send, as, ada, bob, left, told, stateOf, audited } = await begin();
    await hear('HOLD');
    const [one, two] = [await send(), await send(as(ada), 'Zwei')];
    expect(await codeOf(declineHeldMessage(as(bob), { id: one.id, reason: ' ' }))).toBe('INVALID_INPUT');
    expect(await codeOf(declineHeldMessage(as(ada), { id: one.id, reason: 'No' }))).toBe('NOT_YOURS_TO_DECIDE');
    await declineHeldMessage(as(bob), { id: one.id, reason: 'Call them instead' });
    expect(await stateOf(one.id)).toMatchObject({ state: 'DECLINED', reason: 'Call them instead', text: 'Ja' });
    expect(await codeOf(withdrawHeldMessage(as(bob), two.id))).toBe('NOT_YOURS_TO_DECIDE');
    await withdrawHeldMessage(as(ada), two.id);
    for (const { id } of [one, two]) expect(await codeOf(approveHeldMessage(as(bob), { id }))).toBe('NOT_HELD');
    expect(await left()).toEqual([]);
    expect(await told()).toEqual(['HELD', 'HELD', 'DECLINED', 'WITHDRAWN']);
    expect(await audited()).toEqual(['message.hold', 'message.hold', 'message.decline', 'message.withdraw']);
  });

  it('is asked for at the gate again when it is approved, and waits on if something else is against it', async () => {
    const { hear, send, as, bob, left, stateOf } = await begin();
    await hear('HOLD');
    const { id } = await send();
    await hear('STOP');
    expect(await codeOf(approveHeldMessage(as(bob), { id }))).toBe('BUDGET_USED_UP');
    await hear('HOLD');
    expect(await codeOf(approveHeldMessage(as(bob), { id, expectedLastSeq: 0 }))).toBe('STALE_THREAD');
    now = later(24);
    expect(await codeOf(approveHeldMessage(as(bob), { id }))).toBe('WINDOW_CLOSED');
    expect((await stateOf(id)).state).toBe('HELD');
    expect(await left()).toEqual([]);
  });

  it('stays until somebody decides, also when the budget allows messages again', async () => {
    const { hear, send, as, bob, left, waiting } = await begin();
    await hear('HOLD');
    const { id } = await send();
    await hear('NONE');
    expect(await waiting()).toEqual(['Ja']);
    expect(await left()).toEqual([]);
    await approveHeldMessage(as(bob), { id });
    expect(await left()).toEqual([['Ja', 2]]);
  });

  it('ends with the service window, which may be open for longer by then', async () => {
    const { hear, send, write, told, stateOf } = await begin();
    await hear('HOLD');
    const { id } = await send();
    now = later(20);
    await write();
    now = later(24);
    await conversation.letTimersRun();
    expect(await stateOf(id)).toMatchObject({ state: 'HELD', expiresAt: later(44) });
    now = later(44);
    await conversation.letTimersRun();
    expect(await stateOf(id)).toMatchObject({ state: 'EXPIRED', endedAt: now });
    expect((await stateOf(id)).reason).toContain('window closed');
    expect(await told()).toEqual(['HELD', 'EXPIRED']);
  });

  it('is of a conversation: who does not see that neither sees nor decides it', async () => {
    const { hear, send, as, bob, waiting, left } = await begin();
    await hear('HOLD');
    const { id } = await send();
    const stranger = as(bob, { permissions: ['conversation:read', 'message:approve', 'message:read'] });
    expect(await waiting(stranger)).toEqual([]);
    // What exists reads like what does not.
    for (const of of [id, newId(), 'x']) {
      await expect(approveHeldMessage(stranger, { id: of })).rejects.toThrow('HeldMessage not found.');
      await expect(withdrawHeldMessage(stranger, of)).rejects.toThrow('HeldMessage not found.');
    }
    const elsewhere = requestContext(conversation.database, { workspaceId: newId() }, () => now);
    expect(await codeOf(approveHeldMessage(elsewhere, { id }))).toBe('NOT_FOUND');
    expect((await listHeldMessages(elsewhere, { state: 'HELD', first: 50 })).nodes).toEqual([]);
    const program = as(newId(), { kind: 'api_key' });
    expect(await codeOf(approveHeldMessage(program, { id }))).toBe('BEYOND_API_KEY');
    expect(await left()).toEqual([]);
  });

  it('is listed page by page, the oldest first', async () => {
    const { hear, send, as, ada, bob } = await begin();
    await hear('HOLD');
    for (const text of ['1', '2', '3']) {
      await send(as(ada), text);
      now = new Date(now.getTime() + 1);
    }
    const first = await listHeldMessages(as(bob), { state: 'HELD', first: 2 });
    expect(first.nodes.map(({ text }) => text)).toEqual(['1', '2']);
    const second = await listHeldMessages(as(bob), { state: 'HELD', first: 2, after: first.nextPage });
    expect(second).toMatchObject({ nodes: [{ text: '3' }], nextPage: null });
  });
});

describe('what cannot wait', () => {
  it('is refused: a macro’s reply, a question of consent, a message that is sent again', async () => {
    const { hear, send, as, ada, workspaceId, id, left } = await begin();
    await send();
    const system = conversation.database.system().getKysely();
    await sql`update message set status = 'UNCONFIRMED' where conversation_id = ${id} and direction = 'OUTBOUND'`.execute(
      system,
    );
    const [{ id: messageId }] = (await conversation.database
      .forTenant(workspaceId)
      .find(Message, { conversationId: id, status: 'UNCONFIRMED' })) as [Message];
    const steps = [{ kind: 'REPLY' as const, text: 'Ja' }];
    const macro = await createMacro(as(ada), { sharing: 'EVERYBODY', name: 'Ja', steps, idempotencyKey: newId() });
    await hear('HOLD');
    const asked = { conversationId: id, idempotencyKey: newId() };
    expect(await codeOf(runMacro(as(ada), { macroId: macro.id, ...asked }))).toBe('BUDGET_HELD');
    expect(await codeOf(settleUnconfirmedMessage(as(ada), { messageId, decision: 'SEND_AGAIN' }))).toBe('BUDGET_HELD');
    expect(await codeOf(requestConsent(as(ada), { purpose: 'marketing', ...asked }))).not.toBeUndefined();
    expect(await left()).toHaveLength(1);
  });
});

type Step = {
  what: 'send' | 'override' | 'approve' | 'decline' | 'hold' | 'stop' | 'allow' | 'write' | 'wait';
  who: 0 | 1;
};
const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom<Step['what']>(
    'send',
    'send',
    'override',
    'approve',
    'approve',
    'decline',
    'hold',
    'stop',
    'allow',
    'write',
    'wait',
  ),
  who: fc.constantFrom<0 | 1>(0, 1),
});

describe('while a budget holds', () => {
  it('nothing leaves but what was released by another or overridden, and places have no gaps', async () => {
    const seen = { released: 0, held: 0, overridden: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), async (steps) => {
        const world = await begin();
        const people = [world.ada, world.bob] as const;
        let enforcement: BudgetStateChanged['enforcement'] = 'NONE';
        let count = 0;
        const allowed: string[] = [];
        const heldBy = new Map<string, { text: string; who: 0 | 1 }>();
        for (const { what, who } of steps) {
          const ctx = world.as(people[who]);
          if (what === 'hold' || what === 'stop' || what === 'allow') {
            enforcement = what === 'hold' ? 'HOLD' : what === 'stop' ? 'STOP' : 'NONE';
            await world.hear(enforcement);
          } else if (what === 'write') await world.write();
          else if (what === 'wait') now = new Date(now.getTime() + 7 * 3_600_000);
          else if (what === 'send' || what === 'override') {
            const text = String((count += 1));
            const more = what === 'override' ? { budgetOverride: 'It has to be' } : {};
            try {
              const sent = await world.send(ctx, text, more);
              if (sent instanceof Message) {
                expect(what === 'override' || enforcement === 'NONE').toBe(true);
                if (what === 'override') seen.overridden += 1;
                allowed.push(text);
              } else {
                expect([what, enforcement]).toEqual(['send', 'HOLD']);
                heldBy.set(sent.id, { text, who });
                seen.held += 1;
              }
            } catch (error) {
              if (!(error instanceof DomainError)) throw error;
              expect(['BUDGET_USED_UP', 'WINDOW_CLOSED']).toContain(error.code);
            }
          } else {
            const [first] = heldBy;
            if (!first) continue;
            const [id, { text, who: author }] = first;
            const work =
              what === 'approve' ? approveHeldMessage(ctx, { id }) : declineHeldMessage(ctx, { id, reason: 'No' });
            const code = await codeOf(work);
            if (author === who) expect(code).toBe('NOT_YOURS_TO_DECIDE');
            if (code !== undefined) continue;
            heldBy.delete(id);
            if (what === 'approve') {
              expect(enforcement).not.toBe('STOP');
              allowed.push(text);
              seen.released += 1;
            }
          }
        }
        expect((await world.left()).map(([text]) => text)).toEqual(allowed);
        const messages = await conversation.database
          .forTenant(world.workspaceId)
          .find(Message, { conversationId: world.id }, { orderBy: { seq: 'asc' } });
        expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => index + 1));
      }),
      {
        numRuns: 12,
        examples: [
          [
            [
              { what: 'hold', who: 0 },
              { what: 'send', who: 0 },
              { what: 'send', who: 1 },
              { what: 'approve', who: 0 },
              { what: 'override', who: 0 },
              { what: 'stop', who: 0 },
              { what: 'approve', who: 1 },
              { what: 'hold', who: 0 },
              { what: 'approve', who: 1 },
            ],
          ],
        ],
      },
    );
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(0);
  }, 60_000);
});
