import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { providerTypeOf } from '../../media/media.limits.js';
import { isObject, parseJson, type JsonObject } from '../json.js';
import type { ExchangeOptions } from '../exchange.js';
import type { FetchedMedia, OutgoingFile, ProviderAnswer, UploadOutcome } from '../provider.js';
import { classifyHttpStatus, retryAfterMs, WRONG_ADDRESS } from '../rejection.js';
import { graphUrl, type GraphAccess } from './graph-access.js';
import { callGraph } from './graph-call.js';
import { classifyError } from './send-errors.js';
import { sha256Of } from './webhook.js';

export interface MediaOptions {
  /** Its settings bound the time to connect and of silence. */
  dispatcher: Dispatcher;
  maxResponseBytes: number;
}

/** Meta's store of files has been seen to refuse clients that do not say who they are. */
const USER_AGENT = 'Fenster';

/** Asks where the file is, which holds for five minutes, and opens it there (whatsapp.md §B2). */
export async function fetchMedia(
  providerMediaId: string,
  access: GraphAccess,
  { dispatcher, maxResponseBytes }: MediaOptions,
  signal: AbortSignal,
): Promise<FetchedMedia> {
  try {
    const headers = { ...access.headers, 'user-agent': USER_AGENT };
    const { objectPath, phoneNumberId } = access;
    const number: Record<string, string> = phoneNumberId === undefined ? {} : { phone_number_id: phoneNumberId };
    const url = graphUrl(access, [...objectPath, providerMediaId], number);
    const asked = await request(url, { dispatcher, signal, headers });
    const told = await answerOf(asked, maxResponseBytes);
    if (asked.statusCode >= 300 || told === undefined) return unavailable(asked, told);
    const address = addressOfFile(told.url, access);
    if (!address) return { kind: 'failed', reason: 'the provider names no address that may be asked' };
    const file = await request(address, { dispatcher, signal, headers });
    // An address that has expired is asked for anew at the next attempt.
    if (file.statusCode !== 200) {
      await file.body.dump();
      return { kind: 'failed', reason: `HTTP ${file.statusCode} for the file`, ...retryAfter(file) };
    }
    const sizeBytes = Number(told.file_size);
    const sha256 = sha256Of(told.sha256);
    return {
      kind: 'content',
      content: file.body,
      ...(typeof told.mime_type === 'string' && { mimeType: told.mime_type }),
      ...(told.file_size !== undefined && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && { sizeBytes }),
      ...(sha256 && { sha256 }),
    };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

/** Streams a file to the provider, which keeps it for 30 days. */
export async function uploadMedia(
  file: OutgoingFile,
  access: GraphAccess,
  { dispatcher, maxResponseBytes }: MediaOptions,
  signal: AbortSignal,
): Promise<UploadOutcome> {
  let url: URL;
  try {
    url = graphUrl(access, [...access.numberPath, 'media']);
  } catch {
    return { kind: 'rejected', ...WRONG_ADDRESS };
  }
  try {
    const { head, tail, contentType } = formOf(file);
    async function* form() {
      yield head;
      yield* file.content;
      yield tail;
    }
    const answered = await request(url, {
      dispatcher,
      signal,
      method: 'POST',
      headers: {
        ...access.headers,
        'user-agent': USER_AGENT,
        'content-type': contentType,
        'content-length': String(head.length + file.sizeBytes + tail.length),
      },
      body: Readable.from(form()),
    });
    return uploadOutcomeOf(answered, await answerOf(answered, maxResponseBytes));
  } catch (error) {
    return { kind: 'not_sent', reason: reasonOf(error) };
  }
}

export async function deleteMedia(
  providerMediaId: string,
  access: GraphAccess,
  options: ExchangeOptions,
): Promise<ProviderAnswer<true>> {
  const path = [...access.objectPath, providerMediaId];
  const answer = await callGraph({ method: 'DELETE', path }, access, options);
  return answer.kind === 'answered' ? { kind: 'answered', value: true } : answer;
}

function uploadOutcomeOf(answered: Dispatcher.ResponseData, told: JsonObject | undefined): UploadOutcome {
  const { statusCode } = answered;
  if (isObject(told?.error) && Number.isSafeInteger(told.error.code)) {
    return {
      kind: 'rejected',
      ...classifyError(told.error.code as number, told.error.is_transient === true),
      ...retryAfter(answered),
    };
  }
  if (statusCode < 300) {
    const id = told?.id;
    return typeof id === 'string' && /^[\x21-\x7e]{1,256}$/.test(id)
      ? { kind: 'uploaded', providerMediaId: id }
      : { kind: 'not_sent', reason: 'the file was taken without an id' };
  }
  if (statusCode >= 500 || statusCode === 408) return { kind: 'not_sent', reason: `HTTP ${statusCode} for the file` };
  return { kind: 'rejected', ...classifyHttpStatus(statusCode), ...retryAfter(answered) };
}

/** As browsers send a form with a file. */
function formOf({ mimeType: given, fileName }: OutgoingFile): { head: Buffer; tail: Buffer; contentType: string } {
  const mimeType = providerTypeOf(given);
  const boundary = `fenster-${randomUUID()}`;
  const field = (name: string, value: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  // The HTML standard's way with what would end the value.
  const safeName = fileName.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${safeName}"\r\ncontent-type: ${mimeType}\r\n\r\n`;
  return {
    head: Buffer.from(field('messaging_product', 'whatsapp') + field('type', mimeType) + file),
    tail: Buffer.from(`\r\n--${boundary}--\r\n`),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

/** The token goes along: only where nobody listens, or to the provider itself, which in a test has no TLS. */
function addressOfFile(url: unknown, { baseUrl, passesFilesOn }: GraphAccess): URL | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const address = new URL(url);
  const { protocol, origin, username, password, pathname, search } = address;
  if (username !== '' || password !== '') return undefined;
  const base = new URL(baseUrl);
  if (passesFilesOn) return new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}${pathname}${search}`);
  return protocol === 'https:' || origin === base.origin ? address : undefined;
}

/** Meta's code for "no such object", which it also uses for objects that the token may not see. */
const NO_SUCH_OBJECT = { code: 100, subcode: 33 };

function unavailable(asked: Dispatcher.ResponseData, told: JsonObject | undefined): FetchedMedia {
  const error = isObject(told?.error) ? told.error : undefined;
  const isUnknown = error?.code === NO_SUCH_OBJECT.code && error.error_subcode === NO_SUCH_OBJECT.subcode;
  if (asked.statusCode === 404 || isUnknown) return { kind: 'gone' };
  const code = Number.isSafeInteger(error?.code) ? `, code ${String(error!.code)}` : '';
  return {
    kind: 'failed',
    reason: `HTTP ${asked.statusCode}${code} for the address of the file`,
    ...retryAfter(asked),
  };
}

/** Undefined for what is too large, or no JSON. */
async function answerOf({ body }: Dispatcher.ResponseData, maxBytes: number): Promise<JsonObject | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const bytes of body as AsyncIterable<Buffer>) {
    length += bytes.length;
    if (length > maxBytes) return undefined;
    chunks.push(bytes);
  }
  const parsed = parseJson(Buffer.concat(chunks, length), { maxDepth: 32 });
  return parsed.ok ? parsed.value : undefined;
}

function retryAfter({ headers }: Dispatcher.ResponseData): { retryAfterMs?: number } {
  const ms = retryAfterMs(headers['retry-after']);
  return ms === undefined ? {} : { retryAfterMs: ms };
}

/** A fixed word of the system or of the client: messages may repeat what was asked. */
function reasonOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : (name ?? 'unknown');
}
