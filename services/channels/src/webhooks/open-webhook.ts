import { sql, type Database } from '@fenster/database';
import { openCredentials, SEALED_CREDENTIALS, type SealedCredentials } from '../channels/credentials.js';
import type { ProviderApp } from '../provider-apps/app-directory.js';
import type { OpenedWebhook } from '../providers/provider.js';
import type { Providers } from '../providers/providers.js';

/** Decrypts a webhook with the credentials of the channel that its app belongs to. */
export async function openWebhook(
  rawBody: Buffer,
  { appId, kind }: Pick<ProviderApp, 'appId' | 'kind'>,
  { database, providers, secretKey }: { database: Database; providers: Providers; secretKey: Buffer },
): Promise<OpenedWebhook> {
  const { rows } = await sql<SealedCredentials>`
    select c.id as "channelId", ${SEALED_CREDENTIALS} from channel c where c.app_id = ${appId} and c.kind = ${kind}
  `.execute(database.system().getKysely());
  const [channel] = rows;
  if (!channel) return { kind: 'closed', reason: 'no channel has this app', isTransient: false };
  return providers[kind].open!(rawBody, openCredentials(secretKey, channel));
}
