import { messageQueued, type Envelope, type MessageQueued } from '@fenster/contracts';
import { causedBy, defineConsumer, on, sql, unnest, type ConsumerDefinition, type Tx } from '@fenster/database';
import { recipientCountry } from '@fenster/runtime';
import { settleMessages } from '../charges/settle-messages.js';
import type { Books } from '../price-books/books.js';
import { FactCollection, recordFacts, type Facts } from './facts.js';

const NAME = 'billing-message-queued';

/** Whose cost a message is, and what it will cost by our own figures. */
export function messageQueuedConsumer(books: Books): ConsumerDefinition {
  return defineConsumer({
    name: NAME,
    filter: 'conversation.message.queued.>',
    subscriptions: [on(messageQueued, (tx, events) => recordAttributions(tx, events, books))],
  });
}

async function recordAttributions(tx: Tx, events: readonly Envelope<MessageQueued>[], books: Books): Promise<void> {
  const accounts = await accountsOf(tx, events);
  const facts = new FactCollection();
  for (const event of events) {
    const { workspaceId, data } = event;
    facts.add(workspaceId, data.messageId, {
      ...accounts.get(data.channelId),
      ...factsOf(event),
    });
  }
  const origins = new Map(events.map((event) => [event.data.messageId, causedBy(event, NAME)]));
  await settleMessages(tx, books, await recordFacts(tx, facts.messages), origins);
}

function factsOf({ data, occurredAt }: Envelope<MessageQueued>): Facts {
  const template = data.type !== 'text' && data.type !== 'reaction' && data.content.kind === 'template' && data.content;
  return {
    channel_id: data.channelId,
    conversation_id: data.conversationId,
    thread_id: data.threadId,
    contact_id: data.contactId ?? null,
    team_id: data.teamId ?? null,
    author_id: data.authorId ?? null,
    template: template ? template.name : null,
    newsletter_id: data.newsletterId ?? null,
    // Reactions are never told a price.
    planned_category: data.type === 'reaction' ? null : template ? template.category.toLowerCase() : 'service',
    planned_country: recipientCountry(data.to.phone?.slice(1), data.to.bsuid) ?? null,
    queued_at: new Date(occurredAt),
    window_opened_at: toDate(data.windowOpenedAt),
    window_expires_at: toDate(data.windowExpiresAt),
    free_entry_expires_at: toDate(data.freeEntryExpiresAt),
  };
}

function toDate(instant: string | null | undefined): Date | null {
  return instant == null ? null : new Date(instant);
}

/** What messages of these channels are charged by, as far as it is known before their first status. */
async function accountsOf(
  tx: Tx,
  events: readonly Envelope<MessageQueued>[],
): Promise<Map<string, Pick<Facts, 'currency' | 'time_zone'>>> {
  const channels = new Map(
    events.map(({ workspaceId, data }) => [data.channelId, { workspace_id: workspaceId, id: data.channelId }]),
  );
  const { rows } = await sql<{ id: string; currency: string; time_zone: string }>`
    select id, currency, time_zone from charged_channel
    join ${unnest('input', { workspace_id: 'uuid', id: 'uuid' }, [...channels.values()])} using (workspace_id, id)
  `.execute(tx.sql);
  return new Map(rows.map(({ id, ...account }) => [id, account]));
}
