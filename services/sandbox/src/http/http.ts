import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '@fenster/runtime';

export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  method: string;
  path: string;
  query: URLSearchParams;
  /** As the caller wrote it: links in answers lead back the same way. */
  origin: string;
}

export const MAX_JSON_BYTES = 1_048_576;

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i;

/** A page of the internet whose name was made to point here (DNS rebinding) says its own name. */
export function isLocalHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.test(host);
}

export function readCall(request: IncomingMessage, response: ServerResponse): Call {
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    request,
    response,
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    origin: `http://${request.headers.host}`,
  };
}

/** @returns undefined for what is no JSON: every reader refuses that in its own words. */
export async function readJson(request: IncomingMessage, maxBytes = MAX_JSON_BYTES): Promise<unknown> {
  const raw = await readBody(request, maxBytes);
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    return undefined;
  }
}

export interface FormFile {
  bytes: Buffer;
  type: string;
  name: string;
}
export interface Form {
  fields: Map<string, string>;
  files: Map<string, FormFile>;
}

/** Multipart or URL-encoded. @returns undefined for what is neither. */
export async function readForm(request: IncomingMessage, maxBytes: number): Promise<Form | undefined> {
  const type = request.headers['content-type'] ?? '';
  const raw = await readBody(request, maxBytes);
  const form: Form = { fields: new Map(), files: new Map() };
  try {
    // The parser of `fetch` reads what `fetch` and browsers write.
    const data = await new Response(new Uint8Array(raw), { headers: { 'content-type': type } }).formData();
    for (const [name, value] of data) {
      if (typeof value === 'string') form.fields.set(name, value);
      else form.files.set(name, { bytes: Buffer.from(await value.arrayBuffer()), type: value.type, name: value.name });
    }
    return form;
  } catch {
    return undefined;
  }
}
