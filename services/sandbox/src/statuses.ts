import { webhookError, type GraphError } from './graph/graph-error.js';
import type { Sent } from './network.js';
import type { PhoneNumber } from './numbers.js';
import { rateOf } from './rates.js';
import { planArrival, planReading, planStatuses, type StatusName, type StatusStep } from './rules/status-plan.js';
import { countryOfPerson } from './usage.js';
import { statusBody } from './webhook-body.js';
import type { World } from './world.js';

/** Tells what becomes of a message: plans its statuses, and keeps what waits for the phone. */

/** Plans what is told of a message that was accepted. */
export function followUp(world: World, number: PhoneNumber, sent: Sent, error: GraphError | undefined): void {
  note(world, number, sent);
  scheduleSteps(world, number, sent, planStatuses(sent.plan), world.time.now(), error);
}

/** The same, at once: resolves when all is told, so the statuses overtake the answer to the send. */
export async function followUpAtOnce(
  world: World,
  number: PhoneNumber,
  sent: Sent,
  error: GraphError | undefined,
): Promise<void> {
  note(world, number, sent);
  const acceptedAt = world.time.now();
  for (const step of planStatuses(sent.plan)) await tell(world, number, sent, step, acceptedAt, error);
}

function note(world: World, number: PhoneNumber, sent: Sent): void {
  const { plan, view } = sent;
  if (!plan.isOnline) view.isWaiting = true;
  // What fails never reaches the phone.
  if (plan.fails) view.isHidden = true;
  world.live.publish('message', view);
  if (plan.fails || plan.kind === 'reaction') return;
  const pair = world.network.pair(number, view.bsuid);
  if (!plan.isOnline) keepBounded(pair.undelivered, sent);
  else if (!plan.isRead) keepBounded(pair.unread, sent);
}

/** A phone that was off is on again. What was too old by then is dropped without a word, as Meta does. */
export function arrive(world: World, number: PhoneNumber, bsuid: string, isRead: boolean): void {
  const pair = world.network.pair(number, bsuid);
  const now = world.time.now();
  for (const sent of pair.undelivered.splice(0)) {
    if (now.getTime() - sent.sentAt > sent.timeToLiveMs) continue;
    delete sent.view.isWaiting;
    world.live.publish('message', sent.view);
    sent.plan = { ...sent.plan, isOnline: true, isRead };
    if (!isRead) keepBounded(pair.unread, sent);
    scheduleSteps(world, number, sent, planArrival(sent.plan), now, undefined);
  }
}

/** Somebody opens the chat. */
export function readAll(world: World, number: PhoneNumber, bsuid: string): void {
  const pair = world.network.pair(number, bsuid);
  const now = world.time.now();
  for (const sent of pair.unread.splice(0)) {
    scheduleSteps(world, number, sent, planReading(sent.plan), now, undefined);
  }
}

const MAX_WAITING = 1_000;
function keepBounded(list: Sent[], sent: Sent): void {
  list.push(sent);
  if (list.length > MAX_WAITING) list.shift();
}

function scheduleSteps(
  world: World,
  number: PhoneNumber,
  sent: Sent,
  steps: readonly StatusStep[],
  from: Date,
  error: GraphError | undefined,
): void {
  for (const step of steps) {
    world.time.schedule(step.toldAfterMs, () => void tell(world, number, sent, step, from, error));
  }
}

async function tell(
  world: World,
  number: PhoneNumber,
  sent: Sent,
  { status, happensAfterMs, isPriced }: StatusStep,
  from: Date,
  error: GraphError | undefined,
): Promise<void> {
  const { message, view } = sent;
  const at = new Date(from.getTime() + happensAfterMs);
  if (isPriced && status !== 'sent') noteUsage(world, number, sent, at);
  show(world, sent, status, error);
  world.live.publish('message', view);
  const errors = status === 'failed' && error ? [webhookError(error)] : undefined;
  await world.webhooks.emit(statusBody(number, message, { status, at, isPriced, ...(errors && { errors }) }));
}

const RANK: Record<StatusName | 'accepted', number> = {
  accepted: 0,
  sent: 1,
  delivered: 2,
  read: 3,
  played: 4,
  failed: 5,
};

/** The page shows the truth, in whatever order it is told. */
function show({ network, live }: World, { view }: Sent, status: StatusName, error: GraphError | undefined): void {
  if (RANK[status] > RANK[view.status ?? 'accepted']) view.status = status;
  if (status === 'failed' && error) {
    view.errorCode = error.code;
  }
  const { type, content } = view;
  if (type !== 'reaction' || status !== 'sent') return;
  const { message_id: id, emoji } = content as { message_id: string; emoji: string };
  const target = network.message(id);
  if (!target) return;
  if (emoji === '') delete target.reactions.business;
  else target.reactions.business = emoji;
  live.publish('message', target);
}

/** Charged on delivery. A status that is told twice is delivered once. */
function noteUsage({ usage, numbers }: World, number: PhoneNumber, sent: Sent, at: Date): void {
  const { pricing, person } = sent.message;
  const account = numbers.account(number.wabaId);
  if (!account || pricing?.pricing_model !== 'PMP' || sent.isCounted) return;
  sent.isCounted = true;
  const country = countryOfPerson(person);
  usage.note({
    at: at.getTime(),
    wabaId: account.id,
    phone: number.displayPhoneNumber,
    country,
    pricingType: pricing.type ?? 'regular',
    category: pricing.category,
    rate: rateOf(country, pricing.category, account.currency as 'EUR' | 'USD'),
  });
}
