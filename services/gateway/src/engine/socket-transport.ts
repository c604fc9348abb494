import type { ExecutionResult } from 'graphql';
import { CloseCode, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { keepAlive } from '../sockets/keep-alive.js';
import { createEventQueue } from './event-queue.js';
import type { SubgraphContext } from './subgraph-context.js';
import { isRefusal, SubgraphUnavailableError, SubscriptionRefusedError, toGraphQLError } from './subgraph-error.js';

/** Beyond this many unread events the socket is not read, so that a long replay waits in the subgraph and not in our memory. */
const MAX_UNREAD_EVENTS = 64;
const KEEP_ALIVE_MS = 5_000;

/**
 * A subscription of one subgraph over a graphql-ws socket of its own. Nothing reconnects here: when the socket ends, so does
 * the iterator, with an error, because only the caller knows the cursor to go on from.
 *
 * @throws SubscriptionRefusedError when the subgraph refuses, SubgraphUnavailableError when anything breaks; both from `next()`.
 */
export function subscribeOverSocket(
  subgraph: string,
  url: string,
  query: string,
  variables: Record<string, unknown> | undefined,
  { authorization, signal }: SubgraphContext,
): AsyncIterableIterator<ExecutionResult> {
  let socket: WebSocket | undefined;
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: authorization === undefined ? {} : { authorization },
    retryAttempts: 0,
    lazyCloseTimeout: 0,
    connectionAckWaitTimeout: KEEP_ALIVE_MS,
    on: {
      opened: (opened) => {
        socket = opened as WebSocket;
        keepAlive(socket, KEEP_ALIVE_MS);
      },
    },
  });
  const stop = () => {
    unsubscribe();
    // Rejects with what ended the socket, which the queue has told already.
    Promise.resolve(client.dispose()).catch(() => undefined);
    socket?.resume();
    queue.end();
  };
  const fail = (cause: unknown) => {
    queue.fail(toError(subgraph, cause));
    stop();
  };
  const queue = createEventQueue<ExecutionResult>({
    limit: MAX_UNREAD_EVENTS,
    onFull: () => socket?.pause(),
    onEmpty: () => socket?.resume(),
    onReturn: stop,
  });
  const unsubscribe = client.subscribe<Record<string, unknown>>(
    { query, variables },
    {
      // Without data it is no event but a request error: graphql-ws sends what `subscribe` refused like this, then completes.
      next: (result) => (result.data === undefined ? fail(result.errors) : queue.push(toResult(result))),
      error: fail,
      complete: () => queue.end(),
    },
  );
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return queue.iterator;
}

function toResult({
  data,
  errors,
  extensions,
}: {
  data?: Record<string, unknown> | null;
  errors?: readonly unknown[];
  extensions?: unknown;
}): ExecutionResult {
  return { data, errors: errors?.map(toGraphQLError), extensions: extensions as Record<string, unknown> | undefined };
}

const NOT_AUTHENTICATED = toGraphQLError({ message: 'Sign in again.', extensions: { code: 'UNAUTHENTICATED' } });

/** The sink's error is the payload of an `error` message, or a close event, or what the socket threw. */
function toError(subgraph: string, cause: unknown): Error {
  const code = (cause as { code?: unknown } | null)?.code;
  const isRejected = code === CloseCode.Forbidden || code === CloseCode.Unauthorized;
  const errors = isRejected ? [NOT_AUTHENTICATED] : Array.isArray(cause) ? cause.map(toGraphQLError) : [];
  return isRefusal(errors)
    ? new SubscriptionRefusedError(errors)
    : new SubgraphUnavailableError(subgraph, errors[0] ?? cause);
}
