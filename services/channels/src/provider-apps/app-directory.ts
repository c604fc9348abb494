import { createHmac, timingSafeEqual } from 'node:crypto';
import { sql, type Database } from '@fenster/database';
import { unseal, type Logger } from '@fenster/runtime';
import { CHANNEL_KINDS, type ChannelKind } from '../providers/channel-kind.js';
import type { WebhookRequest, WebhookSecret } from '../providers/provider.js';
import type { Providers } from '../providers/providers.js';

/** Who posts webhooks: an app at the provider, or one that a channel has to itself. */
export interface ProviderApp {
  appId: string;
  kind: ChannelKind;
  /** Sees what arrives for this app and belongs to no channel. */
  workspaceId: string;
}

/** Who may sign webhooks, in memory: a signature is checked before anything touches the database. */
export interface AppDirectory {
  /**
   * The app whose secret signed exactly this request.
   * @param appId of the app that is meant, where the address says so: no other one's secret counts then.
   * @throws if only the database could tell and it is away.
   */
  signerOf(kind: ChannelKind, request: WebhookRequest, appId?: string): Promise<ProviderApp | undefined>;
  /** @throws if only the database could tell and it is away. */
  isVerifyToken(token: string): Promise<boolean>;
  /** Reads all apps again; call it after changing one. */
  reload(): Promise<void>;
  start(): Promise<void>;
  stop(): void;
}

/** In parallel: the app at an index owns the secret at that index. */
interface Signers {
  secrets: WebhookSecret[];
  apps: ProviderApp[];
}

interface Snapshot {
  byKind: ReadonlyMap<ChannelKind, Signers>;
  byApp: ReadonlyMap<string, Signers>;
  verifyTokenHashes: readonly Buffer[];
  readAt: number;
}

/** How long a change made by another process may stay unseen here. */
const RELOAD_EVERY_MS = 2_000;
/** What is not found is looked up anew, but wrong signatures must not turn into a load on the database. */
const RELOAD_AT_MOST_EVERY_MS = 1_000;

export function createAppDirectory(options: {
  database: Database;
  providers: Providers;
  secretKey: Buffer;
  log: Logger;
}): AppDirectory {
  const { database, providers, secretKey, log } = options;
  let snapshot: Snapshot = { byKind: new Map(), byApp: new Map(), verifyTokenHashes: [], readAt: -Infinity };
  let reading: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function read(): Promise<void> {
    const readAt = performance.now();
    const { rows } = await sql<AppRow>`
      select app_id, workspace_id, kind, secrets, verify_token_hash from provider_app order by app_id
    `.execute(database.system().getKysely());
    const byKind = new Map(CHANNEL_KINDS.map((kind): [ChannelKind, Signers] => [kind, { secrets: [], apps: [] }]));
    const byApp = new Map<string, Signers>();
    const verifyTokenHashes: Buffer[] = [];
    for (const row of rows) {
      try {
        const app = { appId: row.app_id, kind: row.kind, workspaceId: row.workspace_id };
        const secrets = row.secrets.map((secret) => openWebhookSecret(secretKey, secret, row.app_id));
        const signers = byKind.get(row.kind)!;
        signers.secrets.push(...secrets);
        signers.apps.push(...secrets.map(() => app));
        byApp.set(row.app_id, { secrets, apps: secrets.map(() => app) });
        if (row.verify_token_hash) verifyTokenHashes.push(row.verify_token_hash);
      } catch (error) {
        // One app sealed with another key must not keep the others' webhooks out.
        log.error(
          { err: error, appId: row.app_id },
          'the secrets of this app cannot be opened: is SECRET_KEY another one than before?',
        );
      }
    }
    snapshot = { byKind, byApp, verifyTokenHashes, readAt };
  }

  function reload(): Promise<void> {
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  }

  /** Asks memory first; a miss asks the database, unless that was done just now. */
  async function lookUp<T>(find: () => T | undefined): Promise<T | undefined> {
    const found = find();
    if (found !== undefined || performance.now() - snapshot.readAt < RELOAD_AT_MOST_EVERY_MS) return found;
    await reload();
    return find();
  }

  return {
    signerOf: (kind, request, appId) =>
      lookUp(() => {
        const signers = appId === undefined ? snapshot.byKind.get(kind) : snapshot.byApp.get(appId);
        const index = signers && providers[kind].verify(request, signers.secrets);
        const app = index === undefined ? undefined : signers!.apps[index];
        return app?.kind === kind ? app : undefined;
      }),
    async isVerifyToken(token) {
      const given = hashVerifyToken(secretKey, token);
      const found = await lookUp(() => snapshot.verifyTokenHashes.find((hash) => timingSafeEqual(hash, given)));
      return found !== undefined;
    },
    async reload() {
      // A read that is under way may have begun before the change.
      await reading?.catch(() => undefined);
      await reload();
    },
    async start() {
      await reload();
      timer = setInterval(() => {
        reload().catch((error: unknown) => log.warn({ err: error }, 'cannot read the provider apps; will try again'));
      }, RELOAD_EVERY_MS);
    },
    stop() {
      clearInterval(timer);
    },
  };
}

interface AppRow {
  app_id: string;
  workspace_id: string;
  kind: ChannelKind;
  secrets: Buffer[];
  verify_token_hash: Buffer | null;
}

/** As it is sealed. */
export function writeWebhookSecret(secret: WebhookSecret): string {
  return typeof secret === 'string' ? secret : JSON.stringify(secret);
}

/** @throws Error if it was sealed with another key. */
export function openWebhookSecret(secretKey: Buffer, sealed: Buffer, appId: string): WebhookSecret {
  const text = unseal(secretKey, sealed, secretContext(appId));
  return text.startsWith('{"header":') ? (JSON.parse(text) as WebhookSecret) : text;
}

/** Ties sealed app secrets to their app. */
export function secretContext(appId: string): string {
  return `provider_app:${appId}`;
}

/** Keyed, because people choose verify tokens that can be guessed; both sides have one length, so they compare in constant time. */
export function hashVerifyToken(secretKey: Buffer, token: string): Buffer {
  return createHmac('sha256', secretKey).update('verify token\0').update(token).digest();
}
