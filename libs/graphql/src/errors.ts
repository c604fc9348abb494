import { AuthenticationError } from '@fenster/auth';
import { isTransient } from '@fenster/database';
import { DomainError, newId, type Logger } from '@fenster/runtime';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AuthenticationError as NotSignedIn, AuthorizationError } from 'type-graphql';

/**
 * What outsiders learn of an error. Expected ones keep code and message, a database that is away is `UNAVAILABLE`;
 * of unexpected ones they get an id, under which the log has the rest.
 */
export function formatError(error: unknown, log: Logger): GraphQLFormattedError {
  if (!(error instanceof GraphQLError))
    return formatError(new GraphQLError('', { originalError: error as Error }), log);
  const cause = originOf(error);
  const place = { ...(error.path && { path: error.path }), ...(error.locations && { locations: error.locations }) };
  if (cause === undefined) {
    const { code = 'BAD_USER_INPUT' } = error.extensions as { code?: string };
    return { message: error.message, ...place, extensions: { code } };
  }
  if (cause instanceof DomainError) {
    return {
      message: cause.message,
      ...place,
      extensions: { code: cause.code, ...(cause.field && { field: cause.field }) },
    };
  }
  if (cause instanceof AuthenticationError || cause instanceof NotSignedIn) {
    return { message: new AuthenticationError().message, ...place, extensions: { code: 'UNAUTHENTICATED' } };
  }
  if (cause instanceof AuthorizationError) {
    return { message: 'Your role does not allow this.', ...place, extensions: { code: 'FORBIDDEN' } };
  }
  if (isTransient(cause)) {
    log.warn({ err: cause, path: error.path?.join('.') }, 'the database is away');
    return { message: 'Not available at present. Try again.', ...place, extensions: { code: 'UNAVAILABLE' } };
  }
  const correlationId = newId();
  log.error({ err: cause, correlationId, path: error.path?.join('.') }, 'unexpected error in a resolver');
  return { message: 'Internal error.', ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId } };
}

/** The error that a resolver threw; undefined for errors of the GraphQL layer itself. */
function originOf(error: GraphQLError): Error | undefined {
  let cause: Error = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  // type-graphql's refusals are GraphQLErrors themselves.
  const isRefusal = cause instanceof NotSignedIn || cause instanceof AuthorizationError;
  return cause instanceof GraphQLError && !isRefusal ? undefined : cause;
}
