import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sql, type Ctx } from '@fenster/database';
import { sendJson, type Handler } from '@fenster/runtime';
import {
  ContentRefusedError,
  fileHeaders,
  keepContent,
  ObjectNotFoundError,
  readObjectToken,
  refusalAnswer,
  SourceError,
  type ByteRange,
  type ObjectStore,
  type Scanner,
} from '@fenster/object-store';
import { checkHead, maxBytesOf } from './media.limits.js';
import { parseRange } from './range.js';
import { readContent, type StoredMedia } from './stored-content.js';
import { abandonUpload, beginUpload, finishUpload, type UploadRow } from './upload-media.commands.js';

export interface MediaRouteOptions {
  ctx: Ctx;
  store: ObjectStore;
  scanner: Scanner | undefined;
  secretKey: Buffer;
  /** For one upload. */
  timeoutMs: number;
}

/** The token is the right, and no cookie is: so any page may ask. */
const FOR_ALL_PAGES = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
const LEASE_MARGIN_MS = 30_000;
const MAX_AGE_SECONDS = 3_600;

/** `OPTIONS`: pages of other origins ask first whether they may PUT, and whether they may ask for a range. */
export function mediaPreflightRoute(): Handler {
  return (_request, response) => {
    response.writeHead(204, {
      ...FOR_ALL_PAGES,
      'access-control-allow-methods': 'GET, HEAD, PUT',
      'access-control-allow-headers': 'content-type, range',
      'access-control-max-age': '7200',
    });
    response.end();
  };
}

