import { gunzipSync } from 'node:zlib';
import type { ErasingService } from '@fenster/contracts';
import { accessPartContext, array, sql, transact, type Ctx } from '@fenster/database';
import { isStored, readFile, storeFile } from '@fenster/jobs';
import type { NatsConnection } from '@fenster/messaging';
import type { ObjectStore } from '@fenster/object-store';
import { createPoller, newId, unseal, unsealFrom, type Poller } from '@fenster/runtime';
import type { ConsentSigner } from '../consent/consent-signer.js';
import { DataController } from '../data-controller/data-controller.entity.js';
import { keyContext } from './access-request.commands.js';
import { AccessRequest, type StoredFinding } from './access-request.entity.js';
import type { RecordSet } from './archive.js';
import { findOwnRecords } from './find-own-records.js';
import { readMedia, UnreadableFileError } from './read-media.js';
import { writeArchive } from './write-archive.js';

export interface ArchivePackerOptions {
  ctx: Ctx;
  store: ObjectStore;
  secretKey: Buffer;
  connection: NatsConnection;
  signer: ConsentSigner;
  jwksUrl: () => string;
}

const EVERY_MS = 5_000;
/** Whoever writes an archive says again and again that it does; when nobody has for so long, somebody else begins anew. */
const LEASE_MS = 20_000;
const RENEW_MS = 5_000;
const MAX_BYTES = 100_000_000_000;
/** Before the next attempt; the last one again and again. */
const BACK_OFF_MS = [60_000, 300_000, 1_800_000, 3_600_000];
/** From then on the archive says which files could not be read, instead of waiting for them. */
const ATTEMPTS_FOR_FILES = BACK_OFF_MS.length + 1;

/**
 * Writes archives once all services have told what they have. Nothing of one that broke off is left: it is begun anew, and the
 * one that is there in the end has everything once. With it the key goes that opens what services told. What fails for one
 * keeps no other waiting.
 */
export function createArchivePacker(options: ArchivePackerOptions): Poller {
  const { ctx } = options;
  return createPoller({
    name: 'writing archives for people',
    everyMs: EVERY_MS,
    log: ctx.log,
    async work(isStopped) {
      await forgetParts(ctx);
      while (!isStopped() && (await packNext(options, isStopped)));
    },
  });
}

/** Returns whether there was one to be written. */
export async function packNext(
  options: ArchivePackerOptions,
  isStopped: () => boolean = () => false,
): Promise<boolean> {
  const { ctx } = options;
  const request = await claim(ctx);
  if (!request) return false;
  try {
    await pack(request, options, isStopped);
  } catch (error) {
    if (!isStopped()) {
      const { workspaceId, id: requestId, packingAttempts: attempts } = request;
      ctx.log.warn(
        { err: error, workspaceId, requestId, attempts },
        'writing an archive: failed, and will be tried again',
      );
    }
    await release(ctx, request, isStopped() ? undefined : error);
  }
  return true;
}

/** Of requests whose key is gone, or another one by now: they open no more. */
async function forgetParts({ database }: Ctx): Promise<void> {
  for (const table of ['access_part', 'access_collected']) {
    await sql`
      delete from ${sql.table(table)} told using access_request request
      where request.workspace_id = told.workspace_id and request.id = told.request_id
        and (request.private_key is null or told.public_key is distinct from request.public_key)
    `.execute(database.system().getKysely());
  }
}

async function claim(ctx: Ctx): Promise<AccessRequest | undefined> {
  return transact(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<{ workspace_id: string; id: string }>`
      update access_request set packing_until = ${new Date(now.getTime() + LEASE_MS)}, packing_claim = ${newId()},
        packing_attempts = packing_attempts + 1
      where (workspace_id, id) in (
        select workspace_id, id from access_request
        where state = 'PACKING' and (packing_until is null or packing_until <= ${now})
        order by packing_until nulls first, id limit 1 for update skip locked
      ) returning workspace_id, id
    `.execute(tx.sql);
    const [claimed] = rows;
    return claimed && tx.em.findOneOrFail(AccessRequest, { workspaceId: claimed.workspace_id, id: claimed.id });
  });
}

const isClaimed = ({ workspaceId, id, packingClaim }: AccessRequest) =>
  sql`workspace_id = ${workspaceId} and id = ${id} and state = 'PACKING' and packing_claim = ${packingClaim}`;

/** Returns whether it is still there to be written, by this claim. */
async function renew({ database, now }: Ctx, request: AccessRequest): Promise<boolean> {
  const { rows } = await sql`
    update access_request set packing_until = ${new Date(now().getTime() + LEASE_MS)}
    where ${isClaimed(request)} returning id
  `.execute(database.system().getKysely());
  return rows.length > 0;
}

/** For whoever comes next: after a while, if it failed. */
async function release({ database, now }: Ctx, request: AccessRequest, failure: unknown): Promise<void> {
  const { packingAttempts } = request;
  const restMs = failure === undefined ? 0 : BACK_OFF_MS[Math.min(packingAttempts, BACK_OFF_MS.length) - 1]!;
  const unread = failure instanceof UnreadableFileError ? [failure.fileId] : [];
  await sql`
    update access_request set packing_until = ${new Date(now().getTime() + restMs)}, packing_claim = null,
      unread_media = unread_media || ${array('uuid', unread)}
    where ${isClaimed(request)}
  `.execute(database.system().getKysely());
}

