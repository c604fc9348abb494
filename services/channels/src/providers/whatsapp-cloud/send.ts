import type { Dispatcher } from 'undici';
import { isObject, parseJson, type JsonObject } from '../json.js';
import type { OutgoingMessage, ProviderCredentials, SendOutcome } from '../provider.js';
import {
  classifyError,
  classifyHttpStatus,
  UNREADABLE_REFUSAL,
  WRONG_ADDRESS,
  WRONG_CREDENTIALS,
} from './send-errors.js';

export interface SendOptions {
  /** Shared keep-alive connections, e.g. an undici `Agent`; its own settings bound the time to connect. */
  dispatcher: Dispatcher;
  /** For one attempt in all: waiting for a connection, writing, and reading the whole answer. */
  timeoutMs: number;
  maxResponseBytes: number;
}

export interface GraphRequest {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** The Graph API call for a message (whatsapp.md §B1). @throws TypeError if `apiBaseUrl` is not a URL. */
export function buildSendRequest(message: OutgoingMessage, credentials: ProviderCredentials): GraphRequest {
  const { origin, pathname } = new URL(credentials.apiBaseUrl);
  const prefix = pathname.replace(/\/+$/, '');
  const version = encodeURIComponent(credentials.apiVersion);
  const number = encodeURIComponent(credentials.phoneNumberId);
  return {
    origin,
    path: `${prefix}/${version}/${number}/messages`,
    headers: { authorization: `Bearer ${credentials.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      // Without the plus Meta would prefix the country code of the business.
      ...('phone' in message.to ? { to: `+${message.to.phone.replace(/^\+/, '')}` } : { recipient: message.to.bsuid }),
      type: message.type,
      [message.type]: message.content,
      ...(message.replyToProviderMessageId !== undefined && {
        context: { message_id: message.replyToProviderMessageId },
      }),
      biz_opaque_callback_data: message.messageId,
    }),
  };
}

/** One attempt to send. Never rejects; see {@link SendOutcome} for what may be repeated. */
export async function sendMessage(
  message: OutgoingMessage,
  credentials: ProviderCredentials,
  options: SendOptions,
): Promise<SendOutcome> {
  let request: GraphRequest;
  try {
    request = buildSendRequest(message, credentials);
  } catch {
    return { kind: 'rejected', ...WRONG_ADDRESS };
  }
  return exchange(request, options);
}

/**
 * What an answer means. A 2xx without a message id and a server error without an error object leave open whether the message
 * was sent: Meta has no idempotency key, so both are `unconfirmed`.
 */
export function interpretResponse(status: number, body: Buffer, retryAfter?: string): SendOutcome {
  const parsed = parseJson(body, { maxDepth: 32 });
  const answer: JsonObject = parsed.ok ? parsed.value : {};
  const { error } = answer;
  if (isObject(error) && Number.isSafeInteger(error.code)) {
    const rejection = classifyError(error.code as number, error.is_transient === true);
    const waitMs = retryAfterMs(retryAfter);
    const mayRepeat = rejection.class === 'retry' || rejection.class === 'wait';
    return { kind: 'rejected', ...rejection, ...(mayRepeat && waitMs !== undefined && { retryAfterMs: waitMs }) };
  }
  if (status >= 200 && status < 300) {
    const first: unknown = Array.isArray(answer.messages) ? answer.messages[0] : undefined;
    if (isObject(first) && typeof first.id === 'string' && /^[\x21-\x7e]{1,256}$/.test(first.id)) {
      return { kind: 'accepted', providerMessageId: first.id };
    }
    return { kind: 'unconfirmed', reason: 'accepted without a message id' };
  }
  if (!isRefusal(status)) return { kind: 'unconfirmed', reason: `HTTP ${status} without an error object` };
  const waitMs = retryAfterMs(retryAfter);
  return {
    kind: 'rejected',
    ...classifyHttpStatus(status),
    ...(status === 429 && waitMs !== undefined && { retryAfterMs: waitMs }),
  };
}

/** A client error says that nothing was sent. 408 says only that the server gave up reading. */
function isRefusal(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408;
}

const MAX_RETRY_AFTER_SECONDS = 3_600;

function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header), MAX_RETRY_AFTER_SECONDS) * 1_000;
}

/**
 * Works below `undici.request`, because only the dispatcher says when a request begins to be written to a connected socket: that
 * moment divides `not_sent` from `unconfirmed`.
 */
function exchange(request: GraphRequest, options: SendOptions): Promise<SendOutcome> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let isOver = false;
    let status: number | undefined;
    let retryAfter: string | undefined;
    const chunks: Buffer[] = [];
    let length = 0;

    const finish = (outcome: SendOutcome) => {
      isOver = true;
      clearTimeout(timer);
      resolve(outcome);
    };
    const breakOff = (reason: string) => {
      if (isOver) return;
      if (status !== undefined && isRefusal(status)) finish({ kind: 'rejected', ...UNREADABLE_REFUSAL });
      else finish({ kind: controller ? 'unconfirmed' : 'not_sent', reason });
      controller?.abort(new Error(reason));
    };
    const timer = setTimeout(() => breakOff('timeout'), options.timeoutMs);

    options.dispatcher.dispatch(
      // The timer above bounds everything; undici's own time-outs would only blur which one fired.
      { ...request, method: 'POST', headersTimeout: 0, bodyTimeout: 0 },
      {
        onRequestStart(started) {
          // Aborting here keeps a request that waited too long for a connection from being written after all.
          if (isOver) started.abort(new Error('timeout'));
          else controller = started;
        },
        onResponseStart(_controller, statusCode, headers) {
          if (statusCode < 200) return;
          status = statusCode;
          retryAfter = typeof headers['retry-after'] === 'string' ? headers['retry-after'] : undefined;
        },
        onResponseData(_controller, chunk) {
          length += chunk.length;
          if (length > options.maxResponseBytes) breakOff('answer too large');
          else chunks.push(chunk);
        },
        onResponseEnd() {
          if (!isOver && status !== undefined)
            finish(interpretResponse(status, Buffer.concat(chunks, length), retryAfter));
        },
        onResponseError(_controller, error) {
          const code = (error as NodeJS.ErrnoException).code ?? error.name;
          // Credentials with a line break and the like: no later attempt could be written either.
          if (code === 'UND_ERR_INVALID_ARG' && !isOver) finish({ kind: 'rejected', ...WRONG_CREDENTIALS });
          else breakOff(code);
        },
      },
    );
  });
}
