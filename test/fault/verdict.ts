import type { InboxLog } from './inbox-log.js';

/** What went wrong, in numbers and in words. */
export interface Verdict {
  lost: number;
  doubled: number;
  reordered: number;
  problems: string[];
}

export function newVerdict(): Verdict {
  return { lost: 0, doubled: 0, reordered: 0, problems: [] };
}

const MAX_PROBLEMS = 100;

export function add(into: Verdict, { lost, doubled, reordered, problems }: Verdict): void {
  into.lost += lost;
  into.doubled += doubled;
  into.reordered += reordered;
  into.problems.push(...problems.slice(0, Math.max(0, MAX_PROBLEMS - into.problems.length)));
}

/** Everything is there once and in order, or the verdict says how much is not. */
function judge<T>(what: string, expected: readonly T[], found: readonly T[]): Verdict {
  const verdict = newVerdict();
  const places = new Map(expected.map((item, index) => [item, index]));
  const seen = new Set<T>();
  let highest = -1;
  for (const item of found) {
    const place = places.get(item);
    if (place === undefined) verdict.problems.push(`${what}: ${String(item)} was never sent`);
    else if (seen.has(item)) verdict.doubled += 1;
    else if (place < highest) verdict.reordered += 1;
    else highest = place;
    seen.add(item);
  }
  verdict.lost = expected.filter((item) => !seen.has(item)).length;
  const { lost, doubled, reordered } = verdict;
  if (lost + doubled + reordered > 0) {
    const firstLost = expected.find((item) => !seen.has(item));
    verdict.problems.push(
      `${what}: ${lost} of ${expected.length} lost${firstLost === undefined ? '' : ` (first ${String(firstLost)})`}, ` +
        `${doubled} doubled, ${reordered} out of order`,
    );
  }
  return verdict;
}

export interface ThreadRow {
  seq: number;
  direction: 'INBOUND' | 'OUTBOUND';
  providerMessageId: string | null;
  text: string | null;
}

/** Every acknowledged message of a customer is one row, in the order in which they were sent, and `seq` has no holes. */
export function judgeThread(
  who: string,
  acknowledged: readonly { wamid: string; text: string }[],
  rows: readonly ThreadRow[],
): Verdict {
  const inbound = rows.filter((row) => row.direction === 'INBOUND');
  const verdict = judge(
    who,
    acknowledged.map(({ wamid }) => wamid),
    inbound.map((row) => String(row.providerMessageId)),
  );
  const texts = new Map(acknowledged.map(({ wamid, text }) => [wamid, text]));
  const mixedUp = inbound.filter((row) => texts.get(String(row.providerMessageId)) !== row.text).length;
  if (mixedUp > 0) verdict.problems.push(`${who}: ${mixedUp} messages have another one's text`);
  const hole = rows.findIndex((row, index) => row.seq !== index + 1);
  if (hole >= 0) verdict.problems.push(`${who}: seq ${rows[hole]!.seq} stands where ${hole + 1} should be`);
  return verdict;
}

/** A subscriber has every event after its start, once and in the order of their cursors. */
export function judgeSubscriber(name: string, expected: InboxLog, received: InboxLog): Verdict {
  const verdict = judge(name, expected.positions, received.positions);
  const fingerprints = new Map(expected.positions.map((position, index) => [position, expected.fingerprints[index]]));
  const wrong = received.positions.filter((position, index) => {
    const known = fingerprints.get(position);
    return known !== undefined && known !== received.fingerprints[index];
  });
  if (wrong.length > 0)
    verdict.problems.push(`${name}: ${wrong.length} events are not those of the log (first ${wrong[0]})`);
  return verdict;
}

export interface WorkspaceLog {
  service: string;
  workspaceId: string;
  events: number;
  first: number;
  last: number;
  /** What the counter says. */
  allocated: number;
  /** Not published yet. */
  pending: number;
}

/** Positions go from 1 to the last one allocated without a hole, and all of it is published. */
export function judgeLog({ service, events, first, last, allocated, pending }: WorkspaceLog): Verdict {
  const verdict = newVerdict();
  if (first !== 1 || last !== events || allocated !== last) {
    verdict.problems.push(`log of ${service}: ${events} events from ${first} to ${last}, allocated ${allocated}`);
  }
  if (pending > 0) verdict.problems.push(`log of ${service}: ${pending} events are not published`);
  return verdict;
}

export interface SentReply {
  messageId: string;
  status: string;
  /** Of the message in conversation. */
  text: string;
  /** Ids that the provider gave to sends of this message. */
  providerIds: number;
  charges: number;
}

/** One message per key, at most one send of it, and one charge if it was delivered. */
export function judgeReplies(
  answered: readonly { key: string; messageId: string; text: string }[],
  sent: readonly SentReply[],
): Verdict {
  // They have no order among each other.
  const idsOf = (replies: readonly { messageId: string }[]) => replies.map(({ messageId }) => messageId).toSorted();
  const verdict = judge('replies', idsOf(answered), idsOf(sent));
  const shared = answered.length - new Set(idsOf(answered)).size;
  if (shared > 0) verdict.problems.push(`replies: ${shared} keys got another key's message`);
  const texts = new Map(answered.map((reply) => [reply.messageId, reply.text]));
  for (const { messageId, status, text, providerIds, charges } of sent) {
    if (texts.has(messageId) && texts.get(messageId) !== text) {
      verdict.problems.push(`reply ${messageId} has another one's text`);
    }
    if (providerIds > 1) {
      verdict.doubled += providerIds - 1;
      verdict.problems.push(`reply ${messageId} was sent ${providerIds} times`);
    }
    // Whoever was killed in the middle of a send cannot know. That is said, and never guessed.
    const expected = providerIds === 0 ? { status: 'UNCONFIRMED', charges: 0 } : { status: 'READ', charges: 1 };
    if (status !== expected.status) verdict.problems.push(`reply ${messageId} sent ${providerIds} times is ${status}`);
    if (charges !== expected.charges) {
      verdict.problems.push(`reply ${messageId} sent ${providerIds} times is charged ${charges} times`);
    }
  }
  return verdict;
}
