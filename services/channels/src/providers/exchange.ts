import type { Dispatcher } from 'undici';
import type { SendOutcome } from './provider.js';
import { isRefusal, UNREADABLE_REFUSAL, WRONG_CREDENTIALS } from './rejection.js';

export interface ExchangeOptions {
  /** Shared keep-alive connections, e.g. an undici `Agent`; its own settings bound the time to connect. */
  dispatcher: Dispatcher;
  /** For one attempt in all: waiting for a connection, writing, and reading the whole answer. */
  timeoutMs: number;
  maxResponseBytes: number;
}

export interface OutgoingRequest {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/**
 * One POST that may not be repeated blindly. Never rejects; see {@link SendOutcome} for what may be.
 *
 * Works below `undici.request`, because only the dispatcher says when a request begins to be written to a connected socket: that
 * moment divides `not_sent` from `unconfirmed`.
 */
export function exchange(
  request: OutgoingRequest,
  options: ExchangeOptions,
  interpret: (status: number, body: Buffer, retryAfter: string | undefined) => SendOutcome,
): Promise<SendOutcome> {
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
          if (!isOver && status !== undefined) finish(interpret(status, Buffer.concat(chunks, length), retryAfter));
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
