import { channelMediaUploaded, type FileKind } from '@fenster/contracts';
import { once, sql, transact, type Ctx, type Origin, type Tx } from '@fenster/database';
import { baseType, checkFileName, type Kept } from '@fenster/object-store';
import { DomainError, invalidInput, newId, notFound, seal } from '@fenster/runtime';
import { channelsById } from '../channels/channel.resolver.js';
import type { ChannelsApp, ChannelsContext } from '../context.js';
import { capabilitiesOf } from '../providers/providers.js';
import { kindOf, maxBytesOf, SENDABLE_TYPES } from './media.limits.js';
import { contentKeyContext, type Media } from './media.row.js';
import type { CreateMediaUploadInput } from './media.types.js';

/** Of what was uploaded and then not sent. */
const UNUSED_FOR_MS = 30 * 86_400_000;

interface Announced {
  kind: FileKind;
  mimeType: string;
  sizeBytes: number;
  fileName: string | null;
}

/** @throws DomainError that names the limit. */
export function checkAnnounced({ mimeType, sizeBytes, fileName }: CreateMediaUploadInput): Announced {
  const type = baseType(mimeType);
  const kind = kindOf(type);
  if (!kind) {
    throw new DomainError('MEDIA_TYPE_NOT_ALLOWED', 'WhatsApp does not take files of this type.', {
      field: 'mimeType',
      details: { allowedTypes: SENDABLE_TYPES },
    });
  }
  if (sizeBytes < 1) throw invalidInput('sizeBytes', 'must be at least 1.');
  const maxBytes = maxBytesOf(kind);
  if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
  return { kind, mimeType: type, sizeBytes, fileName: checkFileName(fileName, 'fileName') };
}

export function tooLarge(maxBytes: number): DomainError {
  return new DomainError('MEDIA_TOO_LARGE', `WhatsApp takes at most ${maxBytes} bytes of such a file.`, {
    field: 'sizeBytes',
    details: { maxBytes },
  });
}

/** Announces a file. The bytes come by its URL; see `upload.route.ts`. */
export async function createMediaUpload(
  ctx: ChannelsContext,
  input: CreateMediaUploadInput,
): Promise<{ media: Media; expiresAt: Date }> {
  const { workspaceId } = ctx.requireActor();
  const announced = checkAnnounced(input);
  const { channelId, idempotencyKey } = input;
  const channel = await ctx.loader(channelsById).load(channelId);
  if (!channel) throw notFound('Channel', 'channelId');
  if (!(announced.kind in capabilitiesOf(channel.kind).mediaKinds)) {
    throw invalidInput('channelId', 'is a channel that cannot send such files.');
  }
  return transact(ctx, async (tx) => {
    const request = { key: idempotencyKey, operation: 'createMediaUpload', input: { channelId, ...announced } };
    const id = await once(tx, request, newId(), (newMediaId) =>
      announce(tx, newMediaId, channelId, announced, ctx.app),
    );
    const { rows } = await sql<Media & { expiresAt: Date }>`
      select workspace_id as "workspaceId", id, kind, state, failure, mime_type as "mimeType",
        size_bytes::float8 as "sizeBytes", file_name as "fileName", expires_at as "expiresAt"
      from media where workspace_id = ${workspaceId} and id = ${id}
    `.execute(tx.sql);
    const [row] = rows;
    // The same key, after its upload was never made: there is nothing left to be uploaded to.
    if (!row) throw notFound('Upload', 'idempotencyKey');
    const { expiresAt, ...media } = row;
    return { media, expiresAt: new Date(expiresAt) };
  });
}

async function announce(
  tx: Tx,
  id: string,
  channelId: string,
  { kind, mimeType, sizeBytes, fileName }: Announced,
  { mediaUploadMinutes }: Pick<ChannelsApp, 'mediaUploadMinutes'>,
): Promise<void> {
  const now = tx.now();
  const expiresAt = new Date(now.getTime() + mediaUploadMinutes * 60_000);
  const { actor, correlationId } = tx.origin;
  await sql`
    insert into media (workspace_id, id, channel_id, origin, kind, state, mime_type, size_bytes, file_name, due_at,
      expires_at, actor_kind, actor_id, correlation_id, created_at)
    values (${tx.workspaceId}, ${id}, ${channelId}, 'UPLOADED', ${kind}, 'PENDING', ${mimeType}, ${sizeBytes}, ${fileName},
      ${expiresAt}, ${expiresAt}, ${actor.kind}, ${actor.id ?? null}, ${correlationId}, ${now})
  `.execute(tx.sql);
}

