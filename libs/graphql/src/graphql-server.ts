import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import {
  AuthenticationError,
  bearerToken,
  VerificationUnavailableError,
  type Actor,
  type TokenVerifier,
} from '@fenster/auth';
import { ReadNotes, type ReadAudit } from '@fenster/database';
import {
  BodyTooLargeError,
  CLIENT_ADDRESS_HEADER,
  EVENT_HEADER,
  newId,
  readBody,
  sendJson,
  USER_AGENT_HEADER,
  type Handler,
  type Logger,
  type UpgradeHandler,
} from '@fenster/runtime';
import type { ExecutionArgs, GraphQLError, GraphQLSchema } from 'graphql';
import { CloseCode } from 'graphql-ws';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { BatchingSocket } from './batching-socket.js';
import type { GraphQLContext, RequestFacts } from './context.js';
import { formatError } from './errors.js';
import { subscribeToBatches } from './execute.js';

export interface GraphQLServerOptions {
  schema: GraphQLSchema;
  verifier: TokenVerifier;
  createContext(actor: Actor | undefined, correlationId: string, facts?: RequestFacts): GraphQLContext;
  readAudit: ReadAudit;
  log: Logger;
}

/** A subgraph's GraphQL endpoint: queries and mutations over HTTP, subscriptions over graphql-transport-ws. */
export interface GraphQLServer {
  readonly handler: Handler;
  readonly upgrade: UpgradeHandler;
  start(): Promise<void>;
  stop(): Promise<void>;
}

type SocketExtra = Extra & { actor?: Actor; expiry?: NodeJS.Timeout } & Record<PropertyKey, unknown>;

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_TIMEOUT_MS = 2_147_483_647;
/** RFC 6455's registry of close codes. */
const TRY_AGAIN_LATER = 1013;

export function createGraphQLServer(options: GraphQLServerOptions): GraphQLServer {
  const { schema, verifier, createContext, readAudit, log } = options;
  const apollo = new ApolloServer<GraphQLContext>({
    schema,
    introspection: true,
    // Only the gateway reaches a subgraph; cross-site requests are refused there.
    csrfPrevention: false,
    formatError: (_formatted, error) => formatError(error, log),
    plugins: [
      // It would look at every field of every answer.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
    ],
    stopOnTerminationSignals: false,
    logger: { debug() {}, info() {}, warn: (message) => log.warn(message), error: (message) => log.error(message) },
  });

  const handler: Handler = async (request, response) => {
    try {
      const raw = await readBody(request, MAX_BODY_BYTES);
      const correlationId = correlationIdOf(request);
      const actor = await actorOf(verifier, request.headers.authorization);
      const facts = factsOf(request);
      const headers = new HeaderMap();
      for (const [name, value] of Object.entries(request.headers)) {
        if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
      }
      const result = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method: 'POST', headers, search: '', body: JSON.parse(raw.toString()) as unknown },
        context: async () => createContext(actor, correlationId, facts),
      });
      if (facts.reads) await readAudit.store(facts.reads);
      for (const [name, value] of result.headers) response.setHeader(name, value);
      response.statusCode = result.status ?? 200;
      if (result.body.kind !== 'complete') throw new Error('Incremental delivery is not supported.');
      response.end(result.body.string);
    } catch (error) {
      if (error instanceof AuthenticationError) sendErrors(response, 401, error.message, error.code);
      else if (error instanceof VerificationUnavailableError) {
        log.warn({ err: error }, 'tokens cannot be verified at present');
        sendErrors(response, 503, error.message, error.code);
      } else if (error instanceof SyntaxError) sendErrors(response, 400, 'The body is not JSON.', 'BAD_REQUEST');
      else if (error instanceof BodyTooLargeError) sendErrors(response, 413, error.message, 'PAYLOAD_TOO_LARGE');
      else throw error;
    }
  };

  const sockets = new WebSocketServer<typeof BatchingSocket>({
    noServer: true,
    maxPayload: MAX_BODY_BYTES,
    WebSocket: BatchingSocket,
  });
  const front = useServer<{ authorization?: unknown }, SocketExtra>(
    {
      schema,
      onConnect: async ({ connectionParams, extra }) => {
        const token = bearerToken(connectionParams?.authorization);
        if (!token) return false;
        try {
          extra.actor = await verifier.verify(token);
        } catch (error) {
          if (error instanceof VerificationUnavailableError) {
            log.warn({ err: error }, 'tokens cannot be verified at present');
            extra.socket.close(TRY_AGAIN_LATER, 'Tokens cannot be verified at present');
          } else if (!(error instanceof AuthenticationError)) throw error;
          return false;
        }
        const untilExpiry = extra.actor.expiresAt!.getTime() - Date.now();
        extra.expiry = setTimeout(
          () => extra.socket.close(CloseCode.Forbidden, 'Token expired'),
          Math.min(untilExpiry, MAX_TIMEOUT_MS),
        );
        return true;
      },
      onDisconnect: ({ extra }) => clearTimeout(extra.expiry),
      context: ({ extra }) => createContext(extra.actor, newId()),
      subscribe: (args) => {
        const { actor } = args.contextValue as GraphQLContext;
        return subscribeToBatches(args as ExecutionArgs, () => createContext(actor, newId()));
      },
      onNext: (_ctx, _id, _payload, _args, result) => ({
        ...result,
        ...(result.errors && { errors: result.errors.map((error) => formatError(error, log) as GraphQLError) }),
      }),
      onError: (_ctx, _id, _payload, errors) => errors.map((error) => formatError(error, log)),
    },
    sockets,
  );

  return {
    handler,
    upgrade: (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.writeTo(socket);
        sockets.emit('connection', client, request);
      }),
    start: () => apollo.start(),
    async stop() {
      await front.dispose();
      await apollo.stop();
    },
  };
}

async function actorOf(verifier: TokenVerifier, authorization: unknown): Promise<Actor | undefined> {
  if (authorization === undefined) return undefined;
  const token = bearerToken(authorization);
  if (!token) throw new AuthenticationError();
  return verifier.verify(token);
}

function correlationIdOf(request: IncomingMessage): string {
  const given = request.headers['x-correlation-id'];
  return typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : newId();
}

/** As the gateway says: nothing else reaches a subgraph. What it fetches to complete an event is nobody's own read. */
function factsOf({ headers }: IncomingMessage): RequestFacts {
  const address = headers[CLIENT_ADDRESS_HEADER];
  const userAgent = headers[USER_AGENT_HEADER];
  return {
    ...(typeof address === 'string' && isIP(address) !== 0 && { clientAddress: address }),
    ...(typeof userAgent === 'string' && { userAgent }),
    ...(headers[EVENT_HEADER] === undefined && { reads: new ReadNotes() }),
  };
}

function sendErrors(response: Parameters<Handler>[1], status: number, message: string, code: string): void {
  sendJson(response, status, { errors: [{ message, extensions: { code } }] });
}
