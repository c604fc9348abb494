import type { ExecutionResult } from 'graphql';
import { Pool } from 'undici';
import { CLIENT_ADDRESS_HEADER, EVENT_HEADER, USER_AGENT_HEADER } from '@fenster/runtime';
import type { SubgraphContext } from './subgraph-context.js';
import { SubgraphUnavailableError, toGraphQLError } from './subgraph-error.js';

export interface HttpTransport {
  /** @throws SubgraphUnavailableError */
  execute(
    query: string,
    variables: Readonly<Record<string, unknown>> | undefined,
    context: SubgraphContext,
  ): Promise<ExecutionResult>;
  close(): Promise<void>;
}

/** Queries and mutations to one subgraph over kept-alive connections. */
export function createHttpTransport(subgraph: string, url: string): HttpTransport {
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, { connections: 64, pipelining: 1, keepAliveTimeout: 30_000 });

  return {
    async execute(query, variables, context) {
      const { authorization, clientAddress, userAgent, isForEvent, correlationId, timeoutMs, signal } = context;
      const abort = new AbortController();
      const onAbort = () => abort.abort();
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        abort.abort();
      }, timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        if (signal?.aborted) abort.abort();
        const response = await pool.request({
          method: 'POST',
          path: pathname + search,
          headers: {
            'content-type': 'application/json',
            accept: 'application/graphql-response+json, application/json',
            'x-correlation-id': correlationId,
            ...(authorization === undefined ? {} : { authorization }),
            ...(clientAddress === undefined ? {} : { [CLIENT_ADDRESS_HEADER]: clientAddress }),
            ...(userAgent === undefined ? {} : { [USER_AGENT_HEADER]: userAgent }),
            ...(isForEvent ? { [EVENT_HEADER]: '1' } : {}),
          },
          body: JSON.stringify({ query, variables }),
          signal: abort.signal,
        });
        return toResult(await response.body.json());
      } catch (error) {
        throw new SubgraphUnavailableError(subgraph, error, isLate ? 'SUBGRAPH_TIMEOUT' : 'SUBGRAPH_UNAVAILABLE');
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      }
    },
    close: () => pool.destroy(),
  };
}

/** @throws if the answer is not a GraphQL result, e.g. the error page of a proxy. */
function toResult(body: unknown): ExecutionResult {
  const { data, errors } = body as { data?: Record<string, unknown> | null; errors?: unknown };
  if (data === undefined && !Array.isArray(errors))
    throw new Error('The subgraph did not answer with a GraphQL result.');
  return {
    data,
    errors: Array.isArray(errors) ? errors.map(toGraphQLError) : undefined,
  };
}
