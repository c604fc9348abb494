import { createGraphQLError } from '@graphql-tools/utils';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

/** A subgraph could not be reached, or its answer was none. Trying again may help. */
export class SubgraphUnavailableError extends GraphQLError {
  constructor(
    subgraph: string,
    cause: unknown,
    code: 'SUBGRAPH_UNAVAILABLE' | 'SUBGRAPH_TIMEOUT' = 'SUBGRAPH_UNAVAILABLE',
  ) {
    const what = code === 'SUBGRAPH_TIMEOUT' ? 'did not answer in time' : 'is not available';
    super(`The service "${subgraph}" ${what}.`, {
      extensions: { code, service: subgraph },
      originalError: cause instanceof Error ? cause : undefined,
    });
    this.name = 'SubgraphUnavailableError';
  }
}

/** A subgraph answered a subscription with errors: it will not run as asked, and trying again unchanged cannot help. */
export class SubscriptionRefusedError extends Error {
  override readonly name = 'SubscriptionRefusedError';
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? 'The subscription was refused.');
    this.errors = errors;
  }

  /** The token was not accepted, which another member's may be. */
  get isAboutToken(): boolean {
    return this.errors.some((error) => error.extensions?.code === 'UNAUTHENTICATED');
  }
}

/** Codes with which a subgraph says that it failed, not that it refuses. */
const FAILURES = new Set<unknown>([
  undefined,
  'INTERNAL_SERVER_ERROR',
  'SUBGRAPH_UNAVAILABLE',
  'SUBGRAPH_TIMEOUT',
  'UNAVAILABLE',
]);

export function isRefusal(errors: readonly GraphQLError[]): boolean {
  return errors.some((error) => !FAILURES.has(error.extensions?.code));
}

/** An error as a subgraph sent it, with its code and path. */
export function toGraphQLError(error: unknown): GraphQLError {
  const { message, path, extensions } = error as GraphQLFormattedError;
  return createGraphQLError(String(message), { path, extensions });
}
