import { PERMISSIONS } from '@fenster/auth';
import {
  allowanceChanged,
  auditEntryRecorded,
  budgetStateChanged,
  budgetStopChanged,
  channelChanged,
  channelMessageReceived,
  consentTextChanged,
  messageQueued,
  type AllowanceChanged,
  type AuditEntryRecorded,
  type BudgetStateChanged,
  type BudgetStopChanged,
  type ConsentTextChanged,
  type MessageQueued,
} from '@fenster/contracts';
import { sql, transact } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestConsent } from '../consent-requests/consent-request.commands.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { askSendGate, replyOptions } from '../messages/check-send.queries.js';
import { createMacro } from '../macros/macro.commands.js';
import { runMacro } from '../macros/run-macro.js';
import { sendMessage } from '../messages/message.commands.js';
import { Message } from '../messages/message.entity.js';
import { queueMessage } from '../messages/queue-message.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { Thread } from '../threads/thread.entity.js';
import { settleUnconfirmedMessage } from '../unconfirmed/settle-unconfirmed.commands.js';

let conversation: TestConversation;
let now = new Date('2026-11-30T12:00:00Z');
beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());

const until = '2026-11-30T23:00:00.000Z';
const CONSENT_TEXT: ConsentTextChanged = {
  purpose: 'marketing',
  purposeKind: 'MARKETING',
  locale: 'de',
  version: 1,
  hash: 'b'.repeat(64),
  body: 'Ich möchte Angebote der Muster GmbH per WhatsApp. Widerruf jederzeit mit STOP.',
  privacyNoticeUrl: 'https://muster.example/datenschutz',
  privacyNoticeVersion: '2026-11',
  isAsked: true,
};

async function begin() {
  now = new Date('2026-11-30T12:00:00Z');
  const workspaceId = newId();
  const teamId = newId();
  const { channelId } = conversation;
  await conversation.receive(
    workspaceId,
    channelMessageReceived,
    customerMessage(channelId, { sentAt: now.toISOString() }),
  );
  const [only] = await conversation.database.forTenant(workspaceId).find(Conversation, {});
  const { id } = only!;
  const system = conversation.database.system().getKysely();
  await sql`update conversation set team_id = ${teamId} where id = ${id}`.execute(system);
  const as = (rights: Parameters<typeof requestContext>[1] = {}) =>
    requestContext(conversation.database, { workspaceId, ...rights }, () => now);
  const budgetId = newId();
  const allowance = (level: AllowanceChanged['level'], month = '2026-11', end = until) =>
    conversation.receive(workspaceId, allowanceChanged, {
      channelId,
      month,
      until: end,
      size: 1_000,
      taken: 900,
      level,
    });
  await allowance('USED_UP');
  return {
    allowance,
    workspaceId,
    teamId,
    as,
    hear: (change: Partial<BudgetStateChanged> = {}) =>
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
        enforcement: 'STOP',
        ...change,
      }),
    budgetId,
    id,
    system,
    ask: async () => (await askSendGate(as(), { conversationId: id, text: 'Ja' })).reasons.map(({ code }) => code),
    options: () => replyOptions(as(), id),
    /** The code of the refusal, if it is refused. */
    send: async (ctx = as(), more: { budgetOverride?: string } = {}) => {
      try {
        await sendMessage(ctx, { conversationId: id, text: 'Ja', idempotencyKey: newId(), ...more });
        return undefined;
      } catch (error) {
        if (error instanceof DomainError) return error;
        throw error;
      }
    },
  };
}

const REFUSED = ['BUDGET_USED_UP'];

