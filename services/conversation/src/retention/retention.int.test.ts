import {
  channelMessageChanged,
  channelMessageReceived,
  messageReceived,
  messagesEmptied,
  retentionFilesReleased,
  retentionRunReported,
  type RetentionClass,
  type RetentionReported,
} from '@fenster/contracts';
import {
  createRetentionWorker,
  postponeRetentionTask,
  sql,
  startRetentionTask,
  stopRetentionTask,
  transact,
  workOnRetention,
  type Ctx,
  type RetentionStep,
} from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { findTrace } from '../erasures/trace-person.js';
import { Message } from '../messages/message.entity.js';
import { MessageResolver } from '../messages/message.resolver.js';
import { messageWordsConsumer } from '../search/message-words.consumer.js';
import {
  createTestConversation,
  customerMessage,
  messageChange,
  type TestConversation,
} from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { retentionSteps } from './retention-steps.js';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-22T12:00:00Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS);

let conversation: TestConversation;
let workspaceId: string;
let now: Date;
beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());
beforeEach(() => {
  workspaceId = newId();
  now = NOW;
});

const em = () => conversation.database.forTenant(workspaceId);
const db = () => conversation.database.system().getKysely();
const ctx = (): Ctx => ({
  database: conversation.database,
  origin: { actor: { kind: 'system', id: 'test' }, correlationId: 'test' },
  log: createLogger('test', 'silent'),
  now: () => now,
  wakeRelay: () => {},
});

interface Said {
  contactId: string;
  conversationId: string;
  messageId: string;
  mediaId: string;
}

/** Somebody wrote so many days ago, with a file, and a colleague noted something. */
async function say(bsuid: string, days: number): Promise<Said> {
  now = daysAgo(days);
  const mediaId = newId();
  const data = customerMessage(conversation.channelId, {
    identity: { bsuid, profileName: bsuid },
    type: 'image',
    text: 'geheime Worte',
    payload: { id: '7', mime_type: 'image/jpeg', mediaId },
    sentAt: now.toISOString(),
  });
  await conversation.receive(workspaceId, channelMessageReceived, data);
  now = NOW;
  const message = await em().findOneOrFail(Message, { providerMessageId: data.providerMessageId });
  const { id: messageId, conversationId } = message;
  await index(message);
  const { rows } = await sql<{ contactId: string }>`
    with noted as (
      insert into note (workspace_id, id, conversation_id, text, mentioned_member_ids, after_seq, created_at)
      values (${workspaceId}, ${newId()}, ${conversationId}, 'ein Geheimnis', '{}', 1, ${daysAgo(days)})
    )
    select contact_id as "contactId" from conversation where workspace_id = ${workspaceId} and id = ${conversationId}
  `.execute(db());
  return { contactId: rows[0]!.contactId, conversationId, messageId, mediaId };
}

/** As the consumer does behind the transaction that stores a message. */
async function index({ id, conversationId }: Message): Promise<void> {
  const { handle } = messageWordsConsumer.subscriptions.find(({ event }) => event === messageReceived)!;
  await transact(ctx(), (tx) => handle(tx, [{ workspaceId, data: { messageId: id, conversationId } } as never]));
}

interface Order {
  rules?: Partial<Record<RetentionClass, number>>;
  isDryRun?: boolean;
  held?: readonly string[];
  expiresAt?: Date;
  runId?: string;
}

async function order({
  rules = { MESSAGES: 30 },
  isDryRun = false,
  held = [],
  expiresAt,
  runId = newId(),
}: Order = {}) {
  const data = {
    runId,
    isDryRun,
    rules: Object.entries(rules).map(([retentionClass, days]) => ({
      retentionClass: retentionClass as RetentionClass,
      before: daysAgo(days).toISOString(),
    })),
    heldContactIds: [...held],
    expiresAt: (expiresAt ?? new Date(NOW.getTime() + 3_600_000)).toISOString(),
  };
  await transact(ctx(), (tx) => startRetentionTask(tx, workspaceId, data));
  return runId;
}

