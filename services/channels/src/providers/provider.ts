import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type {
  AnalyticsGranularity,
  ChannelCapabilities,
  ChannelChanged,
  FailureClass,
  FailureReason,
  FileKind,
  MessageChange,
  OutgoingContent,
  ParameterFormat,
  Referral,
  TemplateCategory,
  TemplateDefinition,
  TemplateQuality,
  TemplateStatus,
} from '@fenster/contracts';
import type { z } from 'zod';
import type { SendLimits } from '../limits/token-bucket.rule.js';
import type { ChannelKind } from './channel-kind.js';

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

/** The customer. At least one of `phone`, `bsuid` and `threemaId` is present. */
export interface SenderIdentity {
  /** E.164 with leading `+`. */
  phone?: string;
  /** Business-scoped user id: opaque, stored whole, changes when the user changes number. */
  bsuid?: string;
  /** The same of all portfolios that a parent business links, where there is one. Not an address. */
  parentBsuid?: string;
  threemaId?: string;
  username?: string;
  profileName?: string;
}

/** A file that came with a message, as far as the provider describes it. */
export interface InboundMedia {
  /** How the provider calls it: opaque. */
  providerMediaId: string;
  kind: FileKind;
  mimeType?: string;
  fileName?: string;
  /** SHA-256. */
  sha256?: Buffer;
}

export interface InboundMessage {
  kind: 'message';
  path: string;
  /** What the provider calls the channel that it came over: unique among those of a kind. */
  address: string;
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
  /** The file that it brings, or that an edit brings. */
  media?: InboundMedia;
  /** Set when it is no message of its own, but changes an earlier one. */
  changes?: { providerMessageId: string; change: MessageChange };
  /** Written by the business itself, in its phone app; `identity` is then who got it. */
  isEcho?: true;
  /** Written before the number was connected, and told of from the phone app that had it until then. */
  imported?: {
    /** How far it got, if the business wrote it. */
    status?: DeliveryStatus;
    /** That there was a file is all that is told; it may follow. */
    isPlaceholder?: true;
  };
  /** Set when written in a group: not part of the sender's own thread. */
  groupId?: string;
  sentAt: Date;
  identity: SenderIdentity;
  /** Customer content opens or renews the 24-hour window; reactions, system notes, edits, group messages and echoes do not. */
  opensWindow: boolean;
  referral?: Referral;
  /** A notice that the person has another number or user id: what they are called from now on. `identity` is what they were called. */
  becomes?: Pick<SenderIdentity, 'phone' | 'bsuid' | 'parentBsuid'>;
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
  /** The provider's own, for what is on no rate card. */
  estimate?: { amountMicros: number; currency: string };
}

export interface ProviderError {
  code: number;
  title: string;
  details?: string;
  /** What it means, if the adapter knows. */
  reason?: FailureReason;
}

export interface InboundStatus {
  kind: 'status';
  path: string;
  address: string;
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
  /** The provider's unit of charge until 2025-06-30. */
  conversationId?: string;
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
  /** What the provider calls the account that it is about. */
  account?: string;
  address?: string;
  /** In E.164 with the plus sign, where the number is named so. */
  displayPhoneNumber?: string;
  /** When the provider says that it happened. */
  occurredAt?: Date;
  /** How a number is now, or all numbers of the account are, as far as this says it. */
  news?: { of: 'number' | 'account'; facts: NumberFacts };
  /** Who has stopped marketing in the provider's app, or allows it again. */
  preferences?: readonly MarketingPreference[];
  /** What became of a template of the account. */
  template?: TemplateNews;
  /** From when on messages of the portfolio have the price of another volume. */
  volumeTier?: VolumeTier;
  errors?: readonly ProviderError[];
}

/** In the provider's words. */
export interface VolumeTier {
  region: string;
  category: string;
  month: string;
  from: number;
  to?: number;
  since: Date;
}

