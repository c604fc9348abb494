import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import type { ExecutionRequest } from '@graphql-tools/utils';
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import {
  createSourceEventStream,
  execute,
  getOperationAST,
  parse,
  print,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { inBatches, newId, type Logger } from '@fenster/runtime';
import { complete, enrich, rootFields, schemaWithoutArguments } from './enrich.js';
import {
  planEvents,
  planRequest,
  type EnrichmentCall,
  type EventPlan,
  type RequestPlan,
  type RootCall,
} from './plan.js';
import { createHttpTransport, type HttpTransport } from './http-transport.js';
import { leavingOutNullReferences } from './null-references.js';
import { subscribeOverSocket } from './socket-transport.js';
import type { SubgraphContext } from './subgraph-context.js';
import { SubscriptionRefusedError } from './subgraph-error.js';
import { readSupergraph } from './supergraph-map.js';

export interface EngineOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The caller's `Bearer …`, passed on to every subgraph involved. */
  readonly authorization: string | undefined;
  readonly clientAddress?: string | undefined;
  /** What program the client says it is. */
  readonly userAgent?: string | undefined;
  readonly signal?: AbortSignal;
}

export interface SubscribeOperation extends EngineOperation {
  /** Selects what `document` does, and perhaps more. */
  readonly sourceDocument: DocumentNode;
}

type SubscriptionDocuments = Pick<SubscribeOperation, 'document' | 'sourceDocument'>;

export interface SourceEvent {
  /** The root field's value as its subgraph sent it: known even where the result is null because an enrichment failed. */
  readonly source: Readonly<Record<string, unknown>> | null;
  readonly result: ExecutionResult;
}

/** Executes operations of the federated schema. All that knows how subgraphs are reached and queried is behind this. */
export interface Engine {
  readonly schema: GraphQLSchema;
  execute(operation: EngineOperation): Promise<ExecutionResult>;
  /**
   * Events in order. Those that are there at the same time share a context and with it the calls to subgraphs; later ones have
   * another, so that loaders never answer with what they read for an earlier event. The document that the subgraph sees may
   * select more than the one that results are made from: `sourceDocument`.
   * Ends with an error when the subgraph goes away, is refused, or completes by itself with the iterator's end.
   *
   * @throws SubscriptionRefusedError, SubgraphUnavailableError
   */
  subscribe(operation: SubscribeOperation): AsyncIterableIterator<SourceEvent>;
  /**
   * Whether events are those of all who have the caller's rights, each with its audience under `AUDIENCE_ALIAS`. Otherwise they
   * are what the caller alone may see.
   */
  tellsAudience(documents: SubscriptionDocuments): boolean;
  close(): Promise<void>;
}

export interface EngineOptions {
  supergraphSdl: string;
  /** By the name in the supergraph; wins over the URL there. */
  subgraphUrls: Readonly<Record<string, string>>;
  /** Limit of each subgraph call of a query or mutation, in milliseconds. */
  callTimeoutMs: number;
  /** Limit of each enrichment of an event, in milliseconds: events wait for each other. */
  enrichmentTimeoutMs: number;
  log: Logger;
}

/** Whether a call to a subgraph is part of somebody's request, or completes an event for all who subscribed. */
type Purpose = 'request' | 'event';

/** Events of one subscription that are enriched together, if they are there already. They leave in order. */
const EVENTS_AT_ONCE = 64;

/**
 * The stitching planner of @graphql-tools/federation, the one inside Hive Gateway, over transports of our own. It plans every
 * execution anew, which costs most of the gateway's time: documents that `plan.ts` covers are planned once.
 */
