import { dayAfter } from '../ratings/local-date.js';
import type { FreeReason } from '../ratings/regimes.js';
import type { RatedCharge, Surcharge, TraceFact } from '../ratings/rate.js';

/**
 * How sure an entry is. QUOTED: by our own figures, until the provider has said its word. PROVISIONAL: the provider
 * has named a price, but nothing is delivered yet. RATED: charged. CORRECTED: something was not as it had seemed.
 * RECONCILED: what the provider counts otherwise, and people have accepted; of no message.
 */
export const CHARGE_STATES = ['QUOTED', 'PROVISIONAL', 'RATED', 'CORRECTED', 'RECONCILED'] as const;
export type ChargeState = (typeof CHARGE_STATES)[number];

/** Whose line it is: the provider's, our partner's, or tax; and the provider's of no message. */
export const CHARGE_LINES = ['MESSAGE', 'PARTNER_FEE', 'TAX', 'TOKENS'] as const;
export type ChargeLine = (typeof CHARGE_LINES)[number];

/** By what entries are grouped and never changed: something else means to take back and to enter anew. */
interface Place {
  line: ChargeLine;
  currency: string;
  category: string;
  market: string | null;
  freeReason: FreeReason | null;
  /** Of the delivery, in the account's time zone; of an estimate, of what it was made by. */
  localDate: string;
}

interface Figures {
  /** Charged. */
  amountMicros: number;
  messages: number;
  /** Expected to be. */
  expectedMicros: number;
  expectedMessages: number;
}

/** What stands of a message: one line, one of these. */
export interface Standing extends Place, Figures {
  /** The entry that says so. */
  id: string;
  state: ChargeState;
  /** The day in whose period it is: that of the delivery, or the first one after those that are closed. */
  bookedOn: string;
}

/** What should stand. */
export interface Target extends Place, Figures {
  state: 'QUOTED' | 'PROVISIONAL' | 'RATED';
  /** Null, with its regime, of what is of no message. */
  unit: 'message' | 'conversation' | null;
  regime: string | null;
  priceBookVersion: string;
  rateLine: number | null;
  trace: readonly TraceFact[];
}

/** One entry of the ledger: a change, never a state. */
export interface Entry extends Place, Figures {
  id: string;
  state: ChargeState;
  bookedOn: string;
  /** The entry that it takes back. */
  reverses: string | null;
  unit: 'message' | 'conversation' | null;
  regime: string | null;
  priceBookVersion: string | null;
  rateLine: number | null;
  trace: readonly TraceFact[];
}

export interface Transition {
  entries: Entry[];
  standing: Standing[];
}

/** The lines of a rating; one that is not of a delivery is expected and not charged. */
export function linesOf(rating: RatedCharge, state: Target['state'], priceBookVersion: string): Target[] {
  const { amountMicros, surcharges, rate, currency, category, market, freeReason, localDate, unit, regime } = rating;
  const common = {
    currency,
    category,
    market: market ?? null,
    freeReason: freeReason ?? null,
    localDate,
    state,
    unit,
    regime,
    priceBookVersion,
    trace: rating.trace,
  };
  const lines: readonly (Omit<Surcharge, 'line' | 'rate'> & {
    line: ChargeLine;
    rate: { line: number } | undefined;
  })[] = [{ line: 'MESSAGE', amountMicros, rate }, ...surcharges];
  return lines.map((each) => {
    const messages = each.line === 'MESSAGE' ? 1 : 0;
    const isCharged = state === 'RATED';
    return {
      ...common,
      line: each.line,
      rateLine: each.rate?.line ?? null,
      amountMicros: isCharged ? each.amountMicros : 0,
      messages: isCharged ? messages : 0,
      expectedMicros: isCharged ? 0 : each.amountMicros,
      expectedMessages: isCharged ? 0 : messages,
    };
  });
}

