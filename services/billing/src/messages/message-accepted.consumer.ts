import { channelMessageAccepted, type ChannelMessageAccepted, type Envelope } from '@fenster/contracts';
import { causedBy, defineConsumer, on, type ConsumerDefinition, type Tx } from '@fenster/database';
import { settleMessages } from '../charges/settle-messages.js';
import type { Books } from '../price-books/books.js';
import { FactCollection, recordFacts } from './facts.js';
import { factsOf, providerMessageKey } from './status.js';
import { lockPairs, takeParkedStatuses } from './unattributed-statuses.js';

const NAME = 'billing-message-accepted';

/**
 * Which of our messages a provider's message is. Not every status says so: a provider may echo nothing, and a status
 * may beat the answer to the send.
 */
export function messageAcceptedConsumer(books: Books): ConsumerDefinition {
  return defineConsumer({
    name: NAME,
    filter: 'channels.message.accepted.>',
    subscriptions: [on(channelMessageAccepted, (tx, events) => recordPairs(tx, events, books))],
  });
}

async function recordPairs(tx: Tx, events: readonly Envelope<ChannelMessageAccepted>[], books: Books): Promise<void> {
  const pairs = events.map(({ workspaceId, data }) => ({
    workspace_id: workspaceId,
    message_id: data.messageId,
    channel_id: data.channelId,
    provider_message_key: providerMessageKey(data.channelId, data.providerMessageId),
  }));
  await lockPairs(tx);
  const parked = Map.groupBy(
    await takeParkedStatuses(tx, pairs),
    (status) => `${status.workspace_id} ${status.provider_message_key}`,
  );
  const facts = new FactCollection();
  for (const { workspace_id, message_id, ...pair } of pairs) {
    facts.add(workspace_id, message_id, pair);
    for (const status of parked.get(`${workspace_id} ${pair.provider_message_key}`) ?? []) {
      facts.add(workspace_id, message_id, factsOf(status));
    }
  }
  const origins = new Map(events.map((event) => [event.data.messageId, causedBy(event, NAME)]));
  await settleMessages(tx, books, await recordFacts(tx, facts.messages), origins);
}