describe('a budget that is used up', () => {
  it('refuses what counts in it, and says until when and what to do', async () => {
    const { hear, ask, send, budgetId, options } = await begin();
    expect(await ask()).toEqual([]);
    await hear();
    expect(await ask()).toEqual(REFUSED);
    const refusal = await send();
    expect(refusal).toMatchObject({ code: 'BUDGET_USED_UP', details: { budgetId, monthEndsAt: new Date(until) } });
    expect(refusal!.message).toContain('Ask whoever manages costs');
    const kinds = (await options()).filter(({ reasons }) => reasons.some(({ code }) => code === 'BUDGET_USED_UP'));
    // What is free to send is not among them.
    expect(kinds.map(({ kind }) => kind)).toEqual(['TEXT', 'MEDIA', 'LOCATION', 'CONTACTS', 'INTERACTIVE', 'TEMPLATE']);
    expect(kinds[0]!.reasons[0]).toMatchObject({ until: new Date(until) });
  });

  it('lets through what does not count in it: of other teams and categories, and what costs nothing', async () => {
    const { hear, ask, teamId, workspaceId, system } = await begin();
    await hear({ teamId: newId() });
    await hear({ budgetId: newId(), category: 'marketing' });
    expect(await ask()).toEqual([]);
    await hear({ budgetId: newId(), teamId, category: 'service' });
    expect(await ask()).toEqual(REFUSED);
    // Everything is free in a free entry point, and a text message is nothing of the provider’s.
    await sql`update thread set free_entry_expires_at = ${until} where workspace_id = ${workspaceId}`.execute(system);
    expect(await ask()).toEqual([]);
    await sql`update thread set free_entry_expires_at = ${now} where workspace_id = ${workspaceId}`.execute(system);
    expect(await ask()).toEqual(REFUSED);
    const capabilities = {
      serviceWindow: false,
      templates: false,
      contentKinds: ['text' as const],
      mediaKinds: {},
      maxTextCharacters: 100,
      quotes: false,
      reactions: false,
      readReceipts: false,
      typing: false,
      statuses: [],
      businessProfile: false,
      costModel: 'UNTOLD' as const,
    };
    const { channelId } = conversation;
    await conversation.receive(workspaceId, channelChanged, { channelId, name: 'SMS', state: 'ACTIVE', capabilities });
    expect(await ask()).toEqual([]);
  });

  it('of a team says nothing of newsletters, whose cost is no team’s, wherever the last conversation was', async () => {
    const { hear, as, teamId, workspaceId } = await begin();
    await hear({ teamId });
    const queue = (of: { newsletterId?: string }) =>
      transact(as(), async (tx) => {
        const to = (await tx.em.findOne(Conversation, { workspaceId }))!;
        const thread = (await tx.em.findOne(Thread, { workspaceId }))!;
        const content = { kind: 'text', body: 'Ja' } as const;
        const by = { kind: 'system', id: 'newsletter' } as const;
        const message = { id: newId(), by, content, automation: 'NEWSLETTER' as const, ...of };
        return (await queueMessage(tx, to, thread, message)).map(({ code }) => code);
      });
    expect(await queue({})).toEqual(REFUSED);
    expect(await queue({ newsletterId: newId() })).toEqual([]);
    const told = (await conversation.logOf(workspaceId)).filter(({ name }) => name === messageQueued.name);
    expect(told.map(({ data }) => (data as MessageQueued).teamId)).toEqual([null]);
    // Nor does that of a newsletter of anything but this one.
    const newsletterId = newId();
    await hear({ budgetId: newId(), newsletterId });
    expect(await queue({ newsletterId: newId() })).toEqual([]);
    expect(await queue({ newsletterId })).toEqual(REFUSED);
    await hear({ enforcement: 'NONE' });
    expect(await queue({})).toEqual([]);
    await hear({ budgetId: newId() });
    expect(await queue({ newsletterId: newId() })).toEqual(REFUSED);
  });

  it('lets replies through as long as the number has free messages left, but no templates', async () => {
    const { hear, ask, allowance, options } = await begin();
    await hear();
    await allowance('NEARLY');
    expect(await ask()).toEqual([]);
    const refused = (await options()).filter(({ isAllowed }) => !isAllowed);
    expect(refused.map(({ kind, reasons }) => [kind, reasons.map(({ code }) => code)])).toEqual([
      ['TEMPLATE', REFUSED],
    ]);
    await allowance('USED_UP');
    expect(await ask()).toEqual(REFUSED);
  });

  it('ends with its month, and when billing says so', async () => {
    const { hear, ask, allowance } = await begin();
    await hear();
    await hear({ budgetId: newId() });
    await hear({ enforcement: 'NONE' });
    expect(await ask()).toEqual(REFUSED);
    now = new Date(until);
    expect(await ask()).toEqual([]);
    await hear({ month: '2026-12', until: '2026-12-31T23:00:00.000Z' });
    expect(await ask()).toEqual([]);
    await allowance('USED_UP', '2026-12', '2026-12-31T23:00:00.000Z');
    expect(await ask()).toEqual(REFUSED);
  });

  it('is told to the inbox when it begins to stop and when it does no more, once; that of a newsletter is not', async () => {
    const { hear, budgetId, teamId, workspaceId } = await begin();
    const told = async () =>
      (await conversation.logOf(workspaceId))
        .filter(({ name }) => name === budgetStopChanged.name)
        .map(({ data }) => data as BudgetStopChanged);
    await hear({ enforcement: 'NONE' });
    await hear({ budgetId: newId(), newsletterId: newId() });
    expect(await told()).toEqual([]);
    await hear({ teamId });
    await hear({ teamId, spentMicros: 2_000_000 });
    const stopped = { budgetId, isStopped: true, isHeld: false, monthEndsAt: until, teamId, category: null };
    expect(await told()).toEqual([stopped]);
    await hear({ teamId, enforcement: 'NONE' });
    expect(await told()).toEqual([stopped, { ...stopped, isStopped: false }]);
    // That its month is over, everybody has known since it began.
    await hear({ teamId });
    now = new Date('2026-12-01T00:00:00Z');
    await hear({ teamId, enforcement: 'NONE' });
    expect(await told()).toHaveLength(3);
  });

  it('is overridden by a person who manages costs, with a reason that is in the audit log, and by nobody else', async () => {
    const { hear, send, as, workspaceId } = await begin();
    await hear();
    const withoutRight = as({ permissions: PERMISSIONS.filter((permission) => permission !== 'cost:manage') });
    const program = as({ kind: 'api_key' });
    const budgetOverride = 'The customer is about to leave';
    for (const ctx of [withoutRight, program]) {
      expect(await send(ctx, { budgetOverride })).toMatchObject({
        code: 'BEYOND_BUDGET_RIGHTS',
        field: 'budgetOverride',
      });
    }
    expect(await send(as(), { budgetOverride: ' ' })).toMatchObject({ code: 'INVALID_INPUT', field: 'budgetOverride' });
    expect(await send(as(), { budgetOverride })).toBeUndefined();
    const name = auditEntryRecorded.get('conversation')!.name;
    const entries = (await conversation.logOf(workspaceId)).filter((event) => event.name === name);
    const changes = entries.map(({ data }) => (data as AuditEntryRecorded).changes);
    expect(changes).toEqual([{ budgetOverride: { before: null, after: budgetOverride } }]);
  });

  it('is overridden the same way where a macro replies, a consent is asked for, and a message is sent again', async () => {
    const { hear, as, send, workspaceId, id, system } = await begin();
    await conversation.receive(workspaceId, consentTextChanged, CONSENT_TEXT);
    await send();
    await sql`update message set status = 'UNCONFIRMED' where conversation_id = ${id} and direction = 'OUTBOUND'`.execute(
      system,
    );
    const [{ id: messageId } = { id: '' }] = await as().em.find(Message, { conversationId: id, status: 'UNCONFIRMED' });
    const steps = [{ kind: 'REPLY' as const, text: 'Ja' }];
    const macro = await createMacro(as(), { sharing: 'EVERYBODY', name: 'Ja', steps, idempotencyKey: newId() });
    await hear();
    type Try = (ctx: ReturnType<typeof as>, more: { budgetOverride?: string }) => Promise<unknown>;
    const tries: readonly Try[] = [
      (ctx, more) => runMacro(ctx, { macroId: macro.id, conversationId: id, idempotencyKey: newId(), ...more }),
      (ctx, more) =>
        requestConsent(ctx, { conversationId: id, purpose: 'marketing', idempotencyKey: newId(), ...more }),
      (ctx, more) => settleUnconfirmedMessage(ctx, { messageId, decision: 'SEND_AGAIN', ...more }),
    ];
    const withoutRight = as({ permissions: PERMISSIONS.filter((permission) => permission !== 'cost:manage') });
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => undefined,
        (error: unknown) => (error instanceof DomainError ? (error.details['stepCode'] ?? error.code) : error),
      );
    const budgetOverride = 'The customer is about to leave';
    for (const attempt of tries) {
      expect(await codeOf(attempt(as(), {}))).toBe('BUDGET_USED_UP');
      expect(await codeOf(attempt(withoutRight, { budgetOverride }))).toBe('BEYOND_BUDGET_RIGHTS');
    }
    for (const attempt of tries) expect(await codeOf(attempt(as(), { budgetOverride }))).toBeUndefined();
    const name = auditEntryRecorded.get('conversation')!.name;
    const audited = (await conversation.logOf(workspaceId))
      .filter((event) => event.name === name)
      .map(({ data }) => data as AuditEntryRecorded)
      .filter(({ changes }) => changes?.['budgetOverride']?.after === budgetOverride);
    expect(audited.map(({ action }) => action)).toEqual(['message.send', 'contact.consent_record', 'message.send']);
  });
});
