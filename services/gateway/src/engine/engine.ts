import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import type { ExecutionRequest, ExecutionResult as ToolsResult, MaybeAsyncIterable } from '@graphql-tools/utils';
import {
  createSourceEventStream,
  execute,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { inBatches, newId } from '@fenster/runtime';
import { createHttpTransport } from './http-transport.js';
import { subscribeOverSocket } from './socket-transport.js';
import type { SubgraphContext } from './subgraph-context.js';
import { SubscriptionRefusedError } from './subgraph-error.js';

export interface EngineOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The caller's `Bearer …`, passed on to every subgraph involved. */
  readonly authorization: string | undefined;
  readonly signal?: AbortSignal;
}

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
  subscribe(operation: EngineOperation & { readonly sourceDocument: DocumentNode }): AsyncIterableIterator<SourceEvent>;
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
}

/** Events of one subscription that are enriched together, if they are there already. They leave in order. */
const EVENTS_AT_ONCE = 64;

/** The stitching planner of @graphql-tools/federation, the one inside Hive Gateway, over transports of our own. */
export function createEngine(options: EngineOptions): Engine {
  const closing: (() => Promise<void>)[] = [];
  const schema = getStitchedSchemaFromSupergraphSdl({
    supergraphSdl: options.supergraphSdl,
    batch: true,
    onSubschemaConfig(subschema) {
      const name = subschema.name.toLowerCase();
      const url = options.subgraphUrls[name] ?? subschema.endpoint;
      const http = createHttpTransport(name, url);
      closing.push(http.close);
      subschema.executor = ((request: ExecutionRequest): MaybeAsyncIterable<ToolsResult> | Promise<ToolsResult> =>
        request.operationType === 'subscription'
          ? subscribeOverSocket(name, url, request)
          : http.execute(request)) as typeof subschema.executor;
    },
  });

  const toArgs = (operation: EngineOperation, document: DocumentNode, timeoutMs: number): ExecutionArgs => ({
    schema,
    document,
    operationName: operation.operationName,
    variableValues: operation.variables,
    contextValue: {
      authorization: operation.authorization,
      correlationId: newId(),
      timeoutMs,
      signal: operation.signal,
    } satisfies SubgraphContext,
  });

  return {
    schema,
    execute: async (operation) => execute(toArgs(operation, operation.document, options.callTimeoutMs)),
    async *subscribe(operation) {
      const stream = await createSourceEventStream(
        toArgs(operation, operation.sourceDocument, options.enrichmentTimeoutMs),
      );
      if (!(Symbol.asyncIterator in stream)) throw new SubscriptionRefusedError(stream.errors ?? []);
      for await (const sources of inBatches(stream as AsyncIterable<SourceEvent['source']>, EVENTS_AT_ONCE)) {
        // One context for all, so that their calls to a subgraph become one.
        const args = toArgs(operation, operation.document, options.enrichmentTimeoutMs);
        const results = await Promise.all(sources.map(async (source) => execute({ ...args, rootValue: source })));
        for (const [index, source] of sources.entries()) yield { source, result: results[index]! };
      }
    },
    close: async () => {
      await Promise.all(closing.map((close) => close()));
    },
  };
}
