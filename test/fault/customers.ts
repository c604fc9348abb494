import { Pool } from 'undici';
import { messagesWebhook, sign, type Customer } from '../support/webhooks.js';
import { backOff, waitFor } from './back-off.js';
import type { Random } from './random.js';
import { Silence } from './silence.js';

export interface CustomersOptions {
  webhookUrl: string;
  appSecret: string;
  count: number;
  webhooksPerSecond: number;
  random: Random;
}

/** A customer and what was sent of it: messages 1 to `acknowledged`, in this order, each webhook after the 200 to the one before. */
export interface Sender extends Customer {
  readonly index: number;
  acknowledged: number;
}

export interface Tally {
  /** Without repetitions. */
  webhooks: number;
  messages: number;
  /** Sent once more though answered or on their way already. */
  repeats: number;
  attempts: number;
  /** Attempts by what became of them: a status, or a code of the connection. */
  outcomes: Record<string, number>;
}

/** What the provider would do: refused and unanswered webhooks are sent again, at once and then ever less often. */
const ANSWER_TIMEOUT_MS = 6_000;
const RETRY = { startMs: 25, capMs: 1_000 };
const TICK_MS = 10;
const CONNECTIONS = 128;
const SHARE = { batched: 0.05, repeatedAtOnce: 0.05, repeatedLater: 0.04, repeatedInBatch: 0.01 };

export function wamidOf(customer: number, message: number): string {
  return `wamid.fault.${customer}.${message}`;
}

export function textOf(customer: number, message: number): string {
  return `Customer ${customer}, message ${message}`;
}

/** Sends webhooks at a steady rate, whatever becomes of them. Customers in parallel, each customer's in order. */
export class Customers {
  readonly senders: readonly Sender[];
  readonly tally: Tally = { webhooks: 0, messages: 0, repeats: 0, attempts: 0, outcomes: {} };
  /** Of 200s. */
  readonly silence = new Silence();
  readonly #options: CustomersOptions;
  readonly #pool: Pool;
  readonly #path: string;
  /** Webhooks that each customer has yet to send. */
  readonly #due: number[];
  readonly #sending = new Set<number>();
  readonly #repeating = new Set<Promise<void>>();
  #clock: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: CustomersOptions) {
    this.#options = options;
    this.senders = Array.from({ length: options.count }, (_, index) => ({
      index,
      phone: `49151${String(10_000_000 + index)}`,
      name: `Customer ${index}`,
      acknowledged: 0,
    }));
    this.#due = this.senders.map(() => 0);
    const { origin, pathname } = new URL(options.webhookUrl);
    this.#path = pathname;
    this.#pool = new Pool(origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      connect: { timeout: 2_000 },
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
    });
  }

  get acknowledged(): number {
    return this.senders.reduce((sum, sender) => sum + sender.acknowledged, 0);
  }

  start(): void {
    const startedAt = performance.now();
    let begun = 0;
    this.silence.begin();
    this.#clock = setInterval(() => {
      const wanted = Math.floor(((performance.now() - startedAt) / 1_000) * this.#options.webhooksPerSecond);
      for (; begun < wanted; begun += 1) {
        const sender = this.#options.random.pick(this.senders);
        this.#due[sender.index]! += 1;
        void this.#send(sender);
      }
    }, TICK_MS);
  }

  /** Begins nothing new; resolves when every webhook has its 200. */
  async finish(withinMs: number): Promise<void> {
    clearInterval(this.#clock);
    await waitFor('every webhook has its 200', () => this.#sending.size === 0 && this.#repeating.size === 0, {
      withinMs,
      describe: () => `${this.#sending.size} customers wait, ${JSON.stringify(this.tally.outcomes)}`,
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#clock);
    this.#isStopped = true;
    await this.#pool.destroy();
  }

  async #send(sender: Sender): Promise<void> {
    if (this.#sending.has(sender.index)) return;
    this.#sending.add(sender.index);
    while (this.#due[sender.index]! > 0 && !this.#isStopped) {
      this.#due[sender.index]! -= 1;
      await this.#sendNext(sender);
    }
    this.#sending.delete(sender.index);
  }

  async #sendNext(sender: Sender): Promise<void> {
    const { random } = this.#options;
    const size = random.chance(SHARE.batched) ? random.between(2, 5) : 1;
    const first = sender.acknowledged + 1;
    const numbers = Array.from({ length: size }, (_, index) => first + index);
    // The provider may put a message that it delivered before into another body.
    if (sender.acknowledged > 0 && random.chance(SHARE.repeatedInBatch)) {
      numbers.unshift(sender.acknowledged);
      this.tally.repeats += 1;
    }
    const body = messagesWebhook(
      sender,
      numbers.map((number) => textOf(sender.index, number)),
      numbers.map((number) => wamidOf(sender.index, number)),
    );
    if (random.chance(SHARE.repeatedAtOnce)) this.#repeat(body);
    await this.#deliver(body);
    if (this.#isStopped) return;
    sender.acknowledged += size;
    this.tally.webhooks += 1;
    this.tally.messages += size;
    this.silence.heard();
    if (random.chance(SHARE.repeatedLater)) this.#repeat(body);
  }

  #repeat(body: string): void {
    this.tally.repeats += 1;
    const repetition = this.#deliver(body).finally(() => this.#repeating.delete(repetition));
    this.#repeating.add(repetition);
  }

  /** Resolves with the 200. */
  async #deliver(body: string): Promise<void> {
    const signature = sign(body, this.#options.appSecret);
    for (let failures = 0; !this.#isStopped; failures += 1) {
      const outcome = await this.#post(body, signature);
      this.tally.attempts += 1;
      this.tally.outcomes[outcome] = (this.tally.outcomes[outcome] ?? 0) + 1;
      if (outcome === '200') return;
      if (failures > 0) await backOff(failures - 1, RETRY);
    }
  }

  async #post(body: string, signature: string): Promise<string> {
    try {
      const response = await this.#pool.request({
        method: 'POST',
        path: this.#path,
        headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
        body,
      });
      await response.body.dump();
      return String(response.statusCode);
    } catch (error) {
      return (error as { code?: string }).code ?? (error as Error).name;
    }
  }
}
