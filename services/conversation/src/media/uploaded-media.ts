import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelMediaUploaded, Envelope, FileKind } from '@fenster/contracts';
import { array, sql, unnest, type Tx } from '@fenster/database';
import { isId, notFound } from '@fenster/runtime';
import type { ConversationContext } from '../context.js';

/** A file that may be sent. */
export interface UploadedMedia {
  id: string;
  channelId: string;
  /** What it is to WhatsApp, by its type. */
  kind: FileKind;
  mimeType: string;
  sizeBytes: number;
  fileName: string | null;
}

/** Channels tells what was uploaded; so it can be checked here before a message is accepted. */
export async function rememberUploadedMedia(tx: Tx, events: readonly Envelope<ChannelMediaUploaded>[]): Promise<void> {
  await sql`
    insert into uploaded_media (workspace_id, id, channel_id, uploaded_by_id, kind, mime_type, size_bytes, file_name)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        channel_id: 'uuid',
        uploaded_by_id: 'text',
        kind: 'text',
        mime_type: 'text',
        size_bytes: 'bigint',
        file_name: 'text',
      },
      events.map(({ workspaceId, actor, data }) => ({
        workspace_id: workspaceId,
        id: data.mediaId,
        channel_id: data.channelId,
        uploaded_by_id: actor.id ?? '',
        kind: data.kind,
        mime_type: data.mimeType,
        size_bytes: String(data.sizeBytes),
        file_name: data.fileName,
      })),
    )}
    on conflict do nothing
  `.execute(tx.sql);
}

/** Those of the files that somebody uploaded, by their ids. No statement for none. */
export async function uploadedBy(
  tx: Tx,
  workspaceId: string,
  uploadedById: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, UploadedMedia>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<UploadedMedia>`
    select id, channel_id as "channelId", kind, mime_type as "mimeType", size_bytes::float8 as "sizeBytes",
      file_name as "fileName"
    from uploaded_media
    where workspace_id = ${workspaceId} and uploaded_by_id = ${uploadedById} and id = any(${array('uuid', ids)})
  `.execute(tx.sql);
  return new Map(rows.map((row) => [row.id, row]));
}

/** The event of an upload is here within milliseconds of its end; somebody may be faster. */
const WAIT_MS = 2_000;
const LOOK_EVERY_MS = 25;
/** Uploads begin at the latest so long after their id was made. */
const MAX_AGE_MS = 25 * 3_600_000;

/**
 * The file that a message wants to bring, if whoever asks uploaded it: an id from elsewhere, as of a file that a customer
 * sent to other people, is no way to read it. Ask before the transaction, because it may wait for an upload that has
 * just ended. @throws DomainError NOT_FOUND
 */
export async function requireUploadedMedia(
  ctx: ConversationContext,
  mediaId: string,
  field: string,
): Promise<UploadedMedia> {
  const end = performance.now() + (mayBeOnItsWay(mediaId, ctx.now()) ? WAIT_MS : 0);
  while (isId(mediaId)) {
    const media = await findUploadedMedia(ctx, mediaId);
    if (media) return media;
    if (performance.now() >= end) break;
    await sleep(LOOK_EVERY_MS);
  }
  throw notFound('Media', field);
}

async function findUploadedMedia(ctx: ConversationContext, mediaId: string): Promise<UploadedMedia | undefined> {
  const { workspaceId, id: actorId } = ctx.requireActor();
  const [media] = await ctx.database.readForTenant(
    workspaceId,
    sql<UploadedMedia>`/* prepared */
      select id, channel_id as "channelId", kind, mime_type as "mimeType", size_bytes::float8 as "sizeBytes",
        file_name as "fileName"
      from uploaded_media
      where workspace_id = ${workspaceId} and id = ${mediaId} and uploaded_by_id = ${actorId}
    `,
  );
  return media;
}

/** UUIDv7 begins with the time in milliseconds. */
function mayBeOnItsWay(id: string, now: Date): boolean {
  const madeAt = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  return Math.abs(now.getTime() - madeAt) < MAX_AGE_MS;
}
