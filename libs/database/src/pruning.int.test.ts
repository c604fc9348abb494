import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/support/test-database.js';
import { openDatabase, sql, type Database } from './database.js';
import { prune, RETENTION_DAYS } from './pruning.js';

const NOW = new Date('2026-11-22T10:00:00Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);
const DEAD_LETTER_DAYS = 7;
const KEPT_DAYS = {
  outbox: RETENTION_DAYS.outbox,
  inbox: RETENTION_DAYS.inbox,
  idempotency_key: RETENTION_DAYS.idempotencyKey,
  dead_letter: DEAD_LETTER_DAYS,
};
const MORE_THAN_A_CHUNK = 5_001;

let database: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
  const created = await createTestDatabase('pruned', []);
  drop = created.drop;
  const log = createLogger('test', 'silent');
  database = await openDatabase({ service: 'pruned', url: created.url, poolSize: 2, entities: [], log });
});
afterAll(async () => {
  await database?.close();
  await drop?.();
});

const kysely = () => database.system().getKysely();
/** So many rows of that age. */
const INSERTS: Record<
  keyof typeof KEPT_DAYS,
  (at: Date, count: number) => { execute(db: ReturnType<typeof kysely>): Promise<unknown> }
> = {
  outbox: (at, count) => sql`
    insert into outbox (workspace_id, seq, id, name, version, entity_id, envelope, recorded_at)
    select ${newId()}, n, gen_random_uuid(), 'n', 1, gen_random_uuid(), '{}', ${at} from generate_series(1, ${count}::int) n`,
  inbox: (at, count) => sql`
    insert into inbox (consumer, event_id, handled_at)
    select 'c', gen_random_uuid(), ${at} from generate_series(1, ${count}::int)`,
  idempotency_key: (at, count) => sql`
    insert into idempotency_key (workspace_id, actor_id, key, operation, input_hash, result_id, created_at)
    select ${newId()}, ${newId()}, n, 'o', 'h', gen_random_uuid(), ${at} from generate_series(1, ${count}::int) n`,
  dead_letter: (at, count) => sql`
    insert into dead_letter (id, workspace_id, source, payload, reason, occurred_at)
    select gen_random_uuid(), ${newId()}, 'c', '{"text":"geheim"}', 'r', ${at} from generate_series(1, ${count}::int)`,
};

describe('pruning', () => {
  it.each(Object.entries(KEPT_DAYS) as [keyof typeof KEPT_DAYS, number][])(
    'deletes of %s what is older than %d days, all of it, and nothing else',
    async (table, days) => {
      await INSERTS[table](daysAgo(days + 1), MORE_THAN_A_CHUNK).execute(kysely());
      await INSERTS[table](daysAgo(days - 1), 3).execute(kysely());
      await prune(database, NOW, DEAD_LETTER_DAYS);
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(kysely());
      expect(rows).toEqual([{ n: 3 }]);
    },
  );
});