async function pack(request: AccessRequest, options: ArchivePackerOptions, isStopped: () => boolean): Promise<void> {
  const { store, secretKey, connection, signer, jwksUrl } = options;
  const { workspaceId, id, contactId, reference, language, receivedAt, packingAttempts, unreadMedia } = request;
  const ctx: Ctx = { ...options.ctx, workspaceId };
  const privateKey = unseal(secretKey, Buffer.from(request.privateKey!), keyContext(id));
  const own = await findOwnRecords(ctx, { workspaceId, contactId });
  const told = await findTold(ctx, request);
  const sets: RecordSet[] = [
    ...own.map(({ kind, records }) => ({
      service: 'contacts' as const,
      kind,
      count: records.length,
      read: async function* () {
        yield* records as Record<string, unknown>[];
      },
    })),
    ...told.map((set) => ({ ...set, read: () => readParts(ctx, request, set, privateKey) })),
  ];
  const controller = await ctx.database.forTenant(workspaceId).findOne(DataController, { workspaceId });
  const isPatient = packingAttempts < ATTEMPTS_FOR_FILES;
  const isGivenUp = (fileId: string) => !isPatient && unreadMedia.includes(fileId);
  let isMediaUnread = false;
  const archive = writeArchive({
    requestId: id,
    reference,
    language,
    receivedAt,
    issuedAt: ctx.now(),
    controller,
    jwksUrl: jwksUrl(),
    signingKey: await signer.key(),
    sets,
    media: async (mediaId) => {
      if (!isGivenUp(mediaId)) {
        const content = await readMedia({ connection, secretKey, now: ctx.now }, { workspaceId, id: mediaId });
        if (content !== 'UNREADABLE') return content;
      }
      isMediaUnread = true;
      return 'UNREADABLE';
    },
    contactFile: (fileId) => (isGivenUp(fileId) ? 'UNREADABLE' : contactFile(fileId)),
  });
  async function* contactFile(fileId: string): AsyncGenerator<Buffer, void> {
    try {
      yield* readFile({ ctx, store, secretKey }, workspaceId, fileId);
    } catch (error) {
      throw new UnreadableFileError(fileId, { cause: error });
    }
  }
  let renewedAt = ctx.now().getTime();
  async function* content(): AsyncGenerator<Buffer, void> {
    for await (const bytes of archive) {
      if (isStopped()) throw new Error('The process stops.');
      if (ctx.now().getTime() - renewedAt >= RENEW_MS) {
        if (!(await renew(ctx, request))) throw new Error('The request is gone.');
        renewedAt = ctx.now().getTime();
      }
      yield bytes;
    }
    if (isMediaUnread && isPatient) throw new Error('Some files cannot be read now.');
  }
  const fileId = request.fileId!;
  // Whoever wrote it went away before telling so.
  if (!(await isStored(ctx, workspaceId, fileId))) {
    await storeFile({ ctx, store, secretKey }, workspaceId, fileId, content(), { maxBytes: MAX_BYTES, replaces: true });
  }
  const findings: StoredFinding[] = sets.map(({ service, kind, count }) => ({ service, what: kind, count }));
  await sql`
    update access_request set state = 'READY', ready_at = ${ctx.now()}, private_key = null, public_key = null,
      packing_until = null, packing_claim = null, found = ${JSON.stringify(findings)}::jsonb, archive_expires_at = (
        select expires_at from stored_file where workspace_id = ${workspaceId} and id = ${fileId}
      )
    where ${isClaimed(request)} and file_id = ${fileId}
  `.execute(ctx.database.system().getKysely());
  await forgetParts(ctx);
}

type ToldSet = Pick<RecordSet, 'service' | 'kind' | 'count'>;

async function findTold({ database }: Ctx, { workspaceId, id, publicKey }: AccessRequest): Promise<ToldSet[]> {
  const { rows } = await sql<{ service: ErasingService; kind: string; count: number }>`
    select service, kind, sum(count)::int as count from access_part
    where workspace_id = ${workspaceId} and request_id = ${id} and public_key = ${publicKey} group by service, kind order by service, min(seq)
  `.execute(database.system().getKysely());
  return rows;
}

/** In the order in which the service told them. */
async function* readParts(
  { database }: Ctx,
  { workspaceId, id: requestId, publicKey }: AccessRequest,
  { service, kind }: ToldSet,
  privateKey: string,
): AsyncGenerator<Record<string, unknown>, void> {
  for (let after = -1; ;) {
    const { rows } = await sql<{ seq: string; sealed: Buffer }>`
      select seq, sealed from access_part
      where workspace_id = ${workspaceId} and request_id = ${requestId} and service = ${service} and kind = ${kind}
        and public_key = ${publicKey} and seq > ${after}
      order by seq limit 1
    `.execute(database.system().getKysely());
    const [part] = rows;
    if (!part) return;
    const lines = gunzipSync(unsealFrom(privateKey, part.sealed, accessPartContext({ requestId, kind }))).toString();
    for (const line of lines.split('\n')) yield JSON.parse(line) as Record<string, unknown>;
    after = Number(part.seq);
  }
}
