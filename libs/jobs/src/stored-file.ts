import { sql, transact, type Ctx, type Tx } from '@fenster/database';
import {
  beginsAs,
  keepContent,
  openContent,
  sealedRange,
  SourceError,
  type Kept,
  type ObjectStore,
  type Scanner,
} from '@fenster/object-store';
import { newId, seal, unsealBytes } from '@fenster/runtime';

/** A file that is to come by its URL, or to be written by a job. */
export interface StoredFile {
  workspaceId: string;
  id: string;
  state: 'PENDING' | 'STORING' | 'READY';
  name: string;
  sizeBytes: number | null;
  /** Of files that were announced to be checked. */
  mimeType: string | null;
  expiresAt: Date;
}

interface Keeping {
  ctx: Ctx;
  store: ObjectStore;
  secretKey: Buffer;
  /** Looks into files that people bring to keep them. */
  scanner?: Scanner | undefined;
}

/** What is told of a file where its content goes. */
export class NoSuchFileError extends Error {
  override readonly name = 'NoSuchFileError';
}

export const DAYS_OF_FILES = 7;
const DAY_MS = 86_400_000;
/** Longer than any upload, and any export, may be silent. */
const LEASE_MS = 3_600_000;

/** Ties a sealed key to its file. */
export const storedFileContext = (id: string) => `stored_file ${id}`;

/** A file that is to come; if it has not by `expiresAt`, it is none. */
export async function announceFile(
  tx: Tx,
  {
    workspaceId,
    id,
    name,
    expiresAt = new Date(tx.now().getTime() + DAYS_OF_FILES * DAY_MS),
  }: Pick<StoredFile, 'workspaceId' | 'id' | 'name'> & Partial<Pick<StoredFile, 'expiresAt'>>,
): Promise<void> {
  await sql`
    insert into stored_file (workspace_id, id, state, name, created_at, expires_at)
    values (${workspaceId}, ${id}, 'PENDING', ${name}, ${tx.now()}, ${expiresAt})
  `.execute(tx.sql);
}

export interface CheckedFile {
  name: string;
  /** As `baseType` writes it. */
  mimeType: string;
  sizeBytes: number;
}

/** A file that is to be as it was announced, and that a scanner is to have seen. If nobody keeps it, it ends as others do. */
export async function announceCheckedFile(
  tx: Tx,
  { name, mimeType, sizeBytes, ...file }: Parameters<typeof announceFile>[1] & CheckedFile,
): Promise<void> {
  await announceFile(tx, { ...file, name });
  await sql`
    update stored_file set mime_type = ${mimeType}, announced_bytes = ${sizeBytes}, announced_by = ${announcerOf(tx)}
    where workspace_id = ${file.workspaceId} and id = ${file.id}
  `.execute(tx.sql);
}

/** Whoever announced a checked file may keep it: from now on it has no end of its own. Undefined if there is none to be kept. */
export async function keepCheckedFile(tx: Tx, workspaceId: string, id: string): Promise<CheckedFile | undefined> {
  const { rows } = await sql<CheckedFile>`
    update stored_file set expires_at = 'infinity'
    where workspace_id = ${workspaceId} and id = ${id} and state = 'READY' and expires_at > ${tx.now()}
      and mime_type is not null and announced_by = ${announcerOf(tx)}
    returning name, mime_type as "mimeType", size_bytes::float8 as "sizeBytes"
  `.execute(tx.sql);
  return rows[0];
}

const announcerOf = ({ origin: { actor } }: Tx) => actor.id ?? actor.kind;

/**
 * Of a statement, of which `gone` names files by their ids: nothing opens them any more from here on, wherever there are
 * copies of them; rows and objects follow.
 */
export function endingFiles(tx: Tx, workspaceId: string, gone: ReturnType<typeof sql>): ReturnType<typeof sql> {
  return sql`
    update stored_file set expires_at = ${tx.now()}, content_key = null, name = ''
    where workspace_id = ${workspaceId} and id in (select id from ${gone})
  `;
}