export interface MarketingPreference {
  identity: Pick<SenderIdentity, 'phone' | 'bsuid'>;
  value: 'STOP' | 'RESUME';
  changedAt: Date;
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

export interface OutgoingReaction {
  kind: 'reaction';
  targetProviderMessageId: string;
  /** Null takes the earlier one back. */
  emoji: string | null;
}

export interface OutgoingMessage {
  /** Our message id. Comes back in every status, also when the answer to the send was lost. */
  messageId: string;
  /** E.164 with `+`, or what else the provider calls the person. */
  to: { phone: string } | { bsuid: string } | { threemaId: string };
  content: OutgoingContent | OutgoingReaction;
  /** What the provider calls the files in it, by our ids. */
  media?: Readonly<Record<string, string>>;
  replyToProviderMessageId?: string;
}

/**
 * What an adapter has to know to reach its provider for one channel, as its `settings` and `secrets` describe it. Only the
 * adapter looks inside.
 */
export type ProviderCredentials = object;

/** What was posted to the address that the provider was given. */
export interface WebhookRequest {
  rawBody: Buffer;
  headers: IncomingHttpHeaders;
  /** The address as the provider was given it, whatever a proxy made of it; with its query. */
  url: string;
}

/** A webhook that is known to be signed, as it was stored. */
export interface PostedWebhook {
  rawBody: Buffer;
  /** Of the address that it was posted to. */
  query: URLSearchParams;
  /** For what the provider gives no time. */
  receivedAt: Date;
  /** What was in it, where only its receiver can know. */
  opened?: OpenedWebhook;
}

/** What became of opening a webhook that is encrypted for its channel. `isTransient`: later it may work. */
export type OpenedWebhook =
  | { kind: 'opened'; content: Buffer }
  | { kind: 'closed'; reason: string; isTransient: boolean };

/** What one who posts webhooks has to know: a key to sign with, or a header that has to be there. */
export type WebhookSecret = string | { header: string; value: string };

/** A kind of provider, as pure data. */
export interface AdapterDescription {
  readonly kind: ChannelKind;
  readonly capabilities: ChannelCapabilities;
  readonly limits: SendLimits;
  /** Begins a chat with the channel: what the customer is to write follows, percent-encoded. */
  readonly chatUrl: (channel: { address: string; displayPhoneNumber: string | null }) => string;
  /** Who carries its messages, and so processes them for the business; the one that customers are with first. */
  readonly processors: NonNullable<ChannelChanged['processors']>;
  /** Of webhooks. */
  readonly contentType: 'application/json' | 'application/x-www-form-urlencoded';
  /** The parts of the credentials that may be shown, and those that are sealed at rest. */
  readonly settings: z.ZodType<Record<string, string>>;
  readonly secrets: z.ZodType<Record<string, string>>;
}

export type RejectionClass = Exclude<FailureClass, 'uncertain'>;

export interface Rejection {
  /** The provider's code; absent if the refusal carried none. */
  code?: number;
  reason: FailureReason;
  class: RejectionClass;
  retryAfterMs?: number;
  /** Whose limit it is, where it is one: then nothing else of it can be sent either. */
  limitOf?: 'number' | 'pair';
  /** One English sentence for the agent, without content of the message. */
  agentText: string;
}

export type SendOutcome =
  | {
      kind: 'accepted';
      providerMessageId: string;
      /** What the provider calls the person, where that is another number than the one it was asked to write to. */
      recipient?: { phone: string };
    }
  | ({ kind: 'rejected' } & Rejection)
  /** The request left and no usable answer came: it may have been sent. Never repeat blindly; a status with our id may still tell. */
  | { kind: 'unconfirmed'; reason: string }
  /** Nothing left this machine: safe to repeat. */
  | { kind: 'not_sent'; reason: string };

export const NUMBER_QUALITIES = ['GREEN', 'YELLOW', 'RED', 'UNKNOWN'] as const;
export type NumberQuality = (typeof NUMBER_QUALITIES)[number];

/** What customers see of a business. Absent is what was never set. */
export interface BusinessProfile {
  about?: string;
  address?: string;
  description?: string;
  email?: string;
  websites?: readonly string[];
  /** The provider's word, e.g. `RETAIL`. */
  category?: string;
  pictureUrl?: string;
}

/** How a number is at its provider; what is absent was not told. Words without a type are the provider's own. */
export interface NumberFacts {
  quality?: NumberQuality;
  /** `TIER_250`, `TIER_2K`, …, `TIER_UNLIMITED`: how many persons may be written to outside their windows in 24 hours. */
  messagingLimit?: string;
  /** `STANDARD`, `HIGH`, `NOT_APPLICABLE`. */
  throughput?: string;
  verifiedName?: string;
  nameStatus?: string;
  username?: string;
  usernameStatus?: string;
  /** Where the provider stores messages: a country, or nothing where it is free to choose. */
  storageRegion?: string;
  /** What the provider last said of the account as a whole, e.g. `ACCOUNT_RESTRICTION`. */
  accountStatus?: string;
  /** Those who share the messaging limit. */
  portfolioId?: string;
  /** Of what was written before it was connected: how much of it is here, in percent, or that nobody gives it to us. */
  historyImport?: { progress: number } | { refusal: number };
  profile?: BusinessProfile;
}
export type FactName = keyof NumberFacts;

export type ProfileChange = Omit<BusinessProfile, 'pictureUrl'>;
export interface ProfileUpdate extends ProfileChange {
  /** What uploading the new picture resolved to. */
  pictureHandle?: string;
}

/** `refused` is the provider's word about the request or the number, `unreachable` says nothing of either. */
export type ProviderAnswer<T> =
  | { kind: 'answered'; value: T }
  | ({
      kind: 'refused';
      /** What is wrong with the request, in the provider's words for people. */
      explanation?: string;
      /** Tells refusals of one code apart. */
      subcode?: number;
    } & Rejection)
  | { kind: 'unreachable'; reason: string };

/** What became of asking for a file. */
export type FetchedMedia =
  | {
      kind: 'content';
      /** Breaks off with an error. Whoever does not read it to its end has to destroy it. */
      content: Readable;
      mimeType?: string;
      sizeBytes?: number;
      sha256?: Buffer;
    }
  /** The provider does not have it, or not any more. */
  | { kind: 'gone' }
  | { kind: 'failed'; reason: string; retryAfterMs?: number };

export interface OutgoingFile {
  mimeType: string;
  fileName: string;
  sizeBytes: number;
  content: AsyncIterable<Buffer>;
}

/** Nothing of a message leaves with its files, so uploading may be repeated. */
export type UploadOutcome =
  | { kind: 'uploaded'; providerMediaId: string }
  | Extract<SendOutcome, { kind: 'rejected' | 'not_sent' }>;

/** What one webhook says of a template; of what is absent it says nothing. */
export interface TemplateNews {
  name: string;
  /** As in `en_US`. */
  language: string;
  /** How the provider calls it: opaque. */
  providerTemplateId?: string;
  status?: { status: TemplateStatus; rejection: TemplateRejection | null };
  /** What it is for since then. */
  category?: { category: TemplateCategory; previous?: TemplateCategory };
  /** What it will be for, and when. */
  announcement?: { category: TemplateCategory; at: Date | null };
  quality?: TemplateQuality;
  /** It says something else now: what, has to be read. */
  isReworded?: true;
}

/** Why a template was refused, in the provider's words. */
export interface TemplateRejection {
  reason: string;
  /** What to do about it. */
  advice?: string;
}

/** A template as its provider has it. */
export interface ProviderTemplate {
  providerTemplateId: string;
  name: string;
  language: string;
  status: TemplateStatus;
  rejection: TemplateRejection | null;
  category: TemplateCategory;
  previousCategory?: TemplateCategory;
  /** What it will be for. */
  announcedCategory?: TemplateCategory;
  quality: TemplateQuality;
  parameterFormat: ParameterFormat;
  definition: TemplateDefinition;
  timeToLiveSeconds?: number;
}

/** What is submitted for review. */
export interface TemplateDraft {
  name: string;
  language: string;
  category: TemplateCategory;
  parameterFormat: ParameterFormat;
  definition: TemplateDefinition;
  /** Of the files above the words of the template and of its cards, in this order. */
  exampleHandles: readonly string[];
  timeToLiveSeconds?: number | undefined;
}

/** Whose templates they are. */
export interface TemplateAccount {
  accountId: string;
  /** The app that files are uploaded through. */
  appId: string;
}

/** Message templates at a provider that has them. Never rejects. */
export interface TemplateApi<C extends ProviderCredentials = ProviderCredentials> {
  /** A page of all of them; `after` is what the page before it came with. */
  list(
    account: TemplateAccount,
    credentials: C,
    after?: string,
  ): Promise<ProviderAnswer<{ templates: ProviderTemplate[]; after?: string }>>;
  create(
    account: TemplateAccount,
    draft: TemplateDraft,
    credentials: C,
  ): Promise<ProviderAnswer<Pick<ProviderTemplate, 'providerTemplateId' | 'status' | 'category'>>>;
  /** In place of what it says. */
  edit(providerTemplateId: string, draft: TemplateDraft, credentials: C): Promise<ProviderAnswer<true>>;
  /** In one language. What is not there any more counts as deleted. */
  remove(
    account: TemplateAccount,
    template: { name: string; language: string; providerTemplateId: string },
    credentials: C,
  ): Promise<ProviderAnswer<true>>;
  /** Gives the provider an example of a file to look at, and resolves to how a draft refers to it. */
  uploadExample(
    account: TemplateAccount,
    file: OutgoingFile,
    credentials: C,
    signal: AbortSignal,
  ): Promise<ProviderAnswer<string>>;
}

/** The profile of a business at a provider that shows one. Never rejects. */
export interface ProfileApi<C extends ProviderCredentials = ProviderCredentials> {
  /** Changes what is there, and leaves the rest. */
  update(change: ProfileUpdate, credentials: C): Promise<ProviderAnswer<true>>;
  /** Gives the provider a picture, through the app of the channel, and resolves to how `update` refers to it. */
  uploadPicture(
    appId: string,
    file: OutgoingFile,
    credentials: C,
    signal: AbortSignal,
  ): Promise<ProviderAnswer<string>>;
}

/** What an account was charged for in a period, as its provider counts it. */
export interface AnalyticsPoint {
  startsAt: Date;
  endsAt: Date;
  /** Of the business: digits only. */
  phone?: string;
  /** Of the recipients. */
  country?: string;
  category: string;
  type: string;
  tier?: string;
  messages: number;
  /** About, in the currency of the account. */
  costMicros?: number;
}

export interface AnalyticsApi<C extends ProviderCredentials = ProviderCredentials> {
  /** All of it or nothing. Never rejects. */
  read(
    what: { accountId: string; from: Date; to: Date; granularity: AnalyticsGranularity },
    credentials: C,
  ): Promise<ProviderAnswer<AnalyticsPoint[]>>;
}

/** The port to one kind of provider. Adapters hold no state but their HTTP connections. */
export interface Provider<C extends ProviderCredentials = ProviderCredentials> extends AdapterDescription {
  /**
   * Whether exactly this request comes from one who knows one of `secrets` (several during rotation, or one per provider
   * app). Comparisons take the same time whatever is wrong.
   * @returns the index of the matching secret, or undefined.
   */
  verify(request: WebhookRequest, secrets: readonly WebhookSecret[]): number | undefined;
  /** Decrypts what its provider posts encrypted; absent where it does not. Never rejects. */
  open?(rawBody: Buffer, credentials: C): Promise<OpenedWebhook>;
  /** Every element of the body becomes an item or a rejection. Pure, never throws. */
  parse(posted: PostedWebhook): ParsedWebhook;
  /** One attempt. Never rejects: every failure is an outcome. What the capabilities do not know is refused here. */
  send(message: OutgoingMessage, credentials: C): Promise<SendOutcome>;
  /**
   * Lets the customer see that this message was read, and all before it. Never rejects, and may be repeated. Providers that
   * cannot show it accept it.
   */
  markRead(providerMessageId: string, credentials: C): Promise<SendOutcome>;
  /**
   * Lets the customer see for a while that somebody types, and so that this message was read; whether it worked is not
   * told. Providers that cannot show it do nothing.
   */
  showTyping(providerMessageId: string, credentials: C): Promise<void>;
  /** How the number is now: so also whether the credentials are right. What the provider does not tell is left out. Never rejects. */
  readNumber(credentials: C): Promise<ProviderAnswer<NumberFacts>>;
  /** The public key that the provider names for a person now, whichever was kept. Absent where there are none. Never rejects. */
  readPeerKey?(peer: string, credentials: C): Promise<ProviderAnswer<Buffer>>;
  /** Absent where customers see no profile of the business. */
  readonly profile?: ProfileApi<C>;
  /** Never rejects: every failure is an outcome, or breaks the content off. */
  fetchMedia(providerMediaId: string, credentials: C, signal: AbortSignal): Promise<FetchedMedia>;
  /** Gives a file to the provider, so that messages can refer to it. Never rejects: every failure is an outcome. */
  uploadMedia(file: OutgoingFile, credentials: C, signal: AbortSignal): Promise<UploadOutcome>;
  /** Deletes a file that was given to the provider. Never rejects, and may be repeated. Absent where there is nothing to delete. */
  deleteMedia?(providerMediaId: string, credentials: C): Promise<ProviderAnswer<true>>;
  /** Absent where there are none. */
  readonly templates?: TemplateApi<C>;
  /** Absent where the provider counts nothing for us. */
  readonly analytics?: AnalyticsApi<C>;
}
