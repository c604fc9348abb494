import type { Ctx, Tx } from '@fenster/database';
import { sql, transact } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConversation, type TestConversation } from '../testing/conversation.js';
import { runDueTimers } from './timer-runner.js';
import { clearTimers, setTimers, type Timer, type TimerDefinition } from './timer.js';

let conversation: TestConversation;
let ctx: Ctx;
let now = new Date('2026-11-22T09:00:00Z');
const workspaceId = newId();

beforeAll(async () => {
  conversation = await createTestConversation(() => now);
  const { database } = conversation;
  const log = createLogger('test', 'silent');
  ctx = {
    database,
    log,
    now: () => now,
    wakeRelay: () => {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  };
});
afterAll(() => conversation.close());
beforeEach(async () => {
  await sql`delete from timer`.execute(conversation.database.system().getKysely());
  await sql`delete from dead_letter`.execute(conversation.database.system().getKysely());
});

const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const timer = (dueAt: Date, subjectId = newId()): Timer => ({ workspaceId, subjectId, dueAt });
const set = (kind: string, ...timers: Timer[]) => transact(ctx, (tx) => setTimers(tx, { kind }, timers));

async function deadLetters() {
  const letters = sql`select workspace_id, source, payload, reason from dead_letter`;
  return (await letters.execute(conversation.database.system().getKysely())).rows;
}

/** Notes what has been handled; in the database, so that it counts only if it is committed. */
function noting(kind: string, work: (tx: Tx, due: readonly Timer[]) => void = () => {}) {
  const handled: string[] = [];
  const definition: TimerDefinition = {
    kind,
    async handle(tx, due) {
      work(tx, due);
      tx.afterCommit(() => handled.push(...due.map((each) => each.subjectId)));
    },
  };
  return { definition, handled };
}

describe('a timer', () => {
  it('takes effect when it is due, not before, and once', async () => {
    const [late, early, never] = [timer(minutes(-1)), timer(minutes(-5)), timer(minutes(1))];
    await set('bell', late, early, never);
    const bell = noting('bell');
    expect(await runDueTimers(ctx, [bell.definition])).toBe(2);
    expect(await runDueTimers(ctx, [bell.definition])).toBe(0);
    expect(bell.handled).toEqual([early.subjectId, late.subjectId]);
  });

  it('is moved when it is set again, and gone when it is cleared', async () => {
    const [moved, cleared] = [timer(minutes(-1)), timer(minutes(-1))];
    await set('bell', moved, cleared);
    await set('bell', { ...moved, dueAt: minutes(1) });
    await transact(ctx, (tx) => clearTimers(tx, { kind: 'bell' }, [cleared]));
    const bell = noting('bell');
    expect(await runDueTimers(ctx, [bell.definition])).toBe(0);
    now = minutes(2);
    await runDueTimers(ctx, [bell.definition]);
    expect(bell.handled).toEqual([moved.subjectId]);
  });

  it('takes effect once, however many processes look at the same moment', async () => {
    const all = Array.from({ length: 40 }, () => timer(minutes(-1)));
    await set('bell', ...all);
    const bell = noting('bell');
    await Promise.all(Array.from({ length: 4 }, () => runDueTimers(ctx, [bell.definition])));
    expect(bell.handled.toSorted()).toEqual(all.map((each) => each.subjectId).toSorted());
  });

  it('that cannot be handled becomes a dead letter and keeps no other from its effect', async () => {
    const [good, bad, alsoGood] = [timer(minutes(-3)), timer(minutes(-2)), timer(minutes(-1))];
    await set('bell', good, bad, alsoGood);
    const bell = noting('bell', (_tx, due) => {
      if (due.some((each) => each.subjectId === bad.subjectId)) throw new Error('broken');
    });
    await runDueTimers(ctx, [bell.definition]);
    expect(bell.handled).toEqual([good.subjectId, alsoGood.subjectId]);
    expect(await deadLetters()).toMatchObject([{ workspace_id: workspaceId, source: 'timer bell', reason: 'Error' }]);
    expect(await runDueTimers(ctx, [bell.definition])).toBe(0);
  });

  it('that is at fault is the one that becomes a dead letter, whatever else comes due meanwhile', async () => {
    const [bad, twin, earlier] = [timer(minutes(-1)), timer(minutes(-1)), timer(minutes(-9))];
    await set('bell', bad, twin);
    const bell = noting('bell');
    const handle = bell.definition.handle;
    const definition: TimerDefinition = {
      kind: 'bell',
      async handle(tx, due) {
        if (due.some((each) => each.subjectId === bad.subjectId)) {
          await set('bell', earlier);
          throw new Error('broken');
        }
        await handle(tx, due);
      },
    };
    while ((await runDueTimers(ctx, [definition])) > 0);
    expect(bell.handled.toSorted()).toEqual([twin.subjectId, earlier.subjectId].toSorted());
    expect(await deadLetters()).toMatchObject([{ payload: expect.stringContaining(bad.subjectId) }]);
  });

  it('of a kind that only a later version knows is left to it', async () => {
    const theirs = timer(minutes(-1));
    await set('of-a-later-version', theirs);
    const bell = noting('bell');
    expect(await runDueTimers(ctx, [bell.definition])).toBe(0);
    const later = noting('of-a-later-version');
    await runDueTimers(ctx, [bell.definition, later.definition]);
    expect(later.handled).toEqual([theirs.subjectId]);
  });

  it('stays while the database is away', async () => {
    const only = timer(minutes(-1));
    await set('bell', only);
    const away = noting('bell', () => {
      throw Object.assign(new Error('gone'), { code: '57P01' });
    });
    await expect(runDueTimers(ctx, [away.definition])).rejects.toThrow('gone');
    const bell = noting('bell');
    await runDueTimers(ctx, [bell.definition]);
    expect(bell.handled).toEqual([only.subjectId]);
  });
});
