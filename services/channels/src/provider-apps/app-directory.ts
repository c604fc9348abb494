import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { sql, type Database } from '@fenster/database';
import { unseal, type Logger } from '@fenster/runtime';
import type { Provider } from '../providers/provider.js';

export interface ProviderApp {
  appId: string;
  /** Sees what arrives for this app and belongs to no channel. */
  workspaceId: string;
}

/** Who may sign webhooks, in memory: a signature is checked before anything touches the database. */
export interface AppDirectory {
  /**
   * The app whose secret signed exactly these bytes.
   * @throws if only the database could tell and it is away.
   */
  signerOf(rawBody: Buffer, headers: IncomingHttpHeaders): Promise<ProviderApp | undefined>;
  /** @throws if only the database could tell and it is away. */
  isVerifyToken(token: string): Promise<boolean>;
  /** Reads all apps again; call it after changing one. */
  reload(): Promise<void>;
  start(): Promise<void>;
  stop(): void;
}

interface Snapshot {
  /** In parallel: the app at an index owns the secret at that index. */
  secrets: string[];
  apps: ProviderApp[];
  verifyTokenHashes: Buffer[];
  readAt: number;
}

/** How long a change made by another process may stay unseen here. */
const RELOAD_EVERY_MS = 2_000;
/** What is not found is looked up anew, but wrong signatures must not turn into a load on the database. */
const RELOAD_AT_MOST_EVERY_MS = 1_000;

export function createAppDirectory(options: {
  database: Database;
  provider: Provider;
  secretKey: Buffer;
  log: Logger;
}): AppDirectory {
  const { database, provider, secretKey, log } = options;
  let snapshot: Snapshot = { secrets: [], apps: [], verifyTokenHashes: [], readAt: -Infinity };
  let reading: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function read(): Promise<void> {
    const readAt = performance.now();
    const { rows } = await sql<{ app_id: string; workspace_id: string; secrets: Buffer[]; verify_token_hash: Buffer }>`
      select app_id, workspace_id, secrets, verify_token_hash from provider_app order by app_id
    `.execute(database.system().getKysely());
    const next: Snapshot = { secrets: [], apps: [], verifyTokenHashes: [], readAt };
    for (const row of rows) {
      try {
        const app = { appId: row.app_id, workspaceId: row.workspace_id };
        const secrets = row.secrets.map((secret) => unseal(secretKey, secret, secretContext(row.app_id)));
        for (const secret of secrets) {
          next.secrets.push(secret);
          next.apps.push(app);
        }
        next.verifyTokenHashes.push(row.verify_token_hash);
      } catch (error) {
        // One app sealed with another key must not keep the others' webhooks out.
        log.error(
          { err: error, appId: row.app_id },
          'the secrets of this app cannot be opened: is SECRET_KEY another one than before?',
        );
      }
    }
    snapshot = next;
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
    signerOf: (rawBody, headers) =>
      lookUp(() => {
        const index = provider.verify(rawBody, headers, snapshot.secrets);
        return index === undefined ? undefined : snapshot.apps[index];
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

/** Ties sealed app secrets to their app. */
export function secretContext(appId: string): string {
  return `provider_app:${appId}`;
}

/** Keyed, because people choose verify tokens that can be guessed; both sides have one length, so they compare in constant time. */
export function hashVerifyToken(secretKey: Buffer, token: string): Buffer {
  return createHmac('sha256', secretKey).update('verify token\0').update(token).digest();
}
