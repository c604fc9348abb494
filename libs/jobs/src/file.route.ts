import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { sql, type Ctx } from '@fenster/database';
import {
  ContentRefusedError,
  fileHeaders,
  objectToken,
  readObjectToken,
  refusalAnswer,
  type ObjectStore,
  type Scanner,
} from '@fenster/object-store';
import { sendJson, type Handler } from '@fenster/runtime';
import { NoSuchFileError, readFile, storeFile } from './stored-file.js';

export const FILES_PATH = '/files';
export const MAX_UPLOAD_BYTES = 1_000_000_000;
/** How long an upload may begin after its URL was handed out, and a download. */
export const URL_MINUTES = 30;
/** What was refused is read on for so long, so that the answer reaches whoever is still writing. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

interface RouteOptions {
  ctx: Ctx;
  store: ObjectStore;
  secretKey: Buffer;
  /** Looks into files that people bring to keep them. */
  scanner?: Scanner | undefined;
}

type FilePurpose = 'file upload' | 'file download';

/** What leads to a file, for whoever has it: who may have it is decided before. */
export function fileUrl(
  { filesUrl, secretKey }: { filesUrl: () => string; secretKey: Buffer },
  purpose: FilePurpose,
  file: { workspaceId: string; id: string },
  expiresAt: Date,
): string {
  return `${filesUrl()}?token=${objectToken(secretKey, { ...file, purpose, expiresAt })}`;
}

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
  pdf: 'application/pdf',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  zip: 'application/zip',
};

const FOR_ALL_PAGES = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };

/** `OPTIONS`: pages of other origins ask first whether they may PUT. */
export function filePreflightRoute(): Handler {
  return (_request, response) => {
    const methods = { 'access-control-allow-methods': 'GET, PUT', 'access-control-allow-headers': 'content-type' };
    response.writeHead(204, { ...FOR_ALL_PAGES, ...methods, 'access-control-max-age': '7200' }).end();
  };
}

/** `PUT`: the bytes of a file that was announced; once. */
export function fileUploadRoute({ ctx, store, secretKey, scanner }: RouteOptions): Handler {
  return async (request, response) => {
    const grant = grantOf(request, secretKey, 'file upload', ctx.now());
    if (!grant) return refuse(request, response, 404, 'NOT_FOUND', 'There is no such upload, or its URL has expired.');
    const { workspaceId, id } = grant;
    try {
      const content = request.iterator({ destroyOnReturn: false });
      const options = { ctx: { ...ctx, workspaceId }, store, secretKey, scanner };
      const sizeBytes = await storeFile(options, workspaceId, id, content, { maxBytes: MAX_UPLOAD_BYTES });
      response.setHeaders(new Map(Object.entries(FOR_ALL_PAGES)));
      sendJson(response, 201, { id, sizeBytes });
    } catch (error) {
      if (error instanceof ContentRefusedError) {
        const { status, code, message, details } = refusalAnswer(error);
        return refuse(request, response, status, code, message, details);
      }
      if (error instanceof NoSuchFileError) {
        return refuse(request, response, 409, 'ALREADY_UPLOADED', 'This file is here already, or is coming.');
      }
      // Not of the request: it is destroyed by having been read to its end.
      if (response.destroyed) return;
      ctx.log.error({ err: error, fileId: id }, 'an upload cannot be stored');
      refuse(request, response, 503, 'UNAVAILABLE', 'The file cannot be stored now. Try again later.');
    }
  };
}

/** `GET`: what a job has written, or somebody has brought. */
export function fileDownloadRoute({ ctx, store, secretKey }: RouteOptions): Handler {
  return async (request, response) => {
    const grant = grantOf(request, secretKey, 'file download', ctx.now());
    const rows = grant
      ? await ctx.database.readForTenant(
          grant.workspaceId,
          sql<{ name: string; size: number; mimeType: string | null }>`
            select name, size_bytes::float8 as size, mime_type as "mimeType" from stored_file
            where workspace_id = ${grant.workspaceId} and id = ${grant.id} and state = 'READY' and expires_at > ${ctx.now()}
          `,
        )
      : [];
    const [file] = rows;
    if (!grant || !file)
      return refuse(request, response, 404, 'NOT_FOUND', 'There is no such file, or its URL has expired.');
    response.writeHead(200, {
      ...FOR_ALL_PAGES,
      ...(file.mimeType === null ? ownHeaders(file.name) : fileHeaders(file.mimeType, file.name)),
      'content-length': file.size,
      'cache-control': 'no-store',
    });
    const closed = new Promise((resolve) => response.once('close', resolve));
    try {
      for await (const bytes of readFile({ ctx, store, secretKey }, grant.workspaceId, grant.id)) {
        if (response.destroyed) return;
        if (!response.write(bytes)) await Promise.race([once(response, 'drain'), closed]);
      }
      response.end();
    } catch (error) {
      ctx.log.error({ err: error, fileId: grant.id }, 'a file cannot be read');
      // The length was announced: a connection that breaks off is the only honest end.
      response.destroy();
    }
  };
}

/** Of what a job has written, whose name is ours. */
function ownHeaders(name: string): Record<string, string> {
  return {
    ...fileHeaders(null, null),
    'content-type': TYPES[extname(name).slice(1)] ?? 'application/octet-stream',
    'content-disposition': `attachment; filename="${name}"`,
    'content-security-policy': "sandbox; default-src 'none'",
  };
}

function grantOf(request: IncomingMessage, secretKey: Buffer, purpose: FilePurpose, now: Date) {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  return readObjectToken(secretKey, purpose, searchParams.get('token') ?? '', now);
}

function refuse(
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
  response.setHeaders(new Map(Object.entries({ ...FOR_ALL_PAGES, 'cache-control': 'no-store' })));
  sendJson(response, status, { code, message, ...details });
}