export function createEngine(options: EngineOptions): Engine {
  const supergraph = parse(options.supergraphSdl);
  const subgraphs = new Map<string, { url: string; http: HttpTransport }>();
  const schema = getStitchedSchemaFromSupergraphSdl({
    supergraphSdl: supergraph,
    batch: true,
    onSubschemaConfig(subschema) {
      const name = subschema.name.toLowerCase();
      const url = options.subgraphUrls[name] ?? subschema.endpoint;
      const http = createHttpTransport(name, url);
      subgraphs.set(name, { url, http });
      subschema.executor = (({ operationType, document, variables, context }: ExecutionRequest) =>
        operationType === 'subscription'
          ? subscribeOverSocket(name, url, print(document), variables, context as SubgraphContext)
          : http.execute(print(document), variables, context as SubgraphContext)) as typeof subschema.executor;
    },
  });
  const map = readSupergraph(supergraph);
  const plainSchema = schemaWithoutArguments(transformSupergraphToPublicSchema(supergraph));
  const leaveOutNullReferences = leavingOutNullReferences({ schema: plainSchema, map, log: options.log });
  const eventPlans = new WeakMap<DocumentNode, EventPlan | undefined>();
  const eventPlanOf = ({ document, sourceDocument }: SubscriptionDocuments): EventPlan | undefined => {
    if (!eventPlans.has(document)) eventPlans.set(document, planEvents(plainSchema, map, document, sourceDocument));
    return eventPlans.get(document);
  };
  const requestPlans = new WeakMap<OperationDefinitionNode, RequestPlan | undefined>();
  const requestPlanOf = ({ document, operationName }: EngineOperation): RequestPlan | undefined => {
    const definition = getOperationAST(document, operationName);
    if (!definition) return undefined;
    if (!requestPlans.has(definition)) {
      requestPlans.set(definition, planRequest(plainSchema, map, document, definition));
    }
    return requestPlans.get(definition);
  };

  const toContext = (
    { authorization, clientAddress, userAgent, signal }: EngineOperation,
    purpose: Purpose,
  ): SubgraphContext => ({
    authorization,
    clientAddress,
    userAgent,
    isForEvent: purpose === 'event',
    correlationId: newId(),
    timeoutMs: purpose === 'event' ? options.enrichmentTimeoutMs : options.callTimeoutMs,
    signal,
  });
  const toArgs = (operation: EngineOperation, document: DocumentNode, purpose: Purpose): ExecutionArgs => ({
    schema,
    document,
    operationName: operation.operationName,
    variableValues: operation.variables,
    contextValue: toContext(operation, purpose),
  });

  async function* stitchedEvents(operation: SubscribeOperation): AsyncGenerator<SourceEvent, void> {
    const stream = await createSourceEventStream(toArgs(operation, operation.sourceDocument, 'event'));
    if (!(Symbol.asyncIterator in stream)) throw new SubscriptionRefusedError(stream.errors ?? []);
    for await (const sources of inBatches(stream as AsyncIterable<SourceEvent['source']>, EVENTS_AT_ONCE)) {
      // One context for all, so that their calls to a subgraph become one.
      const args = toArgs(operation, operation.document, 'event');
      const results = await Promise.all(sources.map(async (source) => execute({ ...args, rootValue: source })));
      for (const [index, source] of sources.entries()) {
        yield { source, result: leaveOutNullReferences(results[index]!, operation.document) };
      }
    }
  }

  const ask = (
    { subgraph, query, variables }: Pick<RootCall, 'subgraph' | 'query' | 'variables'>,
    operation: EngineOperation,
    context: SubgraphContext,
    references?: Readonly<Record<string, unknown>>,
  ) =>
    subgraphs.get(subgraph)!.http.execute(query, { ...pick(operation.variables, variables), ...references }, context);

  async function enrichAll(
    calls: readonly EnrichmentCall[],
    results: readonly ExecutionResult[],
    operation: EngineOperation,
    context: SubgraphContext,
  ): Promise<void> {
    await Promise.all(
      calls.map((call) => enrich(call, results, (references) => ask(call, operation, context, references))),
    );
  }

  async function* plannedEvents(operation: SubscribeOperation, plan: EventPlan): AsyncGenerator<SourceEvent, void> {
    const { subgraph, query, responseKeys } = plan.root;
    const variables = pick(operation.variables, plan.root.variables);
    const stream = subscribeOverSocket(
      subgraph,
      subgraphs.get(subgraph)!.url,
      query,
      variables,
      toContext(operation, 'event'),
    );
    for await (const events of inBatches(stream, EVENTS_AT_ONCE)) {
      await enrichAll(plan.calls, events, operation, toContext(operation, 'event'));
      for (const event of events) {
        const source = (event.data?.[responseKeys[0]!] ?? null) as SourceEvent['source'];
        const result = complete(plainSchema, plan.completion, event);
        yield { source, result: leaveOutNullReferences(result, plan.completion) };
      }
    }
  }

  async function executePlanned(operation: EngineOperation, plan: RequestPlan): Promise<ExecutionResult> {
    const context = toContext(operation, 'request');
    const answers = await Promise.all(plan.roots.map((root) => rootFields(root, ask(root, operation, context))));
    const result = { data: Object.assign({}, ...answers) as Record<string, unknown> };
    await enrichAll(plan.calls, [result], operation, context);
    return leaveOutNullReferences(complete(plainSchema, plan.completion, result), plan.completion);
  }

  return {
    schema,
    async execute(operation) {
      const plan = requestPlanOf(operation);
      if (plan) return executePlanned(operation, plan);
      const { document } = operation;
      return leaveOutNullReferences(await execute(toArgs(operation, document, 'request')), document);
    },
    subscribe(operation) {
      const plan = eventPlanOf(operation);
      return plan ? plannedEvents(operation, plan) : stitchedEvents(operation);
    },
    tellsAudience: (documents) => eventPlanOf(documents)?.tellsAudience ?? false,
    close: async () => {
      await Promise.all([...subgraphs.values()].map(({ http }) => http.close()));
    },
  };
}

function pick(variables: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (Object.hasOwn(variables, name) ? [[name, variables[name]]] : [])));
}
