import { channelMessageReceived, memberChanged } from '@fenster/contracts';
import { sql, transact, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { runDueTimers } from './timer-runner.js';
import { setTimers } from './timer.js';
import { timers } from './timers.js';

let conversation: TestConversation;
let ctx: Ctx;
const now = new Date('2026-11-22T09:00:00Z');

beforeAll(async () => {
  conversation = await createTestConversation(() => now);
  const origin = { actor: { kind: 'system' }, correlationId: 'test' } as const;
  ctx = {
    database: conversation.database,
    log: createLogger('test', 'silent'),
    now: () => now,
    wakeRelay() {},
    origin,
  };
});
afterAll(() => conversation.close());

const db = () => conversation.database.system().getKysely();
const look = () => runDueTimers(ctx, timers);

async function kindsIn(workspaceId: string): Promise<string[]> {
  const { rows } = await sql<{ kind: string }>`
    select kind from timer where workspace_id = ${workspaceId} and due_at <= ${now}
  `.execute(db());
  return rows.map(({ kind }) => kind);
}

/** Fails as soon as a statement waits for the lock of another transaction. */
async function withoutWaiting(work: Promise<unknown>): Promise<void> {
  const isDone = work.then(() => true);
  while (!(await Promise.race([isDone, setTimeout(10, false)]))) {
    const { rows } = await sql`
      select mode from pg_locks where not granted and pid in (
        select pid from pg_locks join pg_database on oid = database where datname = current_database()
      )
    `.execute(db());
    expect(rows).toEqual([]);
  }
}

async function opened() {
  const workspaceId = newId();
  await conversation.receive(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
  const { id, threadId } = (await conversation.database.forTenant(workspaceId).find(Conversation, {}))[0]!;
  return { workspaceId, id, threadId };
}

/** The timers run while somebody works on the thread. */
function lookMeanwhile({ workspaceId, threadId }: { workspaceId: string; threadId: string }): Promise<void> {
  return transact(ctx, async (tx) => {
    await sql`select from thread where workspace_id = ${workspaceId} and id = ${threadId} for update`.execute(tx.sql);
    await withoutWaiting(look());
  });
}

describe('a timer about a thread that somebody works on', () => {
  it.each([
    ...['conversation-began', 'customer-wrote', 'snooze-end', 'claim-expiry', 'draft-announcement', 'returning'].map(
      (kind) => [kind, 'id'] as const,
    ),
    ['service-window', 'threadId'],
    ['free-entry-point', 'threadId'],
  ] as const)(
    'of the kind %s waits for nobody, because they may be waiting for it; it stays due',
    async (kind, key) => {
      const subject = await opened();
      const { workspaceId } = subject;
      await transact(ctx, (tx) => setTimers(tx, { kind }, [{ workspaceId, subjectId: subject[key], dueAt: now }]));
      await lookMeanwhile(subject);
      expect(await kindsIn(workspaceId)).toEqual([kind]);
      await look();
      expect(await kindsIn(workspaceId)).toEqual([]);
    },
  );

  it('leaves its turn to what nobody works on, and takes the rest later', async () => {
    const subject = await opened();
    const { workspaceId } = subject;
    await conversation.receive(
      workspaceId,
      channelMessageReceived,
      customerMessage(conversation.channelId, { identity: { bsuid: 'DE.other' } }),
    );
    const memberId = newId();
    const em = conversation.database.forTenant(workspaceId);
    await em.nativeUpdate(Conversation, {}, { assigneeId: memberId });
    const gone = { memberId, name: 'Anna', status: 'REMOVED' as const, permissions: [] };
    await conversation.receive(workspaceId, memberChanged, gone);
    await lookMeanwhile(subject);
    expect(await em.find(Conversation, { assigneeId: memberId })).toMatchObject([{ id: subject.id }]);
    await look();
    expect(await em.count(Conversation, { assigneeId: memberId })).toBe(0);
    await look();
    expect(await kindsIn(workspaceId)).toEqual([]);
  });
});
