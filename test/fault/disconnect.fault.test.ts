import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/api-client.js';
import { demoMember, signInAs } from '../support/demo.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { messagesWebhook, newWamid, postWebhook, type Customer } from '../support/webhooks.js';
import { waitFor } from './back-off.js';
import { createRandom } from './random.js';
import { Session } from './session.js';
import { Subscriber } from './subscriber.js';

const SEED = 20_261_122;
const EVENTS = 10_000;
const CUSTOMERS = 40;
/** In one webhook, so that sockets have much to miss. */
const BURST = 10;
const WRITERS = 4;
const SOCKETS_OF_EACH = 5;
const PASSWORD = 'a new horse 2';
const WITHIN = { withinMs: 90_000 };

/** Who watches: some see everything, some what is of their teams or theirs, one sees nothing at all. */
const AGENTS: Readonly<Record<string, readonly string[]>> = {
  ada: ['red'],
  ben: ['blue'],
  cleo: ['red', 'blue'],
  dora: ['green'],
  emil: ['red', 'green'],
  fay: [],
  gil: [],
};
const SEE_EVERYTHING = ['owner', 'supervisor', 'finance'];

interface Watcher {
  session: Session;
  sees: (customer: number) => boolean;
  /** The first is never cut. */
  subscribers: Subscriber[];
}

let stack: TestStack;
let owner: string;
const cleanUp: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  stack = await startTestStack({
    extra: { gateway: { REQUESTS_PER_WORKSPACE: '100000', REQUESTS_PER_ADDRESS: '100000' } },
  });
  cleanUp.push(() => stack.stop());
  owner = await signInAs(stack, 'owner');
});
afterAll(async () => {
  for (const step of cleanUp.toReversed()) await step();
});

async function join(name: string): Promise<{ id: string; login: { email: string; password: string } }> {
  const email = `${name}@example.test`;
  const { token, member } = await ask<{ token: string; member: { id: string } }>(
    stack,
    owner,
    `mutation ($name: String!, $email: String!, $key: ID!) {
      inviteMember(name: $name, email: $email, role: "agent", idempotencyKey: $key) {
        ... on Invitation { token member { id } }
      }
    }`,
    { name, email, key: name },
  );
  await ask(
    stack,
    undefined,
    `mutation ($token: String!, $password: String!) {
      acceptInvitation(token: $token, password: $password) { __typename }
    }`,
    { token, password: PASSWORD },
  );
  return { id: member.id, login: { email, password: PASSWORD } };
}

/** The conversation of each customer, in their order. */
async function firstMessages(customers: readonly Customer[]): Promise<string[]> {
  for (const customer of customers) await postWebhook(stack, messagesWebhook(customer, ['Guten Tag'], [newWamid()]));
  const idOf = new Map<string, string>();
  await waitFor(
    'every customer has a conversation',
    async () => {
      const { nodes } = await ask<{ nodes: { id: string; contact: { name: string } | null }[] }>(
        stack,
        owner,
        '{ conversations(first: 100) { nodes { id contact { name } } } }',
      );
      for (const { id, contact } of nodes) if (contact) idOf.set(contact.name, id);
      return idOf.size === customers.length;
    },
    WITHIN,
  );
  return customers.map(({ name }) => idOf.get(name)!);
}

