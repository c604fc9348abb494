import { channelMediaFailed, channelMediaStored } from '@fenster/contracts';
import { sql, transact, type Ctx, type Origin, type Tx } from '@fenster/database';
import type { Kept } from '@fenster/object-store';
import { seal, unseal } from '@fenster/runtime';
import { SEALED_CREDENTIALS, type SealedCredentials } from '../channels/credentials.js';
import { contentKeyContext, sourceContext, type MediaFailure, type MediaSource, type MediaState } from './media.row.js';

export interface ClaimedMedia extends SealedCredentials {
  workspaceId: string;
  id: string;
  attempts: number;
  /** As the webhook says. */
  sha256: Buffer | null;
  source: Buffer;
  objectKey: string;
  correlationId: string;
  expiresAt: Date;
}

/** What happens after an attempt. */
export type FetchStep =
  | { kind: 'ready'; kept: Kept; mimeType: string | undefined }
  | { kind: 'retry'; at: Date }
  | { kind: 'ended'; state: Extract<MediaState, 'FAILED' | 'INFECTED' | 'GONE'>; failure: MediaFailure };

/**
 * Takes up to `limit` files whose time has come, for as long as the lease; also those whose lease ended, because the process
 * that had it is gone. The name that each gets in the store is noted before anything is stored under it.
 */
export async function claimMedia(ctx: Ctx, limit: number, leaseMs: number): Promise<ClaimedMedia[]> {
  return transact(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<ClaimedMedia>`
      with due as (
        select m.workspace_id, m.id, m.object_key as old_object_key, ${SEALED_CREDENTIALS}
        from media m join channel c on c.workspace_id = m.workspace_id and c.id = m.channel_id
        where m.due_at <= ${now} and m.origin = 'RECEIVED' and m.state in ('PENDING', 'FETCHING')
        order by m.due_at limit ${limit}
        for update of m skip locked
      ), left_behind as (
        insert into object_removal (object_key, due_at)
        select old_object_key, ${now}::timestamptz from due where old_object_key is not null
        on conflict do nothing
      )
      update media m set state = 'FETCHING', attempts = m.attempts + 1, due_at = ${new Date(now.getTime() + leaseMs)},
        object_key = gen_random_uuid()::text
      from due where m.workspace_id = due.workspace_id and m.id = due.id
      returning m.workspace_id as "workspaceId", m.id, m.channel_id as "channelId", m.attempts, m.sha256, m.source,
        m.object_key as "objectKey", m.correlation_id as "correlationId", m.expires_at as "expiresAt",
        due."channelKind", due.settings, due.secrets
    `.execute(tx.sql);
    return rows.map((row) => ({ ...row, expiresAt: new Date(row.expiresAt) }));
  });
}

/** False if there was nothing to record it in: the file was deleted meanwhile, or another process has it. */
export async function recordFetch(ctx: Ctx, media: ClaimedMedia, step: FetchStep, secretKey: Buffer): Promise<boolean> {
  return transact(ctx, async (tx) => {
    const { rows } = await changeOf(tx, media, step, secretKey).execute(tx.sql);
    const [row] = rows;
    if (!row) return false;
    if (step.kind !== 'retry') tell(tx, media, step, row.mime_type, secretKey);
    return true;
  });
}

function changeOf(tx: Tx, media: ClaimedMedia, step: FetchStep, secretKey: Buffer) {
  const isSame = sql`workspace_id = ${media.workspaceId} and id = ${media.id} and state = 'FETCHING'
    and attempts = ${media.attempts} returning mime_type`;
  switch (step.kind) {
    case 'ready':
      return sql<{ mime_type: string | null }>`
        update media set state = 'READY', due_at = null, source = null, stored_at = ${tx.now()},
          size_bytes = ${step.kept.sizeBytes}, sha256 = ${step.kept.sha256},
          mime_type = coalesce(mime_type, ${step.mimeType ?? null}),
          content_key = ${seal(secretKey, step.kept.contentKey, contentKeyContext(media.id))}
        where ${isSame}
      `;
    case 'retry':
      return sql<{ mime_type: string | null }>`
        update media set state = 'PENDING', due_at = ${step.at}, object_key = null where ${isSame}
      `;
    case 'ended':
      return sql<{ mime_type: string | null }>`
        update media set state = ${step.state}, failure = ${step.failure}, due_at = null, source = null, object_key = null
        where ${isSame}
      `;
  }
}

function tell(
  tx: Tx,
  media: ClaimedMedia,
  step: Exclude<FetchStep, { kind: 'retry' }>,
  mimeType: string | null,
  secretKey: Buffer,
): void {
  const { id: mediaId, channelId, workspaceId, correlationId } = media;
  const origin: Origin = { actor: { kind: 'system', id: 'channels-media' }, correlationId };
  let providerMessageId: string;
  try {
    ({ providerMessageId } = sourceOf(media, secretKey));
  } catch (error) {
    // Sealed with a key that is lost, and with it the way back to the message.
    tx.log.error({ err: error, mediaId }, 'nobody can say any more which message a file came with');
    return;
  }
  if (step.kind === 'ready') {
    const data = { mediaId, channelId, providerMessageId, mimeType, sizeBytes: step.kept.sizeBytes };
    tx.emit(channelMediaStored, { entityId: mediaId, workspaceId, origin, data });
  } else {
    const data = { mediaId, channelId, providerMessageId, state: step.state };
    tx.emit(channelMediaFailed, { entityId: mediaId, workspaceId, origin, data });
  }
}

/** @throws Error if the key is another one. */
export function sourceOf({ id, source }: Pick<ClaimedMedia, 'id' | 'source'>, secretKey: Buffer): MediaSource {
  return JSON.parse(unseal(secretKey, source, sourceContext(id))) as MediaSource;
}
