/** How often something may be tried in vain. */
export interface AttemptLimit {
  /** Attempts without any delay. */
  readonly free: number;
  /** One attempt is forgotten after this long, in milliseconds. */
  readonly forgetsOneAfterMs: number;
  /** The delay after the first attempt beyond the free ones; each further one doubles it. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** What is known of one account or one client address. */
export interface AttemptRecord {
  /** Attempts that are not forgotten yet, at the time `countedAt`; a fraction is one that is being forgotten. */
  readonly level: number;
  readonly countedAt: Date;
  /** Null rather than a time that has passed: clocks of several processes differ. */
  readonly blockedUntil: Date | null;
}

/**
 * Whoever knows the address of a member can keep that account busy, so the longest delay is bounded: sessions go on
 * meanwhile. Against guessing it leaves some 150 attempts a day.
 */
export const ACCOUNT_LIMIT: AttemptLimit = {
  free: 5,
  forgetsOneAfterMs: 600_000,
  firstDelayMs: 2_000,
  maxDelayMs: 900_000,
};
/** A whole office may sit behind one address, and only what fails there counts. */
export const ADDRESS_LIMIT: AttemptLimit = {
  free: 30,
  forgetsOneAfterMs: 30_000,
  firstDelayMs: 2_000,
  maxDelayMs: 300_000,
};

/** Milliseconds until the next attempt is allowed; 0 if it is now. */
export function waitOf(record: AttemptRecord, now: Date): number {
  return record.blockedUntil ? Math.max(0, record.blockedUntil.getTime() - now.getTime()) : 0;
}

/** After one more attempt, which was allowed. It counts before its outcome is known, or many at once would pass. */
export function countAttempt(record: AttemptRecord, limit: AttemptLimit, now: Date): AttemptRecord {
  const elapsed = Math.max(0, now.getTime() - record.countedAt.getTime());
  const level = Math.max(0, record.level - elapsed / limit.forgetsOneAfterMs) + 1;
  const beyond = Math.ceil(level) - limit.free;
  const delay = beyond > 0 ? Math.min(limit.maxDelayMs, limit.firstDelayMs * 2 ** (beyond - 1)) : 0;
  return { level, countedAt: now, blockedUntil: delay > 0 ? new Date(now.getTime() + delay) : null };
}

/** After an attempt that succeeded: as if it had not been made. It does not make up for those that failed. */
export function takeBack(record: AttemptRecord, limit: AttemptLimit): AttemptRecord {
  const level = Math.max(0, record.level - 1);
  return { ...record, level, blockedUntil: level <= limit.free ? null : record.blockedUntil };
}