const work = () => workOnRetention({ service: 'conversation', ctx: ctx(), steps: retentionSteps });

async function reportOf(runId: string): Promise<RetentionReported> {
  const log = await conversation.logOf(workspaceId);
  const { name } = retentionRunReported.get('conversation')!;
  return log.find((event) => event.name === name && event.entityId === runId)?.data as RetentionReported;
}

/** The whole of a run. */
async function run(ordered: Order = {}): Promise<RetentionReported> {
  const runId = await order(ordered);
  while (await work());
  return reportOf(runId);
}

const counted = ({ counts }: RetentionReported) => Object.fromEntries(counts.map(({ what, count }) => [what, count]));

async function wordsOf(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from search_entry where workspace_id = ${workspaceId} and kind <> 'CONTACT'
  `.execute(db());
  return rows[0]!.count;
}

describe('a run of retention', () => {
  it('takes what was said, and leaves the message where it was', async () => {
    const { messageId, mediaId } = await say('DE.1', 40);
    const before = await em().findOneOrFail(Message, { id: messageId });
    expect(await wordsOf()).toBe(1);
    expect(counted(await run())).toEqual({ messages: 1, files: 1 });
    const after = await em().fork().findOneOrFail(Message, { id: messageId });
    expect({ ...after }).toEqual({ ...before, text: null, payload: null, contentRemovedAt: NOW });
    expect(await wordsOf()).toBe(0);
    const released = (await conversation.logOf(workspaceId)).filter(({ name }) => name === retentionFilesReleased.name);
    expect(released.map(({ data }) => data)).toEqual([{ mediaIds: [mediaId] }]);
    expect(await run()).toMatchObject({ outcome: 'DONE', counts: [] });
  });

  it('takes earlier versions and reactions with it, and what was said after the last run', async () => {
    const { messageId, contactId } = await say('DE.1', 100);
    const { providerMessageId } = await em().findOneOrFail(Message, { id: messageId });
    const change = (what: Parameters<typeof messageChange>[2]) =>
      messageChange(conversation.channelId, providerMessageId!, what, { sentAt: daysAgo(99).toISOString() });
    await conversation.receive(
      workspaceId,
      channelMessageChanged,
      change({ kind: 'edit', type: 'text', text: 'andere Worte' }),
      change({ kind: 'reaction', emoji: '👍' }),
    );
    const trace = () => transact(ctx(), (tx) => findTrace(tx, workspaceId, [contactId]));
    const traced = (await trace()).keys.toSorted();
    // Of the message, its other version and the reaction.
    expect(traced).toHaveLength(3);
    expect(counted(await run())).toEqual({ messages: 1, earlier_versions: 2, files: 1 });
    expect((await trace()).keys.toSorted()).toEqual(traced);
    expect(await em().fork().findOneOrFail(Message, { id: messageId })).toMatchObject({ reactions: null, text: null });
    await say('DE.1', 50);
    expect(counted(await run())).toEqual({ messages: 1, files: 1 });
  });

  it('tells open inboxes of each conversation once', async () => {
    const first = await say('DE.1', 50);
    await say('DE.1', 40);
    const second = await say('DE.2', 40);
    await run();
    await run();
    const told = (await conversation.logOf(workspaceId)).filter(({ name }) => name === messagesEmptied.name);
    const sentBefore = daysAgo(30).toISOString();
    expect(new Set(told.map(({ data }) => data))).toEqual(
      new Set([first, second].map(({ conversationId }) => ({ conversationId, sentBefore }))),
    );
    expect(told).toHaveLength(2);
  });

  it('leaves a file that we sent to an erasure, which still finds it', async () => {
    const { messageId, contactId } = await say('DE.1', 40);
    const mediaId = newId();
    await sql`
      update message set direction = 'OUTBOUND', payload = jsonb_build_object('mediaId', ${mediaId}::text)
      where workspace_id = ${workspaceId} and id = ${messageId}
    `.execute(db());
    expect(counted(await run())).toEqual({ messages: 1 });
    const { media } = await transact(ctx(), (tx) => findTrace(tx, workspaceId, [contactId]));
    expect(media).toEqual([mediaId]);
  });

  it('leaves nothing for whoever reacts to what is gone, or edits it', async () => {
    const { messageId } = await say('DE.1', 40);
    await run();
    const { providerMessageId } = await em().findOneOrFail(Message, { id: messageId });
    const change = (what: Parameters<typeof messageChange>[2]) =>
      messageChange(conversation.channelId, providerMessageId!, what);
    await conversation.receive(
      workspaceId,
      channelMessageChanged,
      change({ kind: 'edit', type: 'text', text: 'andere Worte' }),
      change({ kind: 'reaction', emoji: '👍' }),
    );
    expect(await em().fork().findOneOrFail(Message, { id: messageId })).toMatchObject({ reactions: null, text: null });
  });

  it('takes notes, drafts, reasons and summaries of conversations in which nobody has written since', async () => {
    const { conversationId } = await say('DE.1', 40);
    await say('DE.2', 3);
    const told = { workspaceId, conversationId, at: daysAgo(40) };
    await sql`
      insert into draft (workspace_id, conversation_id, version, text, edited_by_kind, edited_by_id, edited_at,
        announced_version, announced_at)
      values (${workspaceId}, ${conversationId}, 1, 'fast', 'member', ${newId()}, ${told.at}, 1, ${told.at})
    `.execute(db());
    await sql`
      insert into activity (workspace_id, id, conversation_id, kind, actor_kind, reason, occurred_at)
      values (${workspaceId}, ${newId()}, ${conversationId}, 'STATUS', 'member', 'weil', ${told.at}),
        (${workspaceId}, ${newId()}, ${conversationId}, 'STATUS', 'member', 'eben erst', ${NOW}),
        (${workspaceId}, ${newId()}, ${conversationId}, 'CONSENT', 'system', 'says Fenster', ${told.at}),
        (${workspaceId}, ${newId()}, ${conversationId}, 'IDENTITY', 'system', 'says Fenster too', ${told.at})
    `.execute(db());
    await sql`
      insert into control (workspace_id, conversation_id, since, summary)
      values (${workspaceId}, ${conversationId}, ${told.at}, 'wollte etwas')
    `.execute(db());
    // What still waits ends within days, by itself.
    await sql`
      insert into held_message (workspace_id, id, conversation_id, thread_id, type, text, author_kind, author_id,
        budget_id, state, held_at, expires_at)
      select ${workspaceId}, id, ${conversationId}, ${newId()}, 'text', 'nie gesendet', 'member', ${newId()}, ${newId()},
        state, ${told.at}, ${told.at}
      from (values (${newId()}::uuid, 'DECLINED'), (${newId()}::uuid, 'HELD')) as held (id, state)
    `.execute(db());
    const rules = { NOTES: 30 };
    const gone = { notes: 1, drafts: 1, held_messages: 1, reasons: 1, summaries: 1 };
    expect(counted(await run({ rules, isDryRun: true }))).toEqual(gone);
    expect(counted(await run({ rules }))).toEqual(gone);
    expect(await run({ rules })).toMatchObject({ counts: [] });
    const { rows } = await sql`
      select (select count(*)::int from note where workspace_id = ${workspaceId}) as notes,
        (select jsonb_build_object('text', text, 'version', version) from draft where workspace_id = ${workspaceId}) as draft,
        (select array_agg(reason order by reason) from activity where workspace_id = ${workspaceId} and reason is not null) as reasons
    `.execute(db());
    expect(rows).toEqual([
      { notes: 1, draft: { text: null, version: 2 }, reasons: ['eben erst', 'says Fenster', 'says Fenster too'] },
    ]);
  });

  it('stops before the next part when it is told to, and says exactly what it had removed', async () => {
    // More than one part locks.
    now = daysAgo(40);
    const written = Array.from({ length: 51 }, (_, person) =>
      customerMessage(conversation.channelId, { identity: { bsuid: `DE.${person}` }, sentAt: now.toISOString() }),
    );
    await conversation.receive(workspaceId, channelMessageReceived, ...written);
    now = NOW;
    const runId = await order();
    await work();
    await transact(ctx(), (tx) => stopRetentionTask(tx, workspaceId, runId));
    while (await work());
    const report = await reportOf(runId);
    expect(report).toMatchObject({ outcome: 'STOPPED' });
    expect(counted(report)).toEqual({ messages: 50 });
    expect(await em().count(Message, { contentRemovedAt: null })).toBe(1);
    expect(counted(await run())).toEqual({ messages: 1 });
  });

  it('is not begun when its order is too old, nor when it was taken back in the same breath', async () => {
    await say('DE.1', 40);
    expect(await run({ expiresAt: NOW })).toMatchObject({ outcome: 'EXPIRED', counts: [] });
    const runId = await order();
    await transact(ctx(), (tx) => stopRetentionTask(tx, workspaceId, runId));
    while (await work());
    expect(await reportOf(runId)).toMatchObject({ outcome: 'STOPPED', counts: [] });
    expect(await em().count(Message, { contentRemovedAt: null })).toBe(1);
  });

  it('is not begun by an order that comes after its stop, and reports once', async () => {
    await say('DE.1', 40);
    const runId = newId();
    await transact(ctx(), (tx) => stopRetentionTask(tx, workspaceId, runId));
    expect(await work()).toBe(false);
    expect(await reportOf(runId)).toBeUndefined();
    await order({ runId });
    while (await work());
    // Neither does the same stop, told again after the end.
    await transact(ctx(), (tx) => stopRetentionTask(tx, workspaceId, runId));
    while (await work());
    const { name } = retentionRunReported.get('conversation')!;
    const reports = (await conversation.logOf(workspaceId)).filter((event) => event.name === name);
    expect(reports.map(({ data }) => data)).toEqual([{ runId, outcome: 'STOPPED', counts: [] }]);
    expect(await em().count(Message, { contentRemovedAt: null })).toBe(1);
  });

  it('takes turns with others, and waits longer each time that it fails', async () => {
    const [first, second] = [await order(), await order()].toSorted();
    const parts: string[] = [];
    const step: RetentionStep = {
      retentionClass: 'MESSAGES',
      count: () => Promise.reject(new Error('not asked')),
      remove: async (_tx, _due, position) => {
        parts.push(position ?? 'first');
        return { removed: {}, position: 'next' };
      },
    };
    const worked: string[] = [];
    for (let part = 0; part < 4; part += 1) {
      await workOnRetention({ service: 'conversation', ctx: ctx(), steps: [step] }, (task) => worked.push(task.runId));
    }
    expect(worked).toEqual([first, second, first, second]);
    expect(parts).toEqual(['first', 'first', 'next', 'next']);
    await sql`delete from retention_task where run_id = ${second}`.execute(db());
    const postponed = { workspaceId, runId: first! };
    const isWorkedOnAt = async (seconds: number) => {
      now = new Date(NOW.getTime() + seconds * 1_000);
      try {
        return await workOnRetention({ service: 'conversation', ctx: ctx(), steps: [step] });
      } finally {
        now = NOW;
      }
    };
    await transact(ctx(), (tx) => postponeRetentionTask(tx, postponed));
    expect(await isWorkedOnAt(4)).toBe(false);
    await transact(ctx(), (tx) => postponeRetentionTask(tx, postponed));
    expect(await isWorkedOnAt(9)).toBe(false);
    expect(await isWorkedOnAt(10)).toBe(true);
    // Whoever stops it waits for nothing.
    await transact(ctx(), (tx) => postponeRetentionTask(tx, postponed));
    await transact(ctx(), (tx) => stopRetentionTask(tx, workspaceId, first!));
    expect(await isWorkedOnAt(0)).toBe(true);
    expect(await reportOf(first!)).toMatchObject({ outcome: 'STOPPED' });
  });

  it('goes on in other workspaces where one of them fails', async () => {
    const failing = await order();
    workspaceId = newId();
    const good = await order();
    const step: RetentionStep = {
      retentionClass: 'MESSAGES',
      count: () => Promise.reject(new Error('not asked')),
      remove: async (_tx, due) => {
        if (due.workspaceId !== workspaceId) throw new Error('on purpose');
        return { removed: { messages: 1 }, position: null };
      },
    };
    const worker = createRetentionWorker({ service: 'conversation', ctx: ctx(), steps: [step] });
    worker.start();
    try {
      await eventually(async () => expect(await reportOf(good)).toMatchObject({ outcome: 'DONE' }));
    } finally {
      await worker.stop();
    }
    const { rows } = await sql`delete from retention_task where run_id = ${failing} returning run_id`.execute(db());
    expect(rows).toHaveLength(1);
  });

  it('shows no content of what it took', async () => {
    const { messageId } = await say('DE.1', 40);
    await run();
    const message = await em().fork().findOneOrFail(Message, { id: messageId });
    const asked = requestContext(conversation.database, { workspaceId });
    expect(new MessageResolver().content(message, asked)).toBeNull();
    expect(new MessageResolver().text(message, asked)).toBeNull();
    expect(new MessageResolver().content({ ...message, contentRemovedAt: null }, asked)).not.toBeNull();
  });

  it('leaves alone what belongs to another workspace', async () => {
    const other = workspaceId;
    await say('DE.1', 40);
    workspaceId = newId();
    await say('DE.1', 40);
    expect(counted(await run({ rules: { MESSAGES: 30, NOTES: 30 } }))).toEqual({ messages: 1, files: 1, notes: 1 });
    workspaceId = other;
    expect(await em().count(Message, { contentRemovedAt: null })).toBe(1);
  });

  it('never touches who is held nor what is younger than the rule, and removes exactly what the dry run said', async () => {
    const people = fc.array(
      fc.record({
        days: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 3 }),
        isHeld: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(people, fc.integer({ min: 1, max: 60 }), async (history, age) => {
        workspaceId = newId();
        const held = new Set<string>();
        const messages: { id: string; lastDays: number; isHeld: boolean }[] = [];
        for (const [index, { days, isHeld }] of history.entries()) {
          const lastDays = Math.min(...days);
          for (const each of days.toSorted((one, other) => other - one)) {
            const { contactId, messageId } = await say(`DE.${index}`, each);
            if (isHeld) held.add(contactId);
            messages.push({ id: messageId, lastDays, isHeld });
          }
        }
        const rules = { MESSAGES: age, NOTES: age };
        const planned = counted(await run({ rules, held: [...held], isDryRun: true }));
        const all = await em().fork().find(Message, {});
        expect(all.every(({ text }) => text === 'geheime Worte')).toBe(true);
        expect(counted(await run({ rules, held: [...held] }))).toEqual(planned);
        const left = new Set((await em().fork().find(Message, { contentRemovedAt: null })).map(({ id }) => id));
        const stays = messages.filter(({ lastDays, isHeld }) => isHeld || lastDays <= age);
        expect(left).toEqual(new Set(stays.map(({ id }) => id)));
        // Released: now the rule holds for them too.
        const rest = counted(await run({ rules }));
        const young = messages.filter(({ lastDays }) => lastDays <= age).length;
        expect((planned['messages'] ?? 0) + (rest['messages'] ?? 0)).toBe(messages.length - young);
      }),
      { numRuns: 6 },
    );
  });
});
