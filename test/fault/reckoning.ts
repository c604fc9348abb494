import type { Agents } from './agents.js';
import { waitFor } from './back-off.js';
import type { Books } from './books.js';
import { textOf, wamidOf, type Customers } from './customers.js';
import type { InboxLog } from './inbox-log.js';
import type { Plant } from './plant.js';
import { redeliverEverything } from './redelivery.js';
import type { Subscriber } from './subscriber.js';
import { add, judgeLog, judgeReplies, judgeSubscriber, judgeThread, newVerdict, type Verdict } from './verdict.js';

/** Everybody who was there, and the books to compare with what they were told. */
export interface Witnesses {
  plant: Plant;
  customers: Customers;
  agents: Agents;
  subscribers: readonly Subscriber[];
  books: Books;
}

/** What a webhook may be answered: stored, or "cannot store now". Everything else is a connection that broke. */
const ANSWERS = new Set(['200', '503']);
const STATUS = /^\d{3}$/;

/** Waits until everything has arrived. What never does is a problem, and is judged like everything else. */
export async function settle(books: Books, verdict: Verdict, withinMs: number): Promise<void> {
  let underWay: string[] = [];
  await orNote(
    verdict,
    waitFor('everything has arrived', async () => (underWay = await books.underWay()).length === 0, {
      withinMs,
      everyMs: 250,
      describe: () => underWay.join(', '),
    }),
  );
}

/** The whole history once more must change nothing: no inbox may take it for new, no subscriber may see it. Resolves to its length. */
export async function repeatHistory({ plant, books }: Witnesses, verdict: Verdict, withinMs: number): Promise<number> {
  const events = await books.eventCount();
  await orNote(verdict, redeliverEverything(plant.stack, books, withinMs));
  await settle(books, verdict, withinMs);
  const more = (await books.eventCount()) - events;
  if (more !== 0) verdict.problems.push(`${more} more events after everything was delivered once more`);
  verdict.doubled += more;
  return events;
}

/** Compares what everybody was told with the books. */
export async function reckon(witnesses: Witnesses, withinMs: number): Promise<Verdict & { unconfirmed: number }> {
  const { plant, customers, agents, books } = witnesses;
  const verdict = newVerdict();
  for (const log of await books.logs()) add(verdict, judgeLog(log));
  await reckonSubscribers(witnesses, verdict, withinMs);
  await reckonCustomers(witnesses, verdict);
  const sent = await books.sentReplies();
  add(verdict, judgeReplies(agents.replies, sent));
  verdict.problems.push(
    ...agents.problems,
    ...(await books.deadLetters()).map((letter) => `dead letters of ${letter}`),
    ...plant.unasked(),
    ...Object.entries(customers.tally.outcomes)
      .filter(([outcome]) => STATUS.test(outcome) && !ANSWERS.has(outcome))
      .map(([outcome, count]) => `${count} webhooks were answered ${outcome}`),
  );
  return { ...verdict, unconfirmed: sent.filter(({ status }) => status === 'UNCONFIRMED').length };
}

async function reckonSubscribers({ subscribers, books }: Witnesses, verdict: Verdict, withinMs: number): Promise<void> {
  const expected = new Map<Subscriber, InboxLog>();
  for (const each of subscribers) expected.set(each, await books.inbox(each.start!, each.conversationId));
  const haveLast = () => subscribers.every((each) => each.log.last >= expected.get(each)!.last);
  await orNote(verdict, waitFor('subscribers have the last event', haveLast, { withinMs }));
  for (const each of subscribers) {
    add(verdict, judgeSubscriber(each.name, expected.get(each)!, each.log));
    verdict.problems.push(...each.problems);
  }
}

async function reckonCustomers({ customers, books }: Witnesses, verdict: Verdict): Promise<void> {
  const threads = await books.threads();
  const wrote = customers.senders.filter(({ acknowledged }) => acknowledged > 0);
  const contacts = await books.contactCount();
  if (threads.length !== wrote.length || contacts !== wrote.length) {
    verdict.problems.push(`${threads.length} threads and ${contacts} contacts for ${wrote.length} customers`);
  }
  const threadOf = new Map(threads.map(({ id, phone }) => [phone.replace('+', ''), id]));
  for (const { index, name, phone, acknowledged } of wrote) {
    const id = threadOf.get(phone);
    const sent = Array.from({ length: acknowledged }, (_, at) => ({
      wamid: wamidOf(index, at + 1),
      text: textOf(index, at + 1),
    }));
    add(verdict, judgeThread(name, sent, id === undefined ? [] : await books.thread(id)));
  }
}

async function orNote(verdict: Verdict, work: Promise<unknown>): Promise<void> {
  await work.catch((error: Error) => verdict.problems.push(error.message));
}
