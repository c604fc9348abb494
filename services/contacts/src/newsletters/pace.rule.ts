/** What may leave over a channel, and what newsletters have used of it. */
export interface ChannelPace {
  now: Date;
  /** When some were handed over last; null if never. */
  handedAt: Date | null;
  /** As channels told; null where it has not. */
  messagesPerSecond: number | null;
  /** Persons outside their windows in 24 hours, of all numbers of the account; null where unlimited or not known. */
  recipientsPerDay: number | null;
  /** Handed over in the last 24 hours over channels of this account, without those that were refused. */
  handedInDay: number;
  /** Handed over, and not known yet to have left. */
  underWay: number;
}

/** Of what the number can carry: the rest is for people who answer. */
const SHARE = 0.5;
/** Where nobody has told what a number can carry. */
const UNKNOWN_PER_SECOND = 10;
/** What was not used for longer than that is gone. */
const LONGEST_REST_S = 2;
/** So many seconds' messages may be on their way: whatever holds them up holds up the newsletter, and not agents. */
const UNDER_WAY_S = 10;

/**
 * How many messages of newsletters may be handed over for a channel now. Channels keeps the provider's limits, whoever
 * sends. This is to leave room for what agents write, and to have a pause, a withdrawal or a limit that others have used up
 * stop the rest at once, because it is still here.
 */
export function allowanceOf(pace: ChannelPace): number {
  const { now, handedAt, messagesPerSecond, recipientsPerDay, handedInDay, underWay } = pace;
  const perSecond = (messagesPerSecond ?? UNKNOWN_PER_SECOND) * SHARE;
  const rested = handedAt ? Math.max(0, now.getTime() - handedAt.getTime()) / 1_000 : LONGEST_REST_S;
  const bySecond = Math.floor(perSecond * Math.min(rested, LONGEST_REST_S));
  const byDay = recipientsPerDay === null ? Infinity : recipientsPerDay - handedInDay;
  const byWay = Math.ceil(perSecond * UNDER_WAY_S) - underWay;
  return Math.max(0, Math.min(bySecond, byDay, byWay));
}

/** What is there for several newsletters of a channel, in equal parts; what one does not need is for the others next time. */
export function shareOut(allowance: number, newsletters: number): number[] {
  const each = Math.floor(allowance / newsletters);
  const rest = allowance % newsletters;
  return Array.from({ length: newsletters }, (_, index) => each + (index < rest ? 1 : 0));
}
