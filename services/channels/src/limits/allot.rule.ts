import { afterTaking, nextTokenAt, tokensLeft, type BucketRule } from './token-bucket.rule.js';

/** A message that is due, the first of its thread. */
export interface DueMessage {
  id: string;
  channelId: string;
  /** Who gets it, from which number. */
  pair: string;
  /** The person alone, for limits that several numbers share. */
  person: string;
  /** Whether it goes to somebody whose service window is not open. */
  isOutsideWindow: boolean;
}

/** What a number may send now. */
export interface NumberState {
  channelId: string;
  rule: BucketRule;
  /** To one person; undefined where nobody limits that. */
  pairRule: BucketRule | undefined;
  fullAt: number;
  /** After failures a single message finds out whether the provider is back. */
  isProbing: boolean;
  /** Whose numbers share a limit of persons; undefined if nothing of it goes outside a window. */
  portfolioId?: string | undefined;
}

/** Of the last 24 hours, all numbers of a portfolio together. */
export interface PortfolioState {
  /** Undefined if there is no limit, or none is known. */
  limit: number | undefined;
  count: number;
  /** Those of the messages' recipients that count already. */
  counted: ReadonlySet<string>;
  /** When the first of those that count does so no longer. */
  nextPlaceAt: number | undefined;
}

export interface LimitState {
  now: number;
  /** How many may leave at all. */
  limit: number;
  numbers: readonly NumberState[];
  /** When the bucket of a pair is full again, by pair. */
  pairs: ReadonlyMap<string, number>;
  portfolios: ReadonlyMap<string, PortfolioState>;
}

export type LimitReason = 'PAIR_LIMIT' | 'PORTFOLIO_LIMIT';

export interface Allotment {
  /** May leave now. */
  leaving: DueMessage[];
  /** May not leave before `until`; the rest of their threads waits behind them. */
  waiting: { message: DueMessage; reason: LimitReason; until: number }[];
  /** How many tokens each number gives. */
  taken: Map<string, number>;
  pairs: Map<string, number>;
  /** Persons that are to be counted now, by portfolio. */
  counted: Map<string, Set<string>>;
}

/**
 * Which of the messages may leave, in their order, the numbers taking turns. Those for which only the number has no
 * token just stay: nothing has to be written down for them.
 */
export function allot(due: readonly DueMessage[], state: LimitState): Allotment {
  const { now, limit, numbers } = state;
  const result: Allotment = { leaving: [], waiting: [], taken: new Map(), pairs: new Map(), counted: new Map() };
  const byChannel = Map.groupBy(due, (message) => message.channelId);
  const queues = numbers.map((number) => ({
    number,
    messages: byChannel.get(number.channelId) ?? [],
    at: 0,
    tokens: Math.min(tokensLeft(number.rule, number.fullAt, now), number.isProbing ? 1 : Infinity),
  }));
  for (let moved = true; moved && result.leaving.length < limit;) {
    moved = false;
    for (const queue of queues) {
      if (queue.tokens === 0 || queue.at === queue.messages.length || result.leaving.length === limit) continue;
      moved = true;
      const message = queue.messages[queue.at]!;
      queue.at += 1;
      const hold = holdOf(message, queue.number, state, result);
      if (hold) result.waiting.push({ message, ...hold });
      else {
        queue.tokens -= 1;
        take(message, queue.number, state, result);
      }
    }
  }
  return result;
}

function holdOf(
  { pair, person, isOutsideWindow }: DueMessage,
  { portfolioId, pairRule }: NumberState,
  { now, pairs, portfolios }: LimitState,
  result: Allotment,
): { reason: LimitReason; until: number } | undefined {
  const pairFullAt = result.pairs.get(pair) ?? pairs.get(pair) ?? 0;
  if (pairRule && tokensLeft(pairRule, pairFullAt, now) === 0) {
    return { reason: 'PAIR_LIMIT', until: Math.ceil(nextTokenAt(pairRule, pairFullAt)) };
  }
  if (!isOutsideWindow || portfolioId === undefined) return undefined;
  const portfolio = portfolios.get(portfolioId);
  if (portfolio?.limit === undefined || portfolio.counted.has(person)) return undefined;
  const added = result.counted.get(portfolioId);
  const places =
    portfolio.limit - portfolio.count - [...(added ?? [])].filter((one) => !portfolio.counted.has(one)).length;
  if (added?.has(person) || places > 0) return undefined;
  return { reason: 'PORTFOLIO_LIMIT', until: portfolio.nextPlaceAt ?? now + 86_400_000 };
}

function take(message: DueMessage, number: NumberState, { now, pairs }: LimitState, result: Allotment): void {
  const { pair, person, channelId, isOutsideWindow } = message;
  result.leaving.push(message);
  result.taken.set(channelId, (result.taken.get(channelId) ?? 0) + 1);
  const { portfolioId, pairRule } = number;
  if (pairRule) result.pairs.set(pair, afterTaking(pairRule, result.pairs.get(pair) ?? pairs.get(pair) ?? 0, now, 1));
  if (!isOutsideWindow || portfolioId === undefined) return;
  const counted = result.counted.get(portfolioId);
  if (counted) counted.add(person);
  else result.counted.set(portfolioId, new Set([person]));
}
