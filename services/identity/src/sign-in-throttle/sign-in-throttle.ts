import { createHmac } from 'node:crypto';
import { sql, transact, unnest, type Ctx, type Tx } from '@fenster/database';
import { DomainError, networkOf } from '@fenster/runtime';
import { ACCOUNT_LIMIT, ADDRESS_LIMIT, countAttempt, takeBack, waitOf, type AttemptLimit } from './attempt-limit.js';

export interface SignInThrottle {
  /**
   * Counts an attempt to sign in, before anybody looks whether it is right.
   * @throws DomainError TOO_MANY_ATTEMPTS, the same whether or not there is such an account.
   */
  begin(attempt: { email?: string; clientAddress?: string | undefined }): Promise<{ succeeded(): Promise<void> }>;
}

interface Subject {
  key: string;
  limit: AttemptLimit;
}

interface Row {
  key: string;
  level: number;
  counted_at: Date;
  blocked_until: Date | null;
}

/** Long after the last attempt there is nothing left that the longest limit had not forgotten. */
const FORGOTTEN_AFTER_MS = 86_400_000;
/** Each attempt adds two rows at most, and clears away twice as many. */
const CLEARED_AT_ONCE = 4;

/** Counts in PostgreSQL, so that all processes of the service count together and a restart forgets nothing. */
export function createSignInThrottle(ctx: Ctx, secretKey: Buffer): SignInThrottle {
  // Who tried to sign in is nobody's business but theirs: of addresses the table holds a keyed hash.
  const keyOf = (kind: string, value: string) =>
    createHmac('sha256', secretKey).update(`sign-in ${kind} ${value}`).digest('base64url');

  return {
    async begin({ email, clientAddress }) {
      const account = email === undefined ? undefined : keyOf('account', email);
      const address = clientAddress === undefined ? undefined : keyOf('address', networkOf(clientAddress));
      const subjects = [
        ...(account ? [{ key: account, limit: ACCOUNT_LIMIT }] : []),
        ...(address ? [{ key: address, limit: ADDRESS_LIMIT }] : []),
      ].toSorted((a, b) => (a.key < b.key ? -1 : 1));

      const waitMs = await transact(ctx, async (tx) => {
        const records = await lock(tx, subjects);
        const now = tx.now();
        const longest = Math.max(0, ...records.map((record) => waitOf(record, now)));
        // Attempts while one has to wait do not count, or nobody who tries too early would ever get in.
        if (longest > 0) return longest;
        const counted = records.map(({ key, limit, ...record }) => ({ key, ...countAttempt(record, limit, now) }));
        await Promise.all([store(tx, counted), clearForgotten(tx)]);
        return 0;
      });
      if (waitMs > 0) throw tooManyAttempts(waitMs);

      return {
        async succeeded() {
          await transact(ctx, async (tx) => {
            const records = await lock(tx, subjects);
            const settled = records.map(({ key, limit, ...record }) => ({
              key,
              ...(key === account ? { ...record, level: 0, blockedUntil: null } : takeBack(record, limit)),
            }));
            await store(tx, settled);
          });
        },
      };
    },
  };
}

function tooManyAttempts(waitMs: number): DomainError {
  const retryAfterSeconds = Math.ceil(waitMs / 1_000);
  return new DomainError('TOO_MANY_ATTEMPTS', `Too many attempts. Try again in ${retryAfterSeconds} seconds.`, {
    details: { retryAfterSeconds },
  });
}

/** The subjects' records, made where there are none, and locked in the order of their keys. */
async function lock(tx: Tx, subjects: readonly Subject[]) {
  const { rows } = await sql<Row>`
    insert into sign_in_attempt as known (key, level, counted_at)
    select key, 0, ${tx.now()} from ${unnest('subject', { key: 'text' }, subjects)}
    on conflict (key) do update set key = excluded.key
    returning key, level, counted_at, blocked_until
  `.execute(tx.sql);
  return rows.map(({ key, level, counted_at: countedAt, blocked_until: blockedUntil }) => ({
    key,
    level,
    countedAt,
    blockedUntil,
    limit: subjects.find((subject) => subject.key === key)!.limit,
  }));
}

async function store(
  tx: Tx,
  records: readonly { key: string; level: number; countedAt: Date; blockedUntil: Date | null }[],
) {
  const rows = records.map(({ key, level, countedAt, blockedUntil }) => ({
    key,
    level,
    counted_at: countedAt,
    blocked_until: blockedUntil,
  }));
  const columns = { key: 'text', level: 'float8', counted_at: 'timestamptz', blocked_until: 'timestamptz' };
  await sql`
    update sign_in_attempt as known
    set level = record.level, counted_at = record.counted_at, blocked_until = record.blocked_until
    from ${unnest('record', columns, rows)} where known.key = record.key
  `.execute(tx.sql);
}

async function clearForgotten(tx: Tx): Promise<void> {
  const before = new Date(tx.now().getTime() - FORGOTTEN_AFTER_MS);
  await sql`
    delete from sign_in_attempt where ctid = any(array(
      select ctid from sign_in_attempt where counted_at < ${before} limit ${CLEARED_AT_ONCE} for update skip locked
    ))
  `.execute(tx.sql);
}
