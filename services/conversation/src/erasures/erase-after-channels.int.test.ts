import { channelMessageReceived, personErased } from '@fenster/contracts';
import { sql, transact, type Ctx } from '@fenster/database';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { Thread } from '../threads/thread.entity.js';
import { tracePerson } from './trace-person.js';

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

const db = () => conversation.database.system().getKysely();

async function waiting(count: number): Promise<void> {
  await eventually(async () => {
    const { rows } = await sql`
      select distinct pid from pg_locks join pg_stat_activity using (pid) where datname = current_database() and not granted
    `.execute(db());
    expect(rows).toHaveLength(count);
  });
}

// No foreign key would refuse to leave it behind: see `message-conversation` in migrations.ts.
it('given a message that is being stored, when the person is erased, then it goes too, after channels has looked again', async () => {
  const workspaceId = newId();
  const erasureId = newId();
  const ctx: Ctx = {
    database: conversation.database,
    now: systemClock,
    log: createLogger('test', 'silent'),
    wakeRelay: () => {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  };
  const write = () =>
    conversation.receive(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
  const erase = () =>
    conversation.receive(workspaceId, personErased.get('channels')!, { erasureId, report: { erased: [], kept: [] } });
  const left = async () => {
    const { rows } = await sql<{ messages: number; conversations: number; threads: number }>`
      select (select count(*)::int from message where workspace_id = ${workspaceId}) as messages,
        (select count(*)::int from conversation where workspace_id = ${workspaceId}) as conversations,
        (select count(*)::int from thread where workspace_id = ${workspaceId}) as threads
    `.execute(db());
    return rows[0];
  };
  await write();
  const [{ contactId } = {}] = await conversation.database.forTenant(workspaceId).find(Thread, {});
  const person = { erasureId, contactIds: [contactId!], personMarks: [] };
  await transact(ctx, (tx) => tracePerson(tx, { workspaceId, person, purpose: 'ERASE', origin: ctx.origin }));

  const both: Promise<void>[] = [];
  await transact(ctx, async (tx) => {
    // With its thread locked, and its row on the way, it waits here for its conversation.
    await sql`select from conversation where workspace_id = ${workspaceId} for update`.execute(tx.sql);
    both.push(write());
    await waiting(1);
    both.push(erase());
    await waiting(2);
  });
  await Promise.all(both);
  expect(await left()).toEqual({ messages: 2, conversations: 1, threads: 1 });

  await erase();
  expect(await left()).toEqual({ messages: 0, conversations: 0, threads: 0 });
});
