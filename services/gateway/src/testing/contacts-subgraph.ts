import type { IncomingHttpHeaders } from 'node:http';
import { GraphQLError } from 'graphql';
import { SubgraphServer } from './subgraph-server.js';

const typeDefs = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query {
    contactCount: Int!
  }
  type Contact @key(fields: "id") {
    id: ID!
    name: String!
    seenWith: String
    echo(text: String!): String
  }
`;

/** Like contacts' subgraph: enriches what others reference. */
export class ContactsSubgraph {
  readonly server: SubgraphServer<{ authorization: string | undefined }>;
  /** HTTP operations answered. */
  requests = 0;
  /** Of the latest. */
  headers: IncomingHttpHeaders = {};
  /** Names are read at the moment of the call, so a test can see whether they are fresh. */
  prefix = 'Name of';
  /** While set, calls wait for it. */
  hold: Promise<void> | undefined;
  /** Contacts that nobody here knows, and those of whom the name cannot be told. */
  readonly unknown = new Set<string>();
  readonly unnamed = new Set<string>();

  constructor() {
    this.server = new SubgraphServer({
      typeDefs,
      context: async (authorization) => ({ authorization }),
      beforeHttp: async ({ headers }) => {
        this.requests++;
        this.headers = headers;
        await this.hold;
      },
      resolvers: {
        Query: { contactCount: () => 3 },
        Contact: {
          __resolveReference: ({ id }: { id: string }) =>
            this.unknown.has(id) ? null : { id, name: `${this.prefix} ${id}` },
          name: ({ id, name }: { id: string; name: string }) => {
            if (this.unnamed.has(id)) throw new GraphQLError('Not for you.', { extensions: { code: 'FORBIDDEN' } });
            return name;
          },
          echo: ({ id }: { id: string }, { text }: { text: string }) => `${text} ${id}`,
          seenWith: (_: unknown, __: unknown, context: { authorization: string | undefined }) => context.authorization,
        },
      },
    });
  }
}
