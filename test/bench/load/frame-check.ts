import { nameOf, type WebhookMessage } from './webhook-requests.js';

const MARK = 0x23;

/** Which message a frame is about; undefined for frames of none, or of another run's. */
export function readMark(payload: Buffer, prefix: Buffer): WebhookMessage | undefined {
  const start = payload.indexOf(prefix);
  if (start === -1) return undefined;
  let at = start + prefix.length;
  let customer = 0;
  for (; payload[at] !== 0x2e; at++) customer = customer * 10 + payload[at]! - 0x30;
  let number = 0;
  for (at++; payload[at] !== MARK; at++) number = number * 10 + payload[at]! - 0x30;
  return { customer, number };
}

export const markPrefix = (run: string) => Buffer.from(`#${run}.`);

interface InboxFrame {
  payload?: {
    errors?: unknown[];
    data?: {
      inboxEvents?: {
        __typename: string;
        cursor: string;
        message?: {
          id: string;
          seq: number;
          text: string;
          conversation: { id: string; contact: { name: string } | null; channel: { name: string } | null };
        };
      };
    };
  };
}

/** Whether a frame says what the document asks for: fields of conversation, contacts and channels. */
export function isComplete(payload: Buffer, customer: number): boolean {
  const { payload: result } = JSON.parse(payload.toString()) as InboxFrame;
  const event = result?.data?.inboxEvents;
  const message = event?.message;
  return (
    result?.errors === undefined &&
    event?.__typename === 'MessageAdded' &&
    event.cursor.length > 0 &&
    message !== undefined &&
    message.id.length > 0 &&
    message.seq > 0 &&
    message.conversation.id.length > 0 &&
    message.conversation.contact?.name === nameOf(customer) &&
    message.conversation.channel?.name === 'Support'
  );
}

/**
 * What came of the messages of one run: every agent must get each one once, and those of one customer in their order.
 * Equal bytes for equal messages are the rule, so only the first frame of a message is parsed.
 */
export class DeliveryBook {
  readonly #agents: number;
  readonly #prefix: Buffer;
  readonly #perCustomer: number;
  /** By message: the first payload, and how many agents have it. */
  readonly #first = new Map<number, Buffer>();
  readonly #count: Int32Array;
  /** By agent: which messages it has, and the last number of each customer. */
  readonly #has: Uint8Array[];
  readonly #last: Int32Array[];
  deliveries = 0;
  duplicated = 0;
  reordered = 0;
  incomplete = 0;

  /** `perCustomer`: no customer's numbers reach it. */
  constructor(options: { agents: number; customers: number; perCustomer: number; run: string }) {
    const { agents, customers, perCustomer, run } = options;
    this.#agents = agents;
    this.#prefix = markPrefix(run);
    this.#perCustomer = perCustomer;
    this.#count = new Int32Array(customers * perCustomer);
    this.#has = Array.from({ length: agents }, () => new Uint8Array(customers * perCustomer));
    this.#last = Array.from({ length: agents }, () => new Int32Array(customers));
  }

  keyOf({ customer, number }: WebhookMessage): number {
    return customer * this.#perCustomer + number;
  }

  /** Returns the message's key if the frame is the agent's first one of it. */
  enter(payload: Buffer, agent: number): number | undefined {
    const message = readMark(payload, this.#prefix);
    if (!message) return undefined;
    const key = this.keyOf(message);
    const has = this.#has[agent]!;
    if (has[key]) {
      this.duplicated += 1;
      return undefined;
    }
    has[key] = 1;
    const last = this.#last[agent]!;
    if (last[message.customer]! > message.number) this.reordered += 1;
    else last[message.customer] = message.number;
    const first = this.#first.get(key);
    if (!first) this.#first.set(key, Buffer.from(payload));
    if (!first?.equals(payload) && !isComplete(payload, message.customer)) this.incomplete += 1;
    this.deliveries += 1;
    this.#count[key]! += 1;
    return key;
  }

  /** Whether every agent has it. */
  isDone(key: number): boolean {
    return this.#count[key] === this.#agents;
  }

  /** Deliveries that are missing of these messages. */
  missing(messages: Iterable<WebhookMessage>): number {
    let missing = 0;
    for (const message of messages) missing += this.#agents - this.#count[this.keyOf(message)]!;
    return missing;
  }
}
