import type { Standing } from '../charges/standing.js';
import type { ProviderPricing } from '../ratings/verdict.js';

/** What events say about one message of ours; null is not known yet. */
export interface MessageFactsRow {
  channel_id: string | null;
  conversation_id: string | null;
  thread_id: string | null;
  contact_id: string | null;
  team_id: string | null;
  author_id: string | null;
  /** The name of its template. */
  template: string | null;
  /** The newsletter that it is of. */
  newsletter_id: string | null;
  /** What it was sent as; the provider may say otherwise. */
  planned_category: string | null;
  /** By whom it was sent to; the provider may say otherwise. */
  planned_country: string | null;
  queued_at: Date | null;
  window_opened_at: Date | null;
  window_expires_at: Date | null;
  /** The end of the free entry point that the person had come by when it was queued. */
  free_entry_expires_at: Date | null;
  provider_message_key: string | null;
  recipient_country: string | null;
  currency: string | null;
  time_zone: string | null;
  portfolio: string | null;
  /** The price that the earliest status with one carried, when that was, and the conversation that it pays for. */
  pricing: ProviderPricing | null;
  priced_at: Date | null;
  conversation_key: string | null;
  /** The earliest known of delivered, read and played. */
  delivered_at: Date | null;
  failed_at: Date | null;
}

export interface BillableMessage extends MessageFactsRow {
  workspace_id: string;
  message_id: string;
  /** What the ledger says of it: the sum of its entries. */
  standing: Standing[];
  /** How often the ledger has said something of it. */
  version: number;
  /** What it is counted with, and in which slot: see `Meter`. */
  meter: string | null;
  meter_slot: number | null;
}

/** By our own figures. */
export function isInFreeEntryPoint({
  free_entry_expires_at,
  queued_at,
}: Pick<BillableMessage, 'free_entry_expires_at' | 'queued_at'>): boolean {
  return free_entry_expires_at !== null && queued_at !== null && free_entry_expires_at > queued_at;
}

/** Whose volume counts together: of the portfolio, or of the number alone where nobody knows who owns it. */
export function portfolioOf({ portfolio, channel_id }: Pick<BillableMessage, 'portfolio' | 'channel_id'>): string {
  return portfolio ?? `channel ${channel_id}`;
}
