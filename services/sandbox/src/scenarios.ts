import { ERROR_CODES, graphError, knowsError, type GraphError } from './graph/graph-error.js';
import { STATUS_ORDERS, type StatusOrder } from './rules/status-plan.js';

/** Faults that can be switched on and off. What none of them says goes as it goes on a good day. */

export type Effect =
  /** The call is refused, or accepted and reported as failed, or both. */
  | { kind: 'refuse'; code: number; via: Via; everyCall?: boolean }
  | { kind: 'statuses'; order: Exclude<StatusOrder, 'in_order'> }
  | { kind: 'response'; how: 'lost' | 'reset' | 'slow' | 'unreadable' | 'after_statuses' }
  | { kind: 'webhooks'; how: 'bad_signature' | 'escaped' | 'duplicated' | 'held' | 'batched' | 'reversed' };
export type Via = 'response' | 'status' | 'both';

export interface Scenario {
  name: string;
  description: string;
  effect: Effect;
}

/** Codes that Meta finds out only after it has accepted the message. */
const FOUND_OUT_LATER: ReadonlySet<number> = new Set([
  130472, 131026, 131042, 131048, 131049, 131050, 131052, 131053, 131037, 130497,
]);
/** Codes that concern the app or the account, not one message. */
const EVERY_CALL: ReadonlySet<number> = new Set([0, 3, 4, 10, 190, 200, 299, 368, 80007, 131005, 131031, 131057]);

const STATUSES: Record<Exclude<StatusOrder, 'in_order'>, string> = {
  out_of_order: 'Statuses arrive in reverse order, each with its own time.',
  duplicated: 'Every status arrives twice.',
  late: 'Statuses arrive delayMs later (default: one hour), with the time at which they happened.',
  missing_sent: 'The status sent never comes.',
  missing_delivered: 'The chat is open: read comes without delivered.',
  none: 'No status ever comes.',
  only_sent: 'Nothing comes after sent.',
  repeated_after_read: 'The status delivered comes once more after read.',
};

const RESPONSES = {
  'response-lost': ['lost', 'The message is taken, but the connection breaks before the answer.'],
  'connection-reset': ['reset', 'The connection breaks and nothing is taken.'],
  'slow-response': ['slow', 'The answer takes delayMs (default: 30 seconds).'],
  'unreadable-response': ['unreadable', 'HTTP 502 with a page of HTML, and nothing is taken.'],
  'statuses-before-response': ['after_statuses', 'Statuses overtake the answer to the send.'],
} as const;

const WEBHOOKS = {
  'webhooks-badly-signed': ['bad_signature', 'Webhooks have the signature of another app secret.'],
  'webhooks-escaped': ['escaped', 'Everything beyond ASCII is escaped in webhooks.'],
  'webhooks-duplicated': ['duplicated', 'Every webhook is delivered twice.'],
  'webhooks-held': ['held', 'Webhooks are held back until this is switched off.'],
  'webhooks-batched': ['batched', 'All webhooks within delayMs (default: one second) share a POST.'],
  'webhooks-reversed': ['reversed', 'As webhooks-batched, one POST each, the newest first.'],
} as const;

const STORIES: Record<string, [code: number, description: string, via?: Via]> = {
  'token-expired': [190, 'The access token has expired: every call fails.'],
  'rate-limited': [130429, 'The number sends too fast.'],
  'pair-rate-limited': [131056, 'Too many messages to one person.'],
  'not-on-whatsapp': [131026, 'The person is not on WhatsApp.'],
  'marketing-capped': [131049, 'Meta holds marketing messages back for this person.'],
  'marketing-stopped': [131050, 'The person has stopped marketing messages of this business.'],
  'payment-missing': [131042, 'The account has no valid payment method.'],
  'account-locked': [131031, 'The account is locked: every call fails.'],
  maintenance: [131057, 'The account is in maintenance: every call fails.'],
  unavailable: [131016, 'The service is overloaded.'],
  'template-paused': [132015, 'Templates are paused because of their quality.'],
  'number-not-registered': [133010, 'The number is not registered.'],
};

