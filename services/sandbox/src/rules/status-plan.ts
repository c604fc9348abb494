/** Which statuses a message gets, when each happens, and when it is told (whatsapp.md §A3, §A7). Pure. */

export type StatusName = 'sent' | 'delivered' | 'read' | 'played' | 'failed';

export interface StatusStep {
  status: StatusName;
  /** Its `timestamp`, in milliseconds after the send was accepted. */
  happensAfterMs: number;
  /** When the webhook leaves, in milliseconds after the send was accepted. */
  toldAfterMs: number;
  /** Carries `pricing`: on `sent`, and on the first of `delivered` and `read`. */
  isPriced: boolean;
}

/** Deviations from the order that everybody expects. Meta promises none of it. */
export const STATUS_ORDERS = [
  'in_order',
  'out_of_order',
  'duplicated',
  'late',
  'missing_sent',
  'missing_delivered',
  'none',
  'only_sent',
  'repeated_after_read',
] as const;
export type StatusOrder = (typeof STATUS_ORDERS)[number];

export interface StatusPlanInput {
  kind: 'message' | 'reaction' | 'voice';
  delays: { sent: number; delivered: number; read: number };
  /** The person reads by itself, and lets others see it. */
  isRead: boolean;
  /** False for a phone that is off: what follows `sent` waits for it. */
  isOnline: boolean;
  /** Accepted, and then not delivered after all. */
  fails: boolean;
  order: StatusOrder;
  /** For `late`. */
  lateByMs: number;
  /** Voice notes are `played` since 2026-03-17. */
  hasPlayed: boolean;
}

/** How long after reading a voice note somebody listens to it. */
const PLAYED_AFTER_MS = 1_000;

export function planStatuses(input: StatusPlanInput): StatusStep[] {
  const { sent, delivered, read } = input.delays;
  if (input.order === 'none') return [];
  // Meta reports what it cannot deliver instead of `sent`, or after it.
  if (input.fails) return [step('failed', sent, false)];
  const steps = [step('sent', sent, input.kind !== 'reaction')];
  // Reactions only ever get `sent`.
  if (input.kind !== 'reaction' && input.isOnline && input.order !== 'only_sent') {
    steps.push(...afterArrival(input, { delivered, read }));
  }
  return reordered(steps, input);
}

/** What a phone tells that was off and is on again: everything from `delivered` on, relative to now. */
export function planArrival(input: StatusPlanInput): StatusStep[] {
  if (input.order === 'none' || input.order === 'only_sent' || input.fails || input.kind === 'reaction') return [];
  const pause = Math.max(0, input.delays.read - input.delays.delivered);
  return reordered(afterArrival(input, { delivered: 0, read: pause }), input);
}

/** What opening the chat tells when the person does not read by itself. */
export function planReading(input: StatusPlanInput): StatusStep[] {
  if (input.order === 'none' || input.order === 'only_sent' || input.fails || input.kind === 'reaction') return [];
  return reordered(seen(input, 0), input);
}

function afterArrival(input: StatusPlanInput, at: { delivered: number; read: number }): StatusStep[] {
  const steps = [step('delivered', at.delivered, true)];
  return input.isRead ? [...steps, ...seen(input, at.read)] : steps;
}

function seen({ kind, hasPlayed }: StatusPlanInput, atMs: number): StatusStep[] {
  const steps = [step('read', atMs, false)];
  return kind === 'voice' && hasPlayed ? [...steps, step('played', atMs + PLAYED_AFTER_MS, false)] : steps;
}

function step(status: StatusName, afterMs: number, isPriced: boolean): StatusStep {
  return { status, happensAfterMs: afterMs, toldAfterMs: afterMs, isPriced };
}

function reordered(steps: readonly StatusStep[], { order, lateByMs }: StatusPlanInput): StatusStep[] {
  switch (order) {
    case 'out_of_order': {
      // The last comes first: the moments of telling are dealt out the other way round.
      const moments = steps.map((each) => each.toldAfterMs).toReversed();
      return steps.map((each, index) => ({ ...each, toldAfterMs: moments[index]! })).toReversed();
    }
    case 'duplicated':
      return steps.flatMap((each) => [each, { ...each }]);
    case 'repeated_after_read': {
      const last = Math.max(0, ...steps.map((each) => each.toldAfterMs));
      const repeated = steps.filter((each) => each.status === 'delivered');
      return [...steps, ...repeated.map((each) => ({ ...each, toldAfterMs: last + 1_000 }))];
    }
    case 'late':
      return steps.map((each) => ({ ...each, toldAfterMs: each.toldAfterMs + lateByMs }));
    case 'missing_sent':
      return steps.filter((each) => each.status !== 'sent');
    case 'missing_delivered': {
      // The chat was open: only `read` comes, and then that one has the price.
      const rest = steps.filter((each) => each.status !== 'delivered');
      return rest.map((each) => (each.status === 'read' ? { ...each, isPriced: true } : each));
    }
    case 'in_order':
    case 'only_sent':
    case 'none':
      return [...steps];
  }
}