export async function findFile(tx: Pick<Tx, 'sql'>, workspaceId: string, id: string): Promise<StoredFile | undefined> {
  const { rows } = await sql<StoredFile>`
    select workspace_id as "workspaceId", id, state, name, size_bytes::float8 as "sizeBytes", mime_type as "mimeType",
      expires_at as "expiresAt"
    from stored_file where workspace_id = ${workspaceId} and id = ${id}
  `.execute(tx.sql);
  return rows[0];
}

/** Whether its content is there. */
export async function isStored(ctx: Ctx, workspaceId: string, fileId: string): Promise<boolean> {
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string }>`
      select id from stored_file where workspace_id = ${workspaceId} and id = ${fileId} and state = 'READY'
    `,
  );
  return rows.length > 0;
}

/**
 * Streams content into the store, sealed with a key of its own. Nothing is in the store that is not named in a row first.
 * What was announced to be checked is kept only if it is as it was announced.
 * What is being stored already, or is there, is left as it is, unless its lease is over: then whoever began it is gone.
 * @throws NoSuchFileError, ContentRefusedError, ScannerError, and what `content` throws
 */
export async function storeFile(
  { ctx: { workspaceId: _, ...ctx }, store, secretKey, scanner }: Keeping,
  workspaceId: string,
  id: string,
  content: AsyncIterable<Buffer>,
  { maxBytes, replaces }: { maxBytes: number; replaces?: boolean },
): Promise<number> {
  // Objects that no row names any more are no tenant's, so all of it is done across tenants.
  const objectKey = newId();
  const free = replaces
    ? sql`state <> 'READY'`
    : sql`(state = 'PENDING' or state = 'STORING' and lease_until <= ${ctx.now()})`;
  const announced = await transact(ctx, async (tx) => {
    const now = tx.now();
    const { rows } = await sql<{ former: string | null; mimeType: string | null; sizeBytes: number | null }>`
      with former as (
        select object_key from stored_file
        where workspace_id = ${workspaceId} and id = ${id} and expires_at > ${now} and ${free} for update
      )
      update stored_file set state = 'STORING', object_key = ${objectKey}, lease_until = ${new Date(now.getTime() + LEASE_MS)}
      from former where workspace_id = ${workspaceId} and id = ${id} returning former.object_key as former,
        mime_type as "mimeType", announced_bytes::float8 as "sizeBytes"
    `.execute(tx.sql);
    if (!rows[0]) throw new NoSuchFileError();
    await removeObject(tx, rows[0].former);
    return rows[0];
  });
  const { mimeType } = announced;
  const isMine = sql`workspace_id = ${workspaceId} and id = ${id} and object_key = ${objectKey}`;
  let kept: Kept;
  try {
    kept = await keepContent(content, {
      store,
      objectKey,
      maxBytes,
      scanner: undefined,
      ...(mimeType !== null && {
        scanner,
        sizeBytes: announced.sizeBytes ?? undefined,
        checkHead: (head) => ({ isAsCalled: beginsAs(mimeType, head), maxBytes }),
      }),
    });
  } catch (error) {
    await transact(ctx, async (tx) => {
      await sql`
        update stored_file set state = 'PENDING', object_key = null, lease_until = null where ${isMine}
      `.execute(tx.sql);
      await removeObject(tx, objectKey);
    });
    throw error instanceof SourceError ? error.cause : error;
  }
  const { sizeBytes, contentKey } = kept;
  return transact(ctx, async (tx) => {
    const { rows } = await sql`
      update stored_file set state = 'READY', size_bytes = ${sizeBytes}, lease_until = null,
        content_key = ${seal(secretKey, contentKey, storedFileContext(id))},
        expires_at = ${new Date(tx.now().getTime() + DAYS_OF_FILES * DAY_MS)}
      where ${isMine} and expires_at > ${tx.now()} returning id
    `.execute(tx.sql);
    if (rows.length > 0) return sizeBytes;
    await removeObject(tx, objectKey);
    throw new NoSuchFileError();
  });
}

