import 'reflect-metadata';
import { buildSubgraphSchema, printSubgraphSchema } from '@apollo/subgraph';
import { parse, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import type { GraphQLResolverMap } from '@apollo/subgraph';
import { buildSchema, createResolversMap, type ClassType, type PubSub } from 'type-graphql';
import type { Permission } from '@fenster/auth';
import { authChecker, AUTHORIZATION } from './authorization.decorators.js';
import type { GraphQLContext } from './context.js';

export interface SubgraphOptions {
  resolvers: readonly ClassType[];
  /** Object types that are reached through interfaces or unions only. */
  orphanedTypes?: readonly ClassType[];
  /** By type name: how references that other subgraphs hand over are answered. */
  references?: Record<string, Reference>;
}

/** A reference is an entry like a root field: it says who may come in. Other members get null, as for a missing id. */
export interface Reference {
  permission: Permission | 'signed-in';
  resolve(reference: never, ctx: GraphQLContext<never>): unknown;
}

const FEDERATION = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [
  "@key", "@shareable", "@external", "@requires", "@provides", "@inaccessible", "@tag"
])\n`;

/** type-graphql insists on one; our subscriptions have sources of their own. */
const noPubSub: PubSub = {
  publish: () => {
    throw new Error('Events are emitted through the outbox.');
  },
  subscribe: () => {
    throw new Error('A subscription needs a source of its own.');
  },
};

/**
 * Builds a federated subgraph from type-graphql resolvers.
 * @throws Error naming every root field that has neither `@Authorized` nor `@Public`: deny by default.
 */
export async function buildSubgraph({
  resolvers,
  orphanedTypes = [],
  references = {},
}: SubgraphOptions): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers: resolvers as [ClassType, ...ClassType[]],
    orphanedTypes: [...orphanedTypes] as never,
    authChecker,
    pubSub: noPubSub,
    validate: false,
    skipCheck: true,
  });
  assertEveryRootFieldDecides(schema);
  const typeDefs = parse(FEDERATION + printSubgraphSchema(schema));
  const resolverMap = createResolversMap(schema) as GraphQLResolverMap<GraphQLContext>;
  for (const [type, { permission, resolve }] of Object.entries(references)) {
    Object.assign((resolverMap[type] ??= {}), {
      async __resolveReference(reference: object, ctx: GraphQLContext<never>) {
        const { permissions } = ctx.requireActor();
        return permission === 'signed-in' || permissions.includes(permission) ? resolve(reference as never, ctx) : null;
      },
    });
  }
  return buildSubgraphSchema([{ typeDefs, resolvers: resolverMap as never }]);
}

function assertEveryRootFieldDecides(schema: GraphQLSchema): void {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const undecided = roots
    .filter((root): root is GraphQLObjectType => root !== null && root !== undefined)
    .flatMap((root) =>
      Object.values(root.getFields())
        .filter((field) => field.extensions[AUTHORIZATION] === undefined)
        .map((field) => `${root.name}.${field.name}`),
    );
  if (undecided.length > 0) throw new Error(`Neither @Authorized nor @Public: ${undecided.join(', ')}`);
}
