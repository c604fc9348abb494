import type { IncomingMessage } from 'node:http';
import { BodyTooLargeError, readBody } from '@fenster/runtime';
import { documentIdOf, type DocumentRequest } from '../operation/trusted-documents.js';

/** A request that is not one of GraphQL over HTTP. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * The parameters of a GraphQL over HTTP request. Only JSON bodies: a page of another site can send the other types without asking
 * (CSRF).
 *
 * @throws BadRequestError
 */
export async function readParameters(request: IncomingMessage, maxBodyBytes: number): Promise<DocumentRequest> {
  const parameters = request.method === 'GET' ? fromUrl(request.url ?? '') : await fromBody(request, maxBodyBytes);
  const { query, documentId, operationName, variables, extensions } = parameters;
  if (documentId !== undefined && documentId !== null && typeof documentId !== 'string')
    throw invalid('"documentId" must be a string.');
  if (query !== undefined && query !== null && typeof query !== 'string') throw invalid('"query" must be a string.');
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw invalid('"operationName" must be a string.');
  }
  if (variables !== undefined && variables !== null && !isRecord(variables))
    throw invalid('"variables" must be an object.');
  if (extensions !== undefined && extensions !== null && !isRecord(extensions))
    throw invalid('"extensions" must be an object.');
  if (!query && documentIdOf({ documentId, extensions }) === undefined)
    throw invalid('"query" must be a string, or "documentId" the id of a document.');
  return { query, documentId, operationName, variables, extensions };
}

function fromUrl(url: string): Record<string, unknown> {
  const start = url.indexOf('?');
  const search = new URLSearchParams(start === -1 ? '' : url.slice(start));
  const json = (name: string) => {
    const text = search.get(name);
    return text === null || text === '' ? undefined : parseJson(text, `"${name}" must be JSON.`);
  };
  return {
    query: search.get('query') ?? undefined,
    documentId: search.get('documentId') ?? undefined,
    operationName: search.get('operationName') ?? undefined,
    variables: json('variables'),
    extensions: json('extensions'),
  };
}

async function fromBody(request: IncomingMessage, maxBodyBytes: number): Promise<Record<string, unknown>> {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (type !== 'application/json' || (charset && !/^charset="?utf-?8"?$/.test(charset))) {
    throw new BadRequestError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json in UTF-8.');
  }
  const body = await readBody(request, maxBodyBytes).catch((error: unknown) => {
    if (error instanceof BodyTooLargeError)
      throw new BadRequestError(413, 'REQUEST_TOO_LARGE', `The body exceeds ${maxBodyBytes} bytes.`);
    throw error;
  });
  const parsed = parseJson(body.toString(), 'The body must be JSON.');
  if (Array.isArray(parsed))
    throw new BadRequestError(400, 'BATCHING_NOT_SUPPORTED', 'Send one operation per request.');
  if (!isRecord(parsed)) throw invalid('The body must be a JSON object.');
  return parsed;
}

function parseJson(text: string, problem: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(problem);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): BadRequestError {
  return new BadRequestError(400, 'BAD_REQUEST', message);
}
