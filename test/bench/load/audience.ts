import { AgentSocket, openAll, type SocketTarget } from './agent-socket.js';
import { DeliveryBook } from './frame-check.js';
import { HttpConnection } from './http-connection.js';
import { requestMaker, type WebhookTarget } from './webhook-requests.js';

export interface AudienceTask {
  webhook: WebhookTarget;
  /** One agent each. */
  sockets: SocketTarget[];
  run: string;
  customers: number;
}

/** Agents who are connected and known to receive everything, fields of all services included. */
export interface Audience {
  /** What is handed to it counts from now on. */
  onFrame: (payload: Buffer, agent: number) => void;
  /** @throws when a socket has broken. */
  assertWhole(): void;
  close(): void;
}

const WARM_UP_ROUNDS = 12;
const ROUND_PATIENCE_MS = 2_500;
const POLL_MS = 5;

/**
 * Connects the agents and writes as every customer until every agent has got a complete frame about each: contacts
 * are made from the first message on, and a subscription says nothing when it is in place.
 */
export async function gather({ webhook, sockets, run, customers }: AudienceTask): Promise<Audience> {
  let onFrame: (payload: Buffer, agent: number) => void = () => {};
  const agents = sockets.map(
    (target, index) => new AgentSocket(index, target, (payload, agent) => onFrame(payload, agent)),
  );
  const close = () => agents.forEach((agent) => agent.close());
  const assertWhole = () => {
    for (const { broken } of agents) if (broken) throw broken;
  };
  const connections = await Promise.all(
    Array.from({ length: Math.min(8, customers) }, () => new HttpConnection(webhook.url).open()),
  );
  try {
    await openAll(agents);
    let problem = '';
    for (let round = 1; round <= WARM_UP_ROUNDS; round++) {
      const warmUp = `${run}w${round}`;
      const book = new DeliveryBook({ agents: agents.length, customers, perCustomer: 2, run: warmUp });
      onFrame = (payload, agent) => void book.enter(payload, agent);
      const make = requestMaker(webhook, warmUp);
      const statuses = new Set<number>();
      await Promise.all(
        connections.map(async (connection, index) => {
          for (let customer = index; customer < customers; customer += connections.length) {
            statuses.add(
              await new Promise<number>((resolve) => connection.post(make({ customer, number: 1 }), resolve)),
            );
          }
        }),
      );
      const expected = customers * agents.length;
      const patientUntil = performance.now() + ROUND_PATIENCE_MS;
      while (book.deliveries < expected && performance.now() < patientUntil)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      assertWhole();
      if (book.deliveries === expected && book.incomplete === 0) {
        return {
          get onFrame() {
            return onFrame;
          },
          set onFrame(handler) {
            onFrame = handler;
          },
          assertWhole,
          close,
        };
      }
      problem = `${book.deliveries} of ${expected} frames came, ${book.incomplete} of them not complete; HTTP ${[...statuses].join(', ')}`;
    }
    throw new Error(`The warm-up did not succeed: ${problem}.`);
  } catch (error) {
    close();
    throw error;
  } finally {
    for (const connection of connections) connection.close();
  }
}
