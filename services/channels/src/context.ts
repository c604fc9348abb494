import type { GraphQLContext } from '@fenster/graphql';
import type { ObjectStore } from '@fenster/object-store';
import type { Providers } from './providers/providers.js';

export interface ApiUrls {
  whatsApp: string;
  whatsAppVersion: string;
  dialog360: string;
  twilio: string;
  threema: string;
}

export interface ChannelsApp {
  providers: Providers;
  secretKey: Buffer;
  /** Of files. */
  store: ObjectStore;
  /** There may be something to send. */
  wakeSender(): void;
  /** There are files to fetch. */
  wakeFetcher(): void;
  /** Where providers are asked by channels that are connected from now on. */
  apiUrls: ApiUrls;
  /** Of `/webhooks`, as providers reach it. */
  webhookUrl(): string;
  /** Who signs webhooks has changed. */
  reloadSigners(): Promise<void>;
  /** There are templates to read. */
  wakeTemplateReader(): void;
  /** Of `/media`, as browsers reach it. */
  mediaUrl(): string;
  mediaUrlMinutes: number;
  mediaUploadMinutes: number;
}

export type ChannelsContext = GraphQLContext<ChannelsApp>;
