import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FormattedExecutionResult } from 'graphql';
import { AuthenticationError, VerificationUnavailableError } from '@fenster/auth';
import type { Handler, Logger } from '@fenster/runtime';
import type { Engine } from '../engine/engine.js';
import { codedError, type FormatError, type FormatResult } from '../operation/results.js';
import type { Prepare } from '../operation/trusted-documents.js';
import type { CredentialsVerifier } from '../credentials.js';
import { RateLimitedError, type Budget, type RateLimits } from '../rate-limit/rate-limits.js';
import { clientAddressOf } from './client-address.js';
import { graphiqlPage } from './graphiql.js';
import { acceptsHtml, GRAPHQL_RESPONSE, JSON_RESPONSE, negotiate, type ResponseType } from './negotiation.js';
import type { OriginPolicy } from './origin.js';
import { BadRequestError, readParameters } from './request-parameters.js';

export interface GraphqlHttpOptions {
  engine: Engine;
  prepare: Prepare;
  credentials: CredentialsVerifier;
  formatResult: FormatResult;
  formatError: FormatError;
  origins: OriginPolicy;
  rateLimits: RateLimits;
  maxBodyBytes: number;
  trustedProxies: number;
  /** Whether browsers get the GraphiQL page. */
  graphiql: boolean;
  log: Logger;
}

interface Answer {
  status: number;
  body: FormattedExecutionResult;
  headers?: OutgoingHttpHeaders;
}

/** GraphQL over HTTP (graphql-over-http, draft of 2025) for queries and mutations; subscriptions are for the WebSocket at the same path. */
export function createGraphqlHttpHandler(options: GraphqlHttpOptions): Handler {
  return async (request, response) => {
    allowOrigin(options.origins, request, response);
    if (request.method === 'OPTIONS') return void response.writeHead(204, { allow: 'GET, POST, OPTIONS' }).end();
    const type = negotiate(request.headers.accept);
    // The page keeps its operation in the address, so a browser may well come with one.
    if (request.method === 'GET' && options.graphiql && acceptsHtml(request.headers.accept)) {
      const page = await graphiqlPage();
      return void response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
        .end(page);
    }
    const answer = await respond(options, request, response, type);
    // Whoever is refused before all has come is still sending.
    if (!request.complete) response.setHeader('connection', 'close');
    const bytes = Buffer.from(JSON.stringify(answer.body));
    response.writeHead(answer.status, {
      'content-type': `${type ?? JSON_RESPONSE}; charset=utf-8`,
      'content-length': bytes.length,
      'cache-control': 'no-store',
      ...answer.headers,
    });
    response.end(bytes);
  };
}

async function respond(
  options: GraphqlHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
  type: ResponseType | undefined,
): Promise<Answer> {
  const { engine, prepare, formatResult, formatError, origins, rateLimits, log } = options;
  const refuse = (status: number, code: string, message: string, headers?: OutgoingHttpHeaders): Answer => ({
    status,
    headers,
    body: formatResult({ errors: [codedError(code, message)] }),
  });
  if (!origins.allows(request)) return refuse(403, 'FOREIGN_ORIGIN', 'Pages of this origin may not use the API.');
  if (request.method !== 'GET' && request.method !== 'POST') {
    return refuse(405, 'METHOD_NOT_ALLOWED', 'GraphQL is asked by GET or POST.', { allow: 'GET, POST, OPTIONS' });
  }
  if (!type) return refuse(406, 'NOT_ACCEPTABLE', `Answers are ${GRAPHQL_RESPONSE} or ${JSON_RESPONSE}, in UTF-8.`);
  const clientAddress = clientAddressOf(request, options.trustedProxies);
  const limitedBy = (budget: Budget, limited = budget.take()): Answer | undefined => {
    response.setHeaders(new Headers(Object.entries(budget.headers())));
    if (!limited) return undefined;
    return {
      status: 429,
      headers: { 'retry-after': String(limited.retryAfterSeconds) },
      body: formatResult({ errors: [limited] }),
    };
  };
  const { authorization } = request.headers;
  const ofAddress = rateLimits.ofAddress(clientAddress);
  try {
    // Without a token only what subgraphs have made public answers, e.g. the login.
    const credentials =
      authorization === undefined ? undefined : await options.credentials.verify(authorization, ofAddress);
    const limited = limitedBy(credentials ? rateLimits.ofActor(credentials.actor) : ofAddress);
    if (limited) return limited;
    const prepared = prepare(await readParameters(request, options.maxBodyBytes));
    if ('errors' in prepared) {
      return { status: type === GRAPHQL_RESPONSE ? 400 : 200, body: formatResult({ errors: prepared.errors }) };
    }
    const { document, operationName, variables, type: operationType } = prepared.operation;
    if (operationType === 'subscription') {
      return refuse(
        400,
        'SUBSCRIPTION_NEEDS_WEBSOCKET',
        'Subscribe over WebSocket (graphql-transport-ws) at this URL.',
      );
    }
    if (operationType === 'mutation' && request.method === 'GET') {
      return refuse(405, 'METHOD_NOT_ALLOWED', 'A mutation is sent by POST.', { allow: 'POST' });
    }
    const abort = new AbortController();
    if (operationType === 'query') response.once('close', () => abort.abort());
    const result = await engine.execute({
      document,
      operationName,
      variables,
      authorization: credentials?.authorization,
      clientAddress,
      userAgent: request.headers['user-agent'],
      signal: abort.signal,
    });
    return { status: 200, body: formatResult(result) };
  } catch (error) {
    if (error instanceof BadRequestError) return refuse(error.status, error.code, error.message);
    if (error instanceof AuthenticationError) {
      const limited = limitedBy(ofAddress);
      return limited ?? refuse(401, error.code, error.message, { 'www-authenticate': 'Bearer' });
    }
    if (error instanceof RateLimitedError) return limitedBy(ofAddress, error)!;
    if (error instanceof VerificationUnavailableError) {
      log.warn({ err: error }, 'tokens cannot be verified at present');
      return refuse(503, error.code, error.message);
    }
    log.error({ err: error }, 'request failed');
    return { status: 500, body: { errors: [formatError(error)] } };
  }
}

/** Tokens travel in a header that pages must set themselves, so credentials (cookies) are never allowed. */
function allowOrigin(origins: OriginPolicy, request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  response.setHeader('vary', 'origin, accept');
  if (origin === undefined || !origins.allows(request)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-methods', 'GET, POST');
  response.setHeader('access-control-allow-headers', 'authorization, content-type');
  response.setHeader('access-control-expose-headers', 'ratelimit, ratelimit-policy, retry-after');
  response.setHeader('access-control-max-age', '600');
}
