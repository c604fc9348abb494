/**
 * A token bucket, told by one number: when it is full again (milliseconds since the epoch). Each token that is taken
 * moves that by one interval; a bucket that was never used is full.
 */
export interface BucketRule {
  /** How long one token takes to come back, in milliseconds. */
  intervalMs: number;
  /** How many tokens a full bucket has. */
  capacity: number;
}

/** Clocks of several machines differ, and JavaScript's fractions are not exact: less than this is no debt. */
const TOLERANCE_MS = 1e-3;

export function tokensLeft({ intervalMs, capacity }: BucketRule, fullAt: number, now: number): number {
  const missing = Math.max(0, fullAt - now - TOLERANCE_MS) / intervalMs;
  return Math.max(0, Math.floor(capacity - missing));
}

/** When the bucket is full again after `count` more tokens. */
export function afterTaking({ intervalMs }: BucketRule, fullAt: number, now: number, count: number): number {
  return count === 0 ? fullAt : Math.max(fullAt, now) + count * intervalMs;
}

/** When there is a token; in the past if there is one. */
export function nextTokenAt({ intervalMs, capacity }: BucketRule, fullAt: number): number {
  return fullAt - (capacity - 1) * intervalMs;
}

/** When the bucket is full again if somebody who knows better says that there is no token until then, and one then. */
export function emptyUntil({ intervalMs, capacity }: BucketRule, fullAt: number, until: number): number {
  return Math.max(fullAt, until + (capacity - 1) * intervalMs);
}

/** What may leave over a kind of channel, unless something else is known of the channel itself. */
export interface SendLimits {
  messagesPerSecond: number;
  /** Of those whose provider tells the level HIGH. */
  highMessagesPerSecond?: number;
  /** To one person. */
  pair?: BucketRule;
}

/**
 * A tenth of a second's messages may leave at once, and the rest evenly: not more than `perSecond` in any second,
 * wherever that begins.
 */
export function numberRule(perSecond: number): BucketRule {
  const capacity = Math.max(1, Math.round(perSecond / 10));
  return { intervalMs: 1_000 / (perSecond - capacity + 1), capacity };
}

/** @param setting what somebody decided for the channel; @param throughput the level that the provider tells. */
export function messagesPerSecond(limits: SendLimits, setting: number | null, throughput: string | null): number {
  return setting ?? (throughput === 'HIGH' ? limits.highMessagesPerSecond : undefined) ?? limits.messagesPerSecond;
}

/** How many persons may be written to outside their windows in 24 hours; undefined if unlimited or not known. */
export function peoplePerDay(messagingLimit: string | null): number | undefined {
  const tier = /^TIER_(\d{1,9})(K?)$/.exec(messagingLimit ?? '');
  return tier ? Number(tier[1]) * (tier[2] === 'K' ? 1_000 : 1) : undefined;
}
