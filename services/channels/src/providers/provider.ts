import type { IncomingHttpHeaders } from 'node:http';

/** What one element of a webhook says, in terms of no particular provider. `path` locates it inside the stored raw body. */
export type InboundItem = InboundMessage | InboundStatus | InboundOther;

export type InboundMessageType =
  | 'text'
  | 'image'
  | 'video'
  | 'audio'
  | 'document'
  | 'sticker'
  | 'location'
  | 'contacts'
  | 'interactive'
  | 'button'
  | 'reaction'
  | 'order'
  | 'system'
  | 'edit'
  | 'revoke'
  | 'unsupported';

/** Who wrote. At least one of `phone` and `bsuid` is present. */
export interface SenderIdentity {
  /** E.164 with leading `+`. */
  phone?: string;
  /** Business-scoped user id: opaque, stored whole, changes when the user changes number. */
  bsuid?: string;
  username?: string;
  profileName?: string;
}

export interface AdReferral {
  sourceType?: string;
  sourceId?: string;
  sourceUrl?: string;
  headline?: string;
  clickId?: string;
}

export interface InboundMessage {
  kind: 'message';
  path: string;
  phoneNumberId: string;
  /**
   * Unique per channel for ever: providers repeat for seven days. Contains the provider's id, and a wamid has the phone number
   * inside (base64): fit for a unique index, never for a log line, a subject or a message id.
   */
  dedupeKey: string;
  providerMessageId: string;
  type: InboundMessageType;
  /** What a person would read: body, caption, or the label of the tapped button. */
  text?: string;
  /** The raw object of the type, free of what PostgreSQL cannot store; for `unsupported`: `{ type, content?, errors? }`. */
  payload: Record<string, unknown>;
  /** True if `text` or `payload` was cut to its bound: the whole is only in the raw body. */
  truncated: boolean;
  contextProviderMessageId?: string;
  /** Set when written in a group: not part of the sender's own thread. */
  groupId?: string;
  sentAt: Date;
  identity: SenderIdentity;
  /** Customer content opens or renews the 24-hour window; reactions, system notes, edits and group messages do not. */
  opensWindow: boolean;
  referral?: AdReferral;
  /** Optional parts that were present and unreadable, by the provider's name for them. */
  malformed?: readonly string[];
}

export type DeliveryStatus = 'sent' | 'delivered' | 'read' | 'played' | 'failed';

export interface StatusPricing {
  /** `PMP` since 2025-07-01, `CBP` before. */
  model: string;
  /** Open set, spelt with underscores (`authentication-international` arrives with a hyphen). */
  category: string;
  /** `regular`, `free_customer_service`, `free_entry_point`, ...; absent before 2025-07-01. */
  type?: string;
  billable?: boolean;
}

export interface ProviderError {
  code: number;
  title: string;
  details?: string;
}

export interface InboundStatus {
  kind: 'status';
  path: string;
  phoneNumberId: string;
  /** One per (message, status): see {@link InboundMessage.dedupeKey}. */
  dedupeKey: string;
  providerMessageId: string;
  /** What we sent along with the message: our own message id. */
  callbackData?: string;
  status: DeliveryStatus;
  occurredAt: Date;
  /** ISO 3166-1 alpha-2 of the calling code, which decides the price market. */
  recipientCountry?: string;
  pricing?: StatusPricing;
  /** End of a free entry point window; only the provider knows its length. */
  conversationExpiresAt?: Date;
  errors: readonly ProviderError[];
  malformed?: readonly string[];
}

/** Any other element: kept in the raw body, visible, without effect until a later version understands it. */
export interface InboundOther {
  kind: 'other';
  path: string;
  dedupeKey: string;
  field: string;
  wabaId?: string;
  phoneNumberId?: string;
  errors?: readonly ProviderError[];
}

/** An element that could not be read. `reason` is a fixed phrase: it never repeats content. */
export interface RejectedElement {
  path: string;
  reason: string;
}

export interface ParsedWebhook {
  items: InboundItem[];
  rejected: RejectedElement[];
}

export type OutgoingType =
  | 'text'
  | 'image'
  | 'video'
  | 'audio'
  | 'document'
  | 'sticker'
  | 'location'
  | 'contacts'
  | 'interactive'
  | 'reaction'
  | 'template';

export interface OutgoingMessage {
  /** Our message id. Comes back in every status, also when the answer to the send was lost. */
  messageId: string;
  /** E.164 with `+`, or a business-scoped user id where the phone number is not known. */
  to: { phone: string } | { bsuid: string };
  type: OutgoingType;
  /** The provider's object for the type, e.g. `{ body: 'Hello' }` for text. */
  content: Record<string, unknown> | readonly unknown[];
  replyToProviderMessageId?: string;
}

export interface ProviderCredentials {
  /** `https://graph.facebook.com`, or where the sandbox or 360dialog answers. */
  apiBaseUrl: string;
  /** `v26.0`; unused by providers without versions in the path. */
  apiVersion: string;
  phoneNumberId: string;
  /** Bearer token, or the API key of providers that use one. */
  accessToken: string;
}

/**
 * `retry`: transient, a few more tries. `wait`: a rate limit, hold back and send later. `never`: this message cannot be sent.
 * `opt_out`: the person stopped marketing. `window_closed`: needs a template. `channel_broken`: nothing can be sent until somebody
 * repairs the account.
 */
export type RejectionClass = 'retry' | 'wait' | 'never' | 'opt_out' | 'window_closed' | 'channel_broken';

export interface Rejection {
  /** The provider's code; absent if the refusal carried none. */
  code?: number;
  class: RejectionClass;
  retryAfterMs?: number;
  /** One English sentence for the agent, without content of the message. */
  agentText: string;
}

export type SendOutcome =
  | { kind: 'accepted'; providerMessageId: string }
  | ({ kind: 'rejected' } & Rejection)
  /** The request left and no usable answer came: it may have been sent. Never repeat blindly; a status with our id may still tell. */
  | { kind: 'unconfirmed'; reason: string }
  /** Nothing left this machine: safe to repeat. */
  | { kind: 'not_sent'; reason: string };

/** The port to one kind of provider. Adapters hold no state but their HTTP connections. */
export interface Provider {
  readonly name: string;
  /**
   * Whether this exact body was signed with one of `secrets` (several during rotation, or one per provider app).
   * @returns the index of the matching secret, or undefined.
   */
  verify(rawBody: Buffer, headers: IncomingHttpHeaders, secrets: readonly string[]): number | undefined;
  /** Every element of the body becomes an item or a rejection. Never throws. */
  parse(body: unknown): ParsedWebhook;
  /** One attempt. Never rejects: every failure is an outcome. */
  send(message: OutgoingMessage, credentials: ProviderCredentials): Promise<SendOutcome>;
}
