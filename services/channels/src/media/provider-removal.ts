import { sql, type Ctx } from '@fenster/database';
import { openCredentials, SEALED_CREDENTIALS, type SealedCredentials } from '../channels/credentials.js';
import type { Providers } from '../providers/providers.js';

/** How long a provider keeps what was uploaded to it (whatsapp.md §B2). */
export const KEPT_BY_PROVIDER_MS = 30 * 86_400_000;

const AT_ONCE = 8;
const LEASE_MS = 60_000;
const MINUTE_MS = 60_000;
/** Some days in all, in which somebody may have repaired the channel; then the provider forgets it by itself. */
const MAX_ATTEMPTS = 10;

interface Removal extends SealedCredentials {
  workspaceId: string;
  providerMediaId: string;
  attempts: number;
}

/**
 * Deletes at the provider what is deleted here. Best effort: what cannot be deleted is tried again a few times and then
 * left to the provider, which keeps nothing for longer than a month. Returns whether there may be more.
 */
export async function removeAtProvider(
  ctx: Ctx,
  { providers, secretKey }: { providers: Providers; secretKey: Buffer },
): Promise<boolean> {
  const now = ctx.now();
  const db = ctx.database.system().getKysely();
  const { rows } = await sql<Removal>`
    update provider_media_removal r set attempts = r.attempts + 1, due_at = ${new Date(now.getTime() + LEASE_MS)}
    from (
      select workspace_id, channel_id, provider_media_id from provider_media_removal
      where due_at <= ${now} order by due_at limit ${AT_ONCE} for update skip locked
    ) due
    join channel c on c.workspace_id = due.workspace_id and c.id = due.channel_id
    where r.workspace_id = due.workspace_id and r.channel_id = due.channel_id
      and r.provider_media_id = due.provider_media_id
    returning r.workspace_id as "workspaceId", r.channel_id as "channelId", r.provider_media_id as "providerMediaId",
      r.attempts, ${SEALED_CREDENTIALS}
  `.execute(db);
  await Promise.all(
    rows.map(async (removal) => {
      const { workspaceId, channelId, providerMediaId, attempts } = removal;
      const isThis = sql`workspace_id = ${workspaceId} and channel_id = ${channelId} and provider_media_id = ${providerMediaId}`;
      const isOver = await isDone(ctx, removal, { providers, secretKey });
      if (isOver || attempts >= MAX_ATTEMPTS) {
        if (!isOver)
          ctx.log.warn({ channelId }, 'a file could not be deleted at the provider, which forgets it within a month');
        await sql`delete from provider_media_removal where ${isThis}`.execute(db);
        return;
      }
      const at = new Date(ctx.now().getTime() + MINUTE_MS * 3 ** (attempts - 1));
      await sql`update provider_media_removal set due_at = ${at} where ${isThis}`.execute(db);
    }),
  );
  return rows.length === AT_ONCE;
}

/** Whether there is nothing left to be done, as far as the provider says. */
async function isDone(
  ctx: Ctx,
  removal: Removal,
  { providers, secretKey }: { providers: Providers; secretKey: Buffer },
): Promise<boolean> {
  const provider = providers[removal.channelKind];
  if (!provider.deleteMedia) return true;
  try {
    const answer = await provider.deleteMedia(removal.providerMediaId, openCredentials(secretKey, removal));
    // What it refuses for good, such as what is gone already, is not asked again.
    return answer.kind === 'answered' || (answer.kind === 'refused' && answer.class === 'never');
  } catch (error) {
    ctx.log.error({ err: error, channelId: removal.channelId }, 'cannot ask a provider to delete a file');
    return false;
  }
}