describe('when sockets are cut at random', () => {
  it(
    'each subscriber gets, in order, exactly what one with the same rights gets whose socket holds',
    { timeout: 240_000 },
    async () => {
      const random = createRandom(SEED);
      const customers = Array.from({ length: CUSTOMERS }, (_, index) => ({
        phone: `49151${String(10_000_000 + index)}`,
        name: `Customer ${index}`,
        written: 0,
      }));

      // A quarter each is the work of the teams and of nobody's; gil has some of his own wherever they are.
      const members = Object.fromEntries(
        await Promise.all(Object.keys(AGENTS).map(async (name) => [name, await join(name)] as const)),
      );
      const teamIds: Record<string, string> = {};
      for (const team of ['red', 'blue', 'green']) {
        const memberIds = Object.entries(AGENTS).flatMap(([name, teams]) =>
          teams.includes(team) ? [members[name]!.id] : [],
        );
        const { id } = await ask<{ id: string }>(
          stack,
          owner,
          `mutation ($team: String!, $ids: [ID!]!, $key: ID!) {
            createTeam(name: $team, memberIds: $ids, idempotencyKey: $key) { ... on Team { id } }
          }`,
          { team, ids: memberIds, key: team },
        );
        teamIds[team] = id;
      }
      const conversations = await firstMessages(customers);
      const teamOf = (customer: number) => ['red', 'blue', 'green', undefined][customer % 4];
      const isGils = (customer: number) => customer % 7 === 3 && teamOf(customer) === undefined;
      for (const [customer, id] of conversations.entries()) {
        const team = teamOf(customer);
        if (team) {
          await ask(
            stack,
            owner,
            'mutation ($id: ID!, $team: ID!) { assignTeam(conversationId: $id, teamId: $team) { __typename } }',
            {
              id,
              team: teamIds[team],
            },
          );
        } else if (isGils(customer)) {
          await ask(
            stack,
            owner,
            'mutation ($id: ID!, $member: ID!) { assignConversation(conversationId: $id, memberId: $member) { __typename } }',
            { id, member: members['gil']!.id },
          );
        }
      }

      const watch = (name: string, login: { email: string; password: string }, sees: Watcher['sees']): Watcher => {
        const session = new Session(stack.graphqlUrl, login);
        const subscribers = Array.from(
          { length: SOCKETS_OF_EACH },
          (_, index) => new Subscriber({ name: `${name} ${index}`, session, graphqlUrl: stack.graphqlUrl }),
        );
        for (const subscriber of subscribers) {
          cleanUp.push(() => subscriber.stop());
          subscriber.begin();
        }
        return { session, sees, subscribers };
      };
      const watchers = [
        ...SEE_EVERYTHING.map((role) => watch(role, demoMember(stack, role), () => true)),
        ...Object.entries(AGENTS).map(([name, teams]) =>
          watch(name, members[name]!.login, (customer) => {
            const team = teamOf(customer);
            return team === undefined ? name === 'gil' && isGils(customer) : teams.includes(team);
          }),
        ),
      ];
      const all = watchers.flatMap(({ subscribers }) => subscribers);
      expect(all).toHaveLength(50);
      await waitFor('all are live', () => all.every(({ start }) => start !== undefined), WITHIN);

      let written = 0;
      const write = async () => {
        while (written < EVENTS) {
          written += BURST;
          const customer = random.pick(customers);
          const texts = Array.from({ length: BURST }, (_, index) => `Nachricht ${index}`);
          expect(await postWebhook(stack, messagesWebhook(customer, texts, texts.map(newWamid)))).toBe(200);
          customer.written += BURST;
        }
      };
      const writing = Promise.all(Array.from({ length: WRITERS }, write)).finally(() => (written = EVENTS));
      const cuttable = watchers.flatMap(({ subscribers }) => subscribers.slice(1));
      let cuts = 0;
      while (written < EVENTS) {
        random.pick(cuttable).cut();
        cuts += 1;
        await delay(random.between(1, 20));
      }
      await writing;

      for (const { sees, subscribers } of watchers) {
        const due = customers.reduce((sum, customer, index) => sum + (sees(index) ? customer.written : 0), 0);
        await waitFor(
          `all of ${subscribers[0]!.name}'s have ${due} messages`,
          () => subscribers.every((each) => each.inboundMessages >= due),
          {
            ...WITHIN,
            describe: () => subscribers.map((each) => each.inboundMessages).join(', '),
          },
        );
        const [uncut, ...others] = subscribers as [Subscriber, ...Subscriber[]];
        expect(uncut.inboundMessages).toBe(due);
        for (const other of others) {
          expect(other.log.positions).toEqual(uncut.log.positions);
          expect(other.log.fingerprints).toEqual(uncut.log.fingerprints);
        }
      }
      expect(all.flatMap(({ problems }) => problems)).toEqual([]);
      // It was not quiet.
      expect(cuts).toBeGreaterThan(200);
      expect(cuttable.filter(({ interrupted }) => interrupted > 0).length).toBeGreaterThan(30);
    },
  );
});
