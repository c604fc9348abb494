/** What may leave over a channel, and what newsletters have used of it. */
export interface ChannelPace {
  now: Date;
  /** When some were handed over last; null if never. */
  handedAt: Date | null;
  /** As channels told; null where it has not. */
  messagesPerSecond: number | null;
  /** Persons outside their windows in 24 hours, of all numbers of the account; null where unlimited or not known. */
  recipientsPerDay: number | null;
  /** Handed over in the last 24 hours over channels of this account, or still under way, without those that were refused. */
  handedInDay: number;
}

/** One of those of a channel that have somebody due. */
export interface NewsletterPace {
  /** When some of it were handed over last; null if never. */
  handedAt: Date | null;
  /** Handed over, not known yet to have left, and not overtaken: see {@link OVERTAKEN_S}. */
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
/** Of a newsletter that has no more room one leaves that often: what comes of it tells whether the others are stuck, or nothing moves. */
const PROBE_EVERY_S = 60;
/** A message that was handed over so long before another one of its newsletter that has left is stuck, and takes no room. */
export const OVERTAKEN_S = 30;

/**
 * How many messages may be handed over now of each newsletter of a channel; those that have waited longest come first. Channels
 * keeps the provider's limits, whoever sends. This is to leave room for what agents write, and to have a pause, a withdrawal
 * or a limit that others have used up stop the rest at once, because it is still here.
 *
 * Each newsletter has room of its own, so that messages of which no outcome comes hold up no other one.
 */
export function allowancesOf(pace: ChannelPace, newsletters: readonly NewsletterPace[]): number[] {
  const { now, handedAt, messagesPerSecond, recipientsPerDay, handedInDay } = pace;
  const perSecond = (messagesPerSecond ?? UNKNOWN_PER_SECOND) * SHARE;
  const bySecond = Math.floor(perSecond * Math.min(secondsSince(handedAt, now) ?? Infinity, LONGEST_REST_S));
  const byDay = recipientsPerDay === null ? Infinity : recipientsPerDay - handedInDay;
  const roomOfEach = Math.ceil((perSecond * UNDER_WAY_S) / Math.max(1, newsletters.length));
  const rooms = newsletters.map((newsletter) => {
    const room = roomOfEach - newsletter.underWay;
    if (room > 0) return room;
    return (secondsSince(newsletter.handedAt, now) ?? Infinity) >= PROBE_EVERY_S ? 1 : 0;
  });
  return shareOut(Math.max(0, Math.min(bySecond, byDay)), rooms);
}

function secondsSince(then: Date | null, now: Date): number | undefined {
  return then === null ? undefined : Math.max(0, now.getTime() - then.getTime()) / 1_000;
}

/** In equal parts; what one has no room for is for the others, and what cannot be divided for the first ones. */
export function shareOut(allowance: number, rooms: readonly number[]): number[] {
  const shares = rooms.map(() => 0);
  let left = allowance;
  while (left > 0) {
    const open = rooms.flatMap((room, index) => (shares[index]! < room ? [index] : []));
    if (open.length === 0) break;
    const each = Math.max(1, Math.floor(left / open.length));
    for (const index of open) {
      const more = Math.min(each, rooms[index]! - shares[index]!, left);
      shares[index]! += more;
      left -= more;
    }
  }
  return shares;
}
