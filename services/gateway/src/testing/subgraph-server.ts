import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, GraphQLError, parse, validate, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { readBody } from '@fenster/runtime';

type Resolvers = Parameters<typeof buildSubgraphSchema>[0] extends infer T
  ? Extract<T, readonly unknown[]>[number]
  : never;

export interface SubgraphOptions<C> {
  typeDefs: string;
  resolvers: object;
  /** Turns the caller's authorization into the context of its resolvers. @throws to refuse it. */
  context: (authorization: string | undefined) => Promise<C>;
  /** Called before each HTTP operation; may delay it. */
  beforeHttp?: (request: IncomingMessage) => Promise<void>;
}

/** A real subgraph: GraphQL over `node:http` and graphql-ws at one path, which can crash and come back on its port. */
export class SubgraphServer<C extends object> {
  readonly #options: SubgraphOptions<C>;
  readonly #schema: GraphQLSchema;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** Open WebSockets. */
  socketCount = 0;

  constructor(options: SubgraphOptions<C>) {
    this.#options = options;
    this.#schema = buildSubgraphSchema([
      { typeDefs: parse(options.typeDefs), resolvers: options.resolvers } as Resolvers,
    ]);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/graphql`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      void this.#answer(request).then(
        (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
        (error: unknown) => {
          const shown = error instanceof GraphQLError ? error : new GraphQLError('Internal server error');
          response.setHeader('content-type', 'application/json').end(JSON.stringify({ errors: [shown] }));
        },
      );
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    const sockets = new WebSocketServer({ server, path: '/graphql' });
    sockets.on('connection', (socket) => {
      this.socketCount++;
      socket.on('close', () => this.socketCount--);
    });
    useServer(
      {
        schema: this.#schema,
        context: async (connection) =>
          this.#options.context(connection.connectionParams?.authorization as string | undefined),
      },
      sockets,
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Ends as a killed process does: sockets are destroyed in the middle of whatever they carried. */
  async crash(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #answer(request: IncomingMessage): Promise<unknown> {
    const { query, variables } = JSON.parse((await readBody(request, 1_000_000)).toString()) as {
      query: string;
      variables?: Record<string, unknown>;
    };
    await this.#options.beforeHttp?.(request);
    const document = parse(query);
    const errors = validate(this.#schema, document);
    if (errors.length > 0) return { errors };
    const contextValue = await this.#options.context(request.headers.authorization);
    return execute({ schema: this.#schema, document, variableValues: variables, contextValue });
  }
}
