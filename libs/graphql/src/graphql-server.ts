import { AuthenticationError, bearerToken, type Actor, type TokenVerifier } from '@fenster/auth';
import {
  BodyTooLargeError,
  newId,
  readBody,
  sendJson,
  type Handler,
  type Logger,
  type UpgradeHandler,
} from '@fenster/runtime';
import { execute, type ExecutionArgs, type GraphQLError, type GraphQLSchema } from 'graphql';
import { CloseCode } from 'graphql-ws';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { IncomingMessage } from 'node:http';
import { BatchingSocket } from './batching-socket.js';
import type { GraphQLContext } from './context.js';
import { formatError } from './errors.js';
import { subscribeToBatches } from './execute.js';
import { createOperationReader } from './operation.js';

export interface GraphQLServerOptions {
  schema: GraphQLSchema;
  verifier: TokenVerifier;
  createContext(actor: Actor | undefined, correlationId: string): GraphQLContext;
  log: Logger;
}

/** A subgraph's GraphQL endpoint: queries and mutations over HTTP, subscriptions over graphql-transport-ws. */
export interface GraphQLServer {
  readonly handler: Handler;
  readonly upgrade: UpgradeHandler;
  stop(): Promise<void>;
}

type SocketExtra = Extra & { actor?: Actor; expiry?: NodeJS.Timeout } & Record<PropertyKey, unknown>;

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_TIMEOUT_MS = 2_147_483_647;

export function createGraphQLServer({ schema, verifier, createContext, log }: GraphQLServerOptions): GraphQLServer {
  const readOperation = createOperationReader(schema);

  const handler: Handler = async (request, response) => {
    try {
      const raw = await readBody(request, MAX_BODY_BYTES);
      const correlationId = correlationIdOf(request);
      const actor = await actorOf(verifier, request.headers.authorization);
      const operation = readOperation(JSON.parse(raw.toString()));
      const { data, errors } = Array.isArray(operation)
        ? { errors: operation }
        : await execute({ schema, ...operation, contextValue: createContext(actor, correlationId) });
      sendJson(response, data === undefined ? 400 : 200, {
        data,
        errors: errors?.map((error) => formatError(error, log)),
      });
    } catch (error) {
      if (error instanceof AuthenticationError) sendErrors(response, 401, error.message, error.code);
      else if (error instanceof SyntaxError) sendErrors(response, 400, 'The body is not JSON.', 'BAD_REQUEST');
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
        extra.actor = await verifier.verify(token);
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
    stop: async () => front.dispose(),
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

function sendErrors(response: Parameters<Handler>[1], status: number, message: string, code: string): void {
  sendJson(response, status, { errors: [{ message, extensions: { code } }] });
}