const refusal = (code: number): Extract<Effect, { kind: 'refuse' }> => ({
  kind: 'refuse',
  code,
  via: FOUND_OUT_LATER.has(code) ? 'status' : 'response',
  ...(EVERY_CALL.has(code) && { everyCall: true }),
});

export const SCENARIOS: readonly Scenario[] = [
  ...STATUS_ORDERS.filter((order) => order !== 'in_order').map((order): Scenario => ({
    name: `statuses-${order.replaceAll('_', '-')}`,
    description: STATUSES[order],
    effect: { kind: 'statuses', order },
  })),
  ...Object.entries(RESPONSES).map(([name, [how, description]]): Scenario => ({
    name,
    description,
    effect: { kind: 'response', how },
  })),
  ...Object.entries(WEBHOOKS).map(([name, [how, description]]): Scenario => ({
    name,
    description,
    effect: { kind: 'webhooks', how },
  })),
  ...Object.entries(STORIES).map(([name, [code, description]]): Scenario => ({
    name,
    description: `${description} (${code})`,
    effect: refusal(code),
  })),
  ...ERROR_CODES.map((code): Scenario => ({
    name: `error-${code}`,
    description: graphError(code).message,
    effect: refusal(code),
  })),
];

/** How a scenario was switched on. */
export interface ScenarioSettings {
  /** Only this number, this person (phone or user id), this type of message. */
  phoneNumberId?: string;
  to?: string;
  type?: string;
  /** Ends by itself after so many uses. */
  times?: number;
  delayMs?: number;
  via?: Via;
}
export interface ActiveScenario extends ScenarioSettings {
  name: string;
}

/** What a scenario may be limited to. */
export interface Subject {
  phoneNumberId?: string;
  to?: readonly (string | undefined)[];
  type?: string;
}

export interface Scenarios {
  active(): ActiveScenario[];
  /** @returns false for a name that does not exist. */
  switchOn(name: string, settings?: ScenarioSettings): boolean;
  switchOff(name: string): boolean;
  clear(): void;
  /** The first that is on and fits; it counts as used. */
  use<K extends Effect['kind']>(
    kind: K,
    subject: Subject,
    fits?: (effect: Extract<Effect, { kind: K }>) => boolean,
  ): (ScenarioSettings & { effect: Extract<Effect, { kind: K }> }) | undefined;
}

/** @param onChange whatever is on has changed. */
export function createScenarios(onChange: () => void): Scenarios {
  const active = new Map<string, { settings: ScenarioSettings; effect: Effect }>();

  const scenario = (name: string): Scenario | undefined => {
    const known = SCENARIOS.find((each) => each.name === name);
    const code = Number(/^error-(\d{1,6})$/.exec(name)?.[1]);
    return known ?? (knowsError(code) ? { name, description: '', effect: refusal(code) } : undefined);
  };
  const matches = ({ phoneNumberId, to, type }: ScenarioSettings, subject: Subject) =>
    (phoneNumberId === undefined || phoneNumberId === subject.phoneNumberId) &&
    (to === undefined || subject.to?.includes(to.replace('+', '')) === true) &&
    (type === undefined || type === subject.type);

  return {
    active: () => Array.from(active, ([name, { settings }]) => ({ name, ...settings })),
    switchOn(name, settings = {}) {
      const found = scenario(name);
      if (!found) return false;
      active.set(name, { settings: { ...settings }, effect: found.effect });
      onChange();
      return true;
    },
    switchOff(name) {
      const wasOn = active.delete(name);
      if (wasOn) onChange();
      return wasOn;
    },
    clear() {
      active.clear();
      onChange();
    },
    use(kind, subject, fits = () => true) {
      for (const [name, { settings, effect }] of active) {
        if (effect.kind !== kind || !matches(settings, subject)) continue;
        const found = effect as Extract<Effect, { kind: typeof kind }>;
        if (!fits(found)) continue;
        if (settings.times !== undefined) {
          settings.times--;
          if (settings.times <= 0) active.delete(name);
          onChange();
        }
        return { ...settings, effect: found };
      }
      return undefined;
    },
  };
}

export function refusalOf({ effect }: { effect: Extract<Effect, { kind: 'refuse' }> }): GraphError {
  return graphError(effect.code);
}
