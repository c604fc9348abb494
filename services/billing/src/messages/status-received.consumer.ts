import { channelStatusReceived, type ChannelStatusReceived, type Envelope } from '@fenster/contracts';
import { causedBy, defineConsumer, on, type ConsumerDefinition, type Origin, type Tx } from '@fenster/database';
import { settleMessages } from '../charges/settle-messages.js';
import type { Books } from '../price-books/books.js';
import { FactCollection, recordFacts } from './facts.js';
import { factsOf, statusOf, type Status } from './status.js';
import { findMessageIds, lockPairs, parkStatuses, takeParkedStatuses } from './unattributed-statuses.js';

const NAME = 'billing-status-received';

/** What the provider says about our messages: delivery, price, recipient's country, account. */
export function statusReceivedConsumer(books: Books): ConsumerDefinition {
  return defineConsumer({
    name: NAME,
    filter: 'channels.status.received.>',
    subscriptions: [on(channelStatusReceived, (tx, events) => recordStatuses(tx, events, books))],
  });
}

async function recordStatuses(tx: Tx, events: readonly Envelope<ChannelStatusReceived>[], books: Books): Promise<void> {
  const received = events.flatMap((event) => {
    const status = statusOf(event);
    return status ? [{ event, status }] : [];
  });
  const messageIds = new Map(
    received.flatMap(({ event, status }) =>
      event.data.messageId ? [[pairKey(status), event.data.messageId] as const] : [],
    ),
  );
  const nameless = received.map(({ status }) => status).filter((status) => !messageIds.has(pairKey(status)));
  if (nameless.length > 0) {
    await lockPairs(tx);
    for (const pair of await findMessageIds(tx, nameless)) messageIds.set(pairKey(pair), pair.message_id);
  }

  const known = received.map(({ status }) => status).filter((status) => messageIds.has(pairKey(status)));
  await parkStatuses(
    tx,
    nameless.filter((status) => !messageIds.has(pairKey(status))),
  );
  const facts = new FactCollection();
  for (const status of [...(await takeParkedStatuses(tx, known)), ...known]) {
    facts.add(status.workspace_id, messageIds.get(pairKey(status))!, factsOf(status));
  }
  const origins = new Map<string, Origin>(
    received.flatMap(({ event, status }) => {
      const messageId = messageIds.get(pairKey(status));
      return messageId ? [[messageId, causedBy(event, NAME)] as const] : [];
    }),
  );
  await settleMessages(tx, books, await recordFacts(tx, facts.messages), origins);
}

function pairKey(status: Pick<Status, 'workspace_id' | 'provider_message_key'>): string {
  return `${status.workspace_id} ${status.provider_message_key}`;
}