/** `GET` and `HEAD`: the file that the token names. */
export function downloadRoute({ ctx, store, secretKey }: MediaRouteOptions): Handler {
  return async (request, response) => {
    const grant = grantOf(request, secretKey, 'download', ctx.now());
    const media = grant && (await findReady(ctx, grant.workspaceId, grant.id));
    // Of what was deleted, no more is told than of what never was.
    if (!grant || !media) return refuse(response, 404, 'NOT_FOUND', 'There is no such file, or the URL has expired.');
    const sizeBytes = Number(media.size_bytes);
    const etag = `"${media.id}"`;
    const age = Math.min(MAX_AGE_SECONDS, Math.floor((grant.expiresAt.getTime() - ctx.now().getTime()) / 1_000));
    const headers = {
      ...FOR_ALL_PAGES,
      ...fileHeaders(media.mime_type, media.file_name),
      'accept-ranges': 'bytes',
      'cache-control': `private, max-age=${age}, immutable`,
      'access-control-expose-headers': 'accept-ranges, content-disposition, content-length, content-range',
      etag,
    };
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
    const isSame = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const range = isSame ? parseRange(request.headers.range, sizeBytes) : undefined;
    if (range === 'unsatisfiable') {
      return void response.writeHead(416, { ...headers, 'content-range': `bytes */${sizeBytes}` }).end();
    }
    const { start, end } = range ?? { start: 0, end: sizeBytes };
    const answer = {
      ...headers,
      'content-length': end - start,
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` }),
    };
    if (request.method === 'HEAD') return void response.writeHead(range ? 206 : 200, answer).end();
    await sendContent(response, range ? 206 : 200, answer, contentOf(media, { start, end }));
  };

  async function* contentOf(media: StoredMedia, range: ByteRange): AsyncGenerator<Buffer, void> {
    try {
      yield* readContent(store, secretKey, media, range);
    } catch (error) {
      ctx.log.error({ err: error, mediaId: media.id }, 'a file cannot be read');
      throw error;
    }
  }
}

/** Nothing is said before the first bytes were opened: what was changed in the store is an error, and no file. */
async function sendContent(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
  content: AsyncGenerator<Buffer, void>,
): Promise<void> {
  try {
    let next: IteratorResult<Buffer, void>;
    try {
      next = await content.next();
    } catch (error) {
      const isGone = error instanceof ObjectNotFoundError;
      return refuse(response, isGone ? 404 : 500, isGone ? 'NOT_FOUND' : 'UNREADABLE', 'The file cannot be read.');
    }
    response.writeHead(status, headers);
    for (; !next.done; next = await content.next()) {
      if (response.destroyed) return;
      if (!response.write(next.value)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  } catch {
    // The length was announced: a connection that breaks off is the only honest end.
    response.destroy();
  } finally {
    await content.return();
  }
}

/** `PUT`: the bytes of a file that was announced. */
export function uploadRoute(options: MediaRouteOptions): Handler {
  const { ctx, secretKey, timeoutMs } = options;
  return async (request, response) => {
    const grant = grantOf(request, secretKey, 'upload', ctx.now());
    const upload = grant && (await beginUpload(ctx, grant.workspaceId, grant.id, timeoutMs + LEASE_MARGIN_MS));
    if (!grant || !upload || upload === 'unknown') {
      return refuseBody(request, response, 404, 'NOT_FOUND', 'There is no such upload, or its URL has expired.');
    }
    if (upload === 'under way') return refuseBody(request, response, 409, 'UNDER_WAY', 'The bytes are coming already.');
    if (upload === 'done') return refuseBody(request, response, 409, 'ALREADY_UPLOADED', 'This file is here already.');
    try {
      await receive(request, upload, options);
      sendJson(response.setHeaders(new Map(Object.entries(FOR_ALL_PAGES))), 201, {
        id: upload.id,
        state: 'READY',
        mimeType: upload.mimeType,
        sizeBytes: upload.sizeBytes,
      });
    } catch (error) {
      await abandonUpload(ctx, upload, error instanceof ContentRefusedError && error.refusal === 'INFECTED');
      if (error instanceof SourceError) return void response.destroy();
      if (error instanceof ContentRefusedError) {
        const { status, code, message, details } = refusalAnswer(error);
        return refuseBody(request, response, status, code, message, details);
      }
      ctx.log.error({ err: error, mediaId: upload.id }, 'an upload cannot be stored');
      refuseBody(request, response, 503, 'UNAVAILABLE', 'The file cannot be stored now. Try again later.');
    }
  };
}

async function receive(
  request: IncomingMessage,
  upload: UploadRow,
  { ctx, store, scanner, secretKey, timeoutMs }: MediaRouteOptions,
): Promise<void> {
  const { kind, sizeBytes, mimeType, objectKey } = upload;
  const announced = request.headers['content-length'];
  // Before a byte of it is read.
  if (announced !== undefined && Number(announced) !== sizeBytes) throw new ContentRefusedError('WRONG_SIZE');
  const tooLate = setTimeout(() => request.destroy(new Error('The upload takes too long.')), timeoutMs);
  try {
    const kept = await keepContent(request.iterator({ destroyOnReturn: false }), {
      store,
      scanner,
      objectKey,
      maxBytes: maxBytesOf(kind),
      sizeBytes,
      checkHead: (head) => checkHead(mimeType, head),
    });
    if (await finishUpload(ctx, upload, kept, secretKey)) return;
    await store.delete(objectKey);
    throw new Error('The upload was deleted while it came.');
  } finally {
    clearTimeout(tooLate);
  }
}

interface ReadyMedia extends StoredMedia {
  mime_type: string | null;
  file_name: string | null;
}

async function findReady(ctx: Ctx, workspaceId: string, id: string): Promise<ReadyMedia | undefined> {
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<ReadyMedia>`/* prepared */
      select id, object_key, content_key, size_bytes, mime_type, file_name from media
      where workspace_id = ${workspaceId} and id = ${id} and state = 'READY'
    `,
  );
  return rows[0];
}

function grantOf(request: IncomingMessage, secretKey: Buffer, purpose: 'download' | 'upload', now: Date) {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  return readObjectToken(secretKey, `media ${purpose}`, searchParams.get('token') ?? '', now);
}

/** How much of a refused body is read to its end, so that the answer reaches whoever is still writing. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

function refuseBody(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  details: object = {},
): void {
  let discarded = 0;
  request.on('error', () => undefined);
  request.on('data', (bytes: Buffer) => {
    discarded += bytes.length;
    if (discarded > MAX_DISCARDED_BYTES) request.destroy();
  });
  refuse(response, status, code, message, details);
}

function refuse(response: ServerResponse, status: number, code: string, message: string, details: object = {}): void {
  response.setHeaders(new Map(Object.entries({ ...FOR_ALL_PAGES, 'cache-control': 'no-store' })));
  sendJson(response, status, { code, message, ...details });
}