/** What has to be entered so that `targets` stand where `standing` does. Nothing, where they say the same. */
export function transition(
  standing: readonly Standing[],
  targets: readonly Target[],
  { openFrom, newId }: { openFrom: string | undefined; newId: () => string },
): Transition {
  const bookedOn = (day: string) => bookingDay(day, openFrom);
  const isCorrection = standing.some(isCharged);
  const left = [...standing];
  const entries: Entry[] = [];
  const kept: Standing[] = [];
  const added: { target: Target; released: Standing | undefined }[] = [];
  for (const target of targets) {
    const index = left.findIndex((each) => samePlace(each, target));
    const match = left[index];
    if (match && sameFigures(match, target) && sameCertainty(match, target)) {
      kept.push(match);
      left.splice(index, 1);
    } else if (match && !isCharged(match) && match.bookedOn === bookedOn(target.localDate)) {
      // What was expected ends with the same entry.
      left.splice(index, 1);
      added.push({ target, released: match });
    } else {
      added.push({ target, released: undefined });
    }
  }
  for (const each of left) entries.push(reversalOf(each, bookedOn(each.bookedOn), newId()));
  for (const { target, released } of added) {
    const { state, localDate, ...rest } = target;
    const entry: Entry = {
      ...rest,
      localDate,
      id: newId(),
      state: state === 'RATED' && isCorrection ? 'CORRECTED' : state,
      bookedOn: bookedOn(localDate),
      reverses: null,
      expectedMicros: target.expectedMicros - (released?.expectedMicros ?? 0),
      expectedMessages: target.expectedMessages - (released?.expectedMessages ?? 0),
    };
    entries.push(entry);
    kept.push({ ...placeOf(entry), ...figuresOf(target), id: entry.id, state: entry.state, bookedOn: entry.bookedOn });
  }
  return { entries, standing: kept };
}

/** The day in whose period something of a day is entered. */
export function bookingDay(day: string, openFrom: string | undefined): string {
  return openFrom !== undefined && day < openFrom ? openFrom : day;
}

/** The first day that is in no closed period. @param closedUntil the last day that is. */
export function openFrom(closedUntil: string | undefined): string | undefined {
  return closedUntil === undefined ? undefined : dayAfter(closedUntil);
}

function reversalOf(standing: Standing, bookedOn: string, id: string): Entry {
  return {
    ...placeOf(standing),
    id,
    state: isCharged(standing) ? 'CORRECTED' : standing.state,
    bookedOn,
    reverses: standing.id,
    amountMicros: negate(standing.amountMicros),
    messages: negate(standing.messages),
    expectedMicros: negate(standing.expectedMicros),
    expectedMessages: negate(standing.expectedMessages),
    unit: null,
    regime: null,
    priceBookVersion: null,
    rateLine: null,
    trace: [{ fact: 'reverses', value: standing.id }],
  };
}

/** There is no minus zero in a ledger. */
function negate(value: number): number {
  return value === 0 ? 0 : -value;
}

function isCharged({ state }: { state: ChargeState }): boolean {
  return state === 'RATED' || state === 'CORRECTED';
}

function sameCertainty(a: { state: ChargeState }, b: { state: ChargeState }): boolean {
  return a.state === b.state || (isCharged(a) && isCharged(b));
}

const PLACE = ['line', 'currency', 'category', 'market', 'freeReason', 'localDate'] as const;
const FIGURES = ['amountMicros', 'messages', 'expectedMicros', 'expectedMessages'] as const;

const samePlace = (a: Place, b: Place) => PLACE.every((name) => a[name] === b[name]);
const sameFigures = (a: Figures, b: Figures) => FIGURES.every((name) => a[name] === b[name]);

function placeOf({ line, currency, category, market, freeReason, localDate }: Place): Place {
  return { line, currency, category, market, freeReason, localDate };
}

function figuresOf({ amountMicros, messages, expectedMicros, expectedMessages }: Figures): Figures {
  return { amountMicros, messages, expectedMicros, expectedMessages };
}
