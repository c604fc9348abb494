import type { ConsentEventKind, ConsentState } from '@fenster/contracts';

/** What was said at some time about the consent of one identity to one purpose. */
export interface Said {
  id: string;
  kind: ConsentEventKind;
  occurredAt: Date;
}

export interface Standing {
  state: ConsentState;
  /** When what decides it was said. */
  since: Date;
  /** What decides it. */
  eventId: string;
  /** Whether there is a confirmed consent that nobody has withdrawn or stopped. */
  isGranted: boolean;
}

type PersonalState = Exclude<ConsentState, 'PLATFORM_STOPPED'>;

/** Of what was said in the same second (providers tell no more), the stricter counts, so it comes last. */
const STRICTNESS: readonly ConsentEventKind[] = [
  'IMPORTED_UNKNOWN',
  'REQUESTED',
  'CONFIRMED',
  'EXPIRED',
  'PLATFORM_RESUMED',
  'REFUSED',
  'WITHDRAWN',
  'PLATFORM_STOPPED',
];

/**
 * Where a consent stands after all that was said, in whatever order it became known, and however often. There are two
 * who may end it, and the stricter wins: what the person told us, and the person's switch at the provider, which only
 * the person can turn back there.
 */
export function consentStanding(events: readonly Said[]): Standing | undefined {
  const said = [...new Map(events.map((event) => [event.id, event])).values()].toSorted(inOrder);
  let personal: { state: PersonalState; by: Said } | undefined;
  let stop: Said | undefined;
  for (const event of said) {
    if (event.kind === 'PLATFORM_STOPPED') stop ??= event;
    else if (event.kind === 'PLATFORM_RESUMED') {
      stop = undefined;
      // Of itself it says nothing but that nothing is stopped.
      personal ??= { state: 'UNKNOWN', by: event };
    } else {
      const state = afterwards(personal?.state, event.kind);
      if (state !== personal?.state) personal = { state, by: event };
    }
  }
  const decided = stop ? { state: 'PLATFORM_STOPPED' as const, by: stop } : personal;
  if (!decided) return undefined;
  const { state, by } = decided;
  return { state, since: by.occurredAt, eventId: by.id, isGranted: state === 'CONFIRMED' };
}

function afterwards(
  before: PersonalState | undefined,
  kind: Exclude<ConsentEventKind, `PLATFORM_${string}`>,
): PersonalState {
  switch (kind) {
    case 'IMPORTED_UNKNOWN':
      return before ?? 'UNKNOWN';
    case 'REQUESTED':
      // To be asked is to have said nothing: what they said stays.
      return before === undefined || before === 'UNKNOWN' || before === 'EXPIRED' ? 'REQUESTED' : before;
    case 'EXPIRED':
      // Only an open question can come to nothing.
      return before === undefined || before === 'UNKNOWN' || before === 'REQUESTED' ? 'EXPIRED' : before;
    default:
      return kind;
  }
}

function inOrder(one: Said, other: Said): number {
  return (
    secondOf(one) - secondOf(other) ||
    STRICTNESS.indexOf(one.kind) - STRICTNESS.indexOf(other.kind) ||
    one.occurredAt.getTime() - other.occurredAt.getTime() ||
    (one.id < other.id ? -1 : 1)
  );
}

function secondOf({ occurredAt }: Said): number {
  return Math.floor(occurredAt.getTime() / 1_000);
}
