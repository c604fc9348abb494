import { GraphQLError, type ExecutionResult, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import { newId, type Logger } from '@fenster/runtime';

/** What a client gets of a result: expected errors as they are, unexpected ones as a correlation id that stands in the log beside the cause. */
export type FormatResult = (result: ExecutionResult) => FormattedExecutionResult;
export type FormatError = (error: unknown) => GraphQLFormattedError;

export function createFormatError(log: Logger): FormatError {
  return (error) => {
    if (error instanceof GraphQLError && isExpected(error)) return error.toJSON();
    const given = error instanceof GraphQLError ? error.extensions?.correlationId : undefined;
    const correlationId = typeof given === 'string' ? given : newId();
    log.error(
      { err: error instanceof GraphQLError ? (error.originalError ?? error) : error, correlationId },
      'operation failed',
    );
    return {
      message: 'Internal error',
      ...(error instanceof GraphQLError && error.path ? { path: error.path } : {}),
      extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId },
    };
  };
}

/** An error with a code was meant to be seen; one without is a bug, and may say anything. */
function isExpected({ extensions }: GraphQLError): boolean {
  return typeof extensions?.code === 'string' && extensions.code !== 'INTERNAL_SERVER_ERROR';
}

export function createFormatResult(formatError: FormatError): FormatResult {
  return ({ data, errors, extensions }) => {
    const formatted: { -readonly [K in keyof FormattedExecutionResult]: FormattedExecutionResult[K] } = {};
    if (errors && errors.length > 0) formatted.errors = errors.map(formatError);
    if (data !== undefined) formatted.data = data;
    if (extensions) formatted.extensions = extensions;
    return formatted;
  };
}

/** An error that clients branch on. */
export function codedError(code: string, message: string, extensions: Record<string, unknown> = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...extensions } });
}