/** Its object is removed by and by. */
async function removeObject(tx: Tx, objectKey: string | null): Promise<void> {
  if (objectKey === null) return;
  await sql`
    insert into object_removal (object_key, due_at) values (${objectKey}, ${tx.now()}) on conflict do nothing
  `.execute(tx.sql);
}

/** The content of a file that is READY. @throws NoSuchFileError before anything is read */
export async function* readFile(
  { ctx, store, secretKey }: Keeping,
  workspaceId: string,
  id: string,
): AsyncGenerator<Buffer, void> {
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ objectKey: string; contentKey: Buffer; sizeBytes: number }>`
      select object_key as "objectKey", content_key as "contentKey", size_bytes::float8 as "sizeBytes" from stored_file
      where workspace_id = ${workspaceId} and id = ${id} and state = 'READY' and expires_at > ${ctx.now()}
    `,
  );
  const [file] = rows;
  if (!file) throw new NoSuchFileError();
  const whole = { start: 0, end: file.sizeBytes };
  const sealed = await store.get(file.objectKey, sealedRange(whole, file.sizeBytes));
  try {
    yield* openContent(unsealBytes(secretKey, file.contentKey, storedFileContext(id)), sealed, whole, file.sizeBytes);
  } finally {
    sealed.destroy();
  }
}

/**
 * Ends files from before an erasure: who stands in them nobody knows without reading them, and whoever needs one makes it
 * anew. What a job works on stays until it has ended; so do files of which it is known, `isKnown` of `file`, and what is kept
 * for good: also what somebody keeps at this very moment, whom `isKnown` does not see yet.
 */
export async function endFilesBeforeErasures({
  ctx,
  isKnown = sql`false`,
}: Pick<Keeping, 'ctx'> & { isKnown?: ReturnType<typeof sql> }): Promise<void> {
  const now = ctx.now();
  await sql`
    update stored_file file set expires_at = ${now}
    where state = 'READY' and expires_at > ${now} and expires_at < 'infinity' and not ${isKnown}
      and exists (
        select from erasure_task task
        where task.workspace_id = file.workspace_id and file.created_at <= coalesce(task.up_to, task.erased_at)
      )
      and not exists (
        select from job
        where job.workspace_id = file.workspace_id and job.ended_at is null
          and (job.file_id = file.id or job.result_file_id = file.id)
      )
  `.execute(ctx.database.system().getKysely());
}

const CHUNK = 100;

/** Deletes files whose time is over, and objects that belong to none. Returns whether there may be more. */
export async function removeFiles({ ctx, store }: Pick<Keeping, 'ctx' | 'store'>): Promise<boolean> {
  const keys = await transact(ctx, async (tx) => {
    const now = tx.now();
    await sql`
      with gone as (
        delete from stored_file where (workspace_id, id) in (
          select workspace_id, id from stored_file where expires_at <= ${now} order by expires_at limit ${CHUNK}
          for update skip locked
        ) returning object_key
      )
      insert into object_removal (object_key, due_at)
      select object_key, ${now}::timestamptz from gone where object_key is not null on conflict do nothing
    `.execute(tx.sql);
    const { rows } = await sql<{ object_key: string }>`
      update object_removal set due_at = ${new Date(now.getTime() + 60_000)} where object_key in (
        select object_key from object_removal where due_at <= ${now} order by due_at limit ${CHUNK}
        for update skip locked
      ) returning object_key
    `.execute(tx.sql);
    return rows.map(({ object_key }) => object_key);
  });
  const failures: unknown[] = [];
  for (const key of keys) {
    try {
      await store.delete(key);
      await sql`delete from object_removal where object_key = ${key}`.execute(ctx.database.system().getKysely());
    } catch (error) {
      // The others go on, and this one is tried again.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} objects could not be deleted.`);
  return keys.length === CHUNK;
}
