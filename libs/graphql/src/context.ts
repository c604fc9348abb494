import { AuthenticationError, defineAbility, type Ability, type Actor, type DefineRules } from '@fenster/auth';
import type { Ctx, Database, EntityManager, Origin, ReadNotes } from '@fenster/database';
import type { Clock, Logger } from '@fenster/runtime';
import DataLoader from 'dataloader';

/** What resolvers get: one per request, and one per list of events of a subscription, so that loaders never serve old rows. */
export interface GraphQLContext<App = unknown> extends Ctx {
  /** What the service built once at its start. */
  readonly app: App;
  readonly actor: Actor | undefined;
  /** The signed-in actor. @throws AuthenticationError on public fields called without a token. */
  requireActor(): Actor;
  /** Rows of the actor's workspace, and of no other. @throws AuthenticationError without an actor. */
  readonly em: EntityManager;
  /** A loader that lives as long as this context; `load` gets all keys of a tick and answers in any order. */
  loader<K, V>(load: BatchLoad<K, V>): DataLoader<K, V | undefined>;
}

/** What the actor of a request may do, by a service's rules. */
export function abilitiesBy(defineRules: DefineRules): (ctx: Pick<GraphQLContext, 'requireActor'>) => Ability {
  return (ctx) => defineAbility(ctx.requireActor(), defineRules);
}

export type BatchLoad<K, V> = (ctx: GraphQLContext<never>, keys: readonly K[]) => Promise<ReadonlyMap<K, V>>;

export interface ContextOptions<App = unknown> {
  app: App;
  database: Database;
  now: Clock;
  log: Logger;
  wakeRelay: Ctx['wakeRelay'];
}

/** Where a request comes from, as the gateway saw it, and where what it reads is noted for the audit log. */
export interface RequestFacts extends Pick<Origin, 'clientAddress' | 'userAgent'> {
  reads?: ReadNotes | undefined;
}

export function createContext<App>(
  options: ContextOptions<App>,
  actor: Actor | undefined,
  correlationId: string,
  { reads, ...from }: RequestFacts = {},
): GraphQLContext<App> {
  const loaders = new Map<unknown, DataLoader<unknown, unknown>>();
  let em: EntityManager | undefined;
  const origin: Origin = {
    actor: actor ? { kind: actor.kind, id: actor.id } : { kind: 'system', id: 'anonymous' },
    correlationId,
    ...(actor?.sessionId && { sessionId: actor.sessionId }),
    ...from,
  };
  // Apollo copies the context, which would call a getter of its own; copies share the prototype.
  const lazy = {
    get em() {
      em ??= options.database.forTenant(context.requireActor().workspaceId);
      return em;
    },
  };
  const context: GraphQLContext<App> = Object.assign(Object.create(lazy) as typeof lazy, {
    ...options,
    actor,
    ...(actor && { workspaceId: actor.workspaceId }),
    origin,
    reads,
    requireActor() {
      if (!actor) throw new AuthenticationError();
      return actor;
    },
    loader<K, V>(load: BatchLoad<K, V>) {
      let loader = loaders.get(load);
      if (!loader) {
        loader = new DataLoader<K, V | undefined>(async (keys) => {
          const found = await load(context as GraphQLContext<never>, keys);
          return keys.map((key) => found.get(key));
        }) as DataLoader<unknown, unknown>;
        loaders.set(load, loader);
      }
      return loader as DataLoader<K, V | undefined>;
    },
  });
  return context;
}
