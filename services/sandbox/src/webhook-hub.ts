import { dialog360Headers } from './dialog360/dialog360-headers.js';
import type { SimulatedTime } from './time.js';
import type { Numbers } from './numbers.js';
import type { Scenarios } from './scenarios.js';
import type { DeliveryOptions, WebhookSender } from './webhook-sender.js';

interface Envelope {
  entry: { id: string; changes: { field: string; value: object }[] }[];
}

export interface WebhookHub {
  /**
   * Sends one update to whoever is subscribed.
   * @param onTaken called when somebody has taken it, at whatever attempt.
   * @returns the status of the first attempt; undefined if there was no answer, or nobody to send it to, or it is held back.
   */
  emit(body: object, onTaken?: () => void): Promise<number | undefined>;
  /** Lets go what a scenario held back that is off by now. */
  release(): void;
  stop(): void;
}

interface Update {
  body: Envelope;
  onTaken: (() => void) | undefined;
}

/** Meta takes up to 1,000 updates into a POST. */
const MAX_BATCH = 1_000;
const BATCH_AFTER_MS = 1_000;

export interface WebhookHubOptions {
  numbers: Numbers;
  scenarios: Scenarios;
  sender: WebhookSender;
  time: SimulatedTime;
}

export function createWebhookHub({ numbers, scenarios, sender, time }: WebhookHubOptions): WebhookHub {
  const { app } = numbers;
  let held: Update[] = [];
  const batches = { batched: [] as Update[], reversed: [] as Update[] };

  const numberOf = ({ entry }: Envelope) => {
    const value = entry[0]?.changes[0]?.value as { metadata?: { phone_number_id?: string } } | undefined;
    return numbers.get(value?.metadata?.phone_number_id ?? '');
  };

  /** Where an update goes: the number's own address, else the account's, else the app's. */
  const addressOf = (body: Envelope): string | undefined => {
    const [entry] = body.entry;
    const [change] = entry?.changes ?? [];
    const account = numbers.account(entry?.id ?? '');
    if (!change || account?.isSubscribed === false) return undefined;
    if (app.fields && !app.fields.includes(change.field)) return undefined;
    const number = numberOf(body);
    // Overrides are for what happens in chats; the rest goes to the app.
    const override = 'metadata' in change.value ? (number?.override ?? account?.override) : undefined;
    return override?.url ?? app.callbackUrl;
  };

  const post = async ({ body, onTaken }: Update): Promise<number | undefined> => {
    const url = addressOf(body);
    const number = numberOf(body);
    const { dialog360 } = number ?? {};
    const how = (name: string) => scenarios.use('webhooks', subjectOf(body), ({ how: each }) => each === name);
    const options: DeliveryOptions = {
      url,
      isEscaped: how('escaped') !== undefined,
      ...(onTaken && { onTaken }),
      ...(dialog360 && {
        headersOf: (text) => dialog360Headers(text, dialog360, number?.override?.headers),
      }),
      ...(how('bad_signature') && { secret: `not ${app.secret}` }),
    };
    const first = sender.deliver(body, options);
    if (how('duplicated')) void sender.deliver(body, options);
    return first;
  };

  const flush = (kind: keyof typeof batches) => {
    const waiting = batches[kind].splice(0);
    if (kind === 'reversed') {
      for (const update of waiting.toReversed()) void post(update);
      return;
    }
    // One POST per address: a batch belongs to one subscriber.
    for (const group of Map.groupBy(waiting, ({ body }) => addressOf(body)).values()) {
      for (let from = 0; from < group.length; from += MAX_BATCH) {
        void post(merged(group.slice(from, from + MAX_BATCH)));
      }
    }
  };

  return {
    async emit(value, onTaken) {
      const body = value as Envelope;
      const update: Update = { body, onTaken };
      const subject = subjectOf(body);
      if (scenarios.use('webhooks', subject, ({ how }) => how === 'held')) {
        held.push(update);
        return undefined;
      }
      for (const kind of ['batched', 'reversed'] as const) {
        const scenario = scenarios.use('webhooks', subject, ({ how }) => how === kind);
        if (!scenario) continue;
        if (batches[kind].push(update) === 1) time.schedule(scenario.delayMs ?? BATCH_AFTER_MS, () => flush(kind));
        return undefined;
      }
      return post(update);
    },
    release() {
      if (scenarios.active().some((scenario) => scenario.name === 'webhooks-held')) return;
      for (const update of held.splice(0)) void post(update);
    },
    stop() {
      held = [];
      batches.batched = [];
      batches.reversed = [];
    },
  };
}

function subjectOf({ entry }: Envelope) {
  const value = entry[0]?.changes[0]?.value as { metadata?: { phone_number_id?: string } } | undefined;
  const phoneNumberId = value?.metadata?.phone_number_id;
  return { ...(phoneNumberId !== undefined && { phoneNumberId }), type: entry[0]?.changes[0]?.field ?? '' };
}

function merged(updates: readonly Update[]): Update {
  const [first] = updates;
  return {
    body: { ...first!.body, entry: updates.flatMap(({ body }) => body.entry) },
    onTaken: () => {
      for (const { onTaken } of updates) onTaken?.();
    },
  };
}