export interface UploadRow {
  workspaceId: string;
  id: string;
  channelId: string;
  kind: FileKind;
  mimeType: string;
  sizeBytes: number;
  fileName: string | null;
  objectKey: string;
  attempts: number;
  actorKind: NonNullable<Origin['actor']['kind']>;
  actorId: string | null;
  correlationId: string;
}

export type BeginUpload = UploadRow | 'under way' | 'done' | 'unknown';

/** One at a time, and none after the one that succeeded. The lease ends where the process does. */
export async function beginUpload(ctx: Ctx, workspaceId: string, id: string, leaseMs: number): Promise<BeginUpload> {
  return transact(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<UploadRow>`
      update media set state = 'FETCHING', attempts = attempts + 1, object_key = gen_random_uuid()::text,
        due_at = ${new Date(now.getTime() + leaseMs)}
      where workspace_id = ${workspaceId} and id = ${id} and origin = 'UPLOADED' and state = 'PENDING' and expires_at > ${now}
      returning workspace_id as "workspaceId", id, channel_id as "channelId", kind, mime_type as "mimeType",
        size_bytes::float8 as "sizeBytes", file_name as "fileName", object_key as "objectKey", attempts,
        actor_kind as "actorKind", actor_id as "actorId", correlation_id as "correlationId"
    `.execute(tx.sql);
    if (rows[0]) return rows[0];
    const { rows: found } = await sql<{ state: string }>`
      select state from media where workspace_id = ${workspaceId} and id = ${id} and origin = 'UPLOADED'
    `.execute(tx.sql);
    const state = found[0]?.state;
    if (state === undefined || state === 'PENDING') return 'unknown';
    return state === 'FETCHING' ? 'under way' : 'done';
  });
}

/** False if the file was deleted meanwhile, or the lease is over: then what was stored belongs to nothing. */
export async function finishUpload(ctx: Ctx, upload: UploadRow, kept: Kept, secretKey: Buffer): Promise<boolean> {
  return transact(ctx, async (tx) => {
    const { workspaceId, id: mediaId, channelId, kind, mimeType, fileName } = upload;
    const now = tx.now();
    const { rows } = await sql`
      update media set state = 'READY', stored_at = ${now}, sha256 = ${kept.sha256},
        content_key = ${seal(secretKey, kept.contentKey, contentKeyContext(mediaId))},
        due_at = ${new Date(now.getTime() + UNUSED_FOR_MS)}
      where ${isStill(upload)} returning id
    `.execute(tx.sql);
    if (rows.length === 0) return false;
    const { actorKind, actorId, correlationId } = upload;
    tx.emit(channelMediaUploaded, {
      entityId: mediaId,
      workspaceId,
      origin: { actor: { kind: actorKind, ...(actorId !== null && { id: actorId }) }, correlationId },
      data: { mediaId, channelId, kind, mimeType, sizeBytes: kept.sizeBytes, fileName },
    });
    return true;
  });
}

/** What did not work may be tried again with the same URL; what is infected may not. */
export async function abandonUpload(ctx: Ctx, upload: UploadRow, isInfected: boolean): Promise<void> {
  await transact(ctx, async (tx) => {
    await sql`
      update media set state = ${isInfected ? 'INFECTED' : 'PENDING'}, failure = ${isInfected ? 'INFECTED' : null},
        object_key = null, due_at = expires_at
      where ${isStill(upload)}
    `.execute(tx.sql);
  });
}

function isStill({ workspaceId, id, attempts }: UploadRow) {
  return sql`workspace_id = ${workspaceId} and id = ${id} and state = 'FETCHING' and attempts = ${attempts}`;
}
