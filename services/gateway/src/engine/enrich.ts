import {
  buildASTSchema,
  execute,
  visit,
  GraphQLError,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { createGraphQLError } from '@graphql-tools/utils';
import { TYPE_ALIAS } from '../operation/subscription-plan.js';
import {
  answerKey,
  referencesVariable,
  type Enrichment,
  type EnrichmentCall,
  type RootCall,
  type Step,
} from './plan.js';

type Value = Record<string, unknown>;

/**
 * Completes events in place with the fields of one call. `ask` gets the references of all of them, each once, as variables of
 * the call's query. What the subgraph does not answer becomes errors in their place.
 */
export async function enrich(
  call: EnrichmentCall,
  events: readonly ExecutionResult[],
  ask: (references: Value) => Promise<ExecutionResult>,
): Promise<void> {
  const parents = call.enrichments.map((enrichment) => parentsByKey(enrichment, events));
  if (parents.every(({ size }) => size === 0)) return;
  const references = call.enrichments.map(({ type, key }, index) => [
    referencesVariable(index),
    [...parents[index]!.keys()].map((value) => ({ __typename: type, [key]: value })),
  ]);
  const { answer, failure } = await answerOf(ask(Object.fromEntries(references)));
  for (const [index, enrichment] of call.enrichments.entries()) {
    const answers = answer.data?.[answerKey(index)];
    for (const [position, same] of [...parents[index]!.values()].entries()) {
      const fields = fieldsOf(enrichment, Array.isArray(answers) ? answers[position] : answers, failure);
      for (const parent of same) Object.assign(parent, fields);
    }
  }
}

/** The root fields of one call, to be completed: what the subgraph answered, and errors in place of what it did not. */
export async function rootFields({ responseKeys }: RootCall, asked: Promise<ExecutionResult>): Promise<Value> {
  const { answer, failure } = await answerOf(asked);
  return Object.fromEntries(responseKeys.map((key) => [key, answer.data?.[key] ?? failure ?? null]));
}

/** With its errors in their places; `failure` is the one that has none. */
async function answerOf(
  asked: Promise<ExecutionResult>,
): Promise<{ answer: ExecutionResult; failure: GraphQLError | undefined }> {
  let answer: ExecutionResult;
  try {
    answer = await asked;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    answer = { errors: [error] };
  }
  answer.errors?.forEach((error) => placeError(answer.data, error));
  return { answer, failure: withoutPath(answer.errors?.find(({ path }) => !path || !answer.data)) };
}

/** The objects that get the fields, by the key that refers to them. */
function parentsByKey(enrichment: Enrichment, events: readonly ExecutionResult[]): Map<unknown, Value[]> {
  const parents = new Map<unknown, Value[]>();
  const add = (value: Value) => {
    if (value[TYPE_ALIAS] !== enrichment.type) return;
    const key = value[enrichment.keyAlias];
    const same = parents.get(key);
    if (same) same.push(value);
    else parents.set(key, [value]);
  };
  for (const { data } of events) visitObjects(data, enrichment.path, 0, add);
  return parents;
}

function fieldsOf({ responseKeys }: Enrichment, answer: unknown, failure: GraphQLError | undefined): Value {
  if (isObject(answer) && !(answer instanceof Error)) return answer;
  const instead = answer instanceof Error ? answer : (failure ?? null);
  return Object.fromEntries(responseKeys.map((key) => [key, instead]));
}

/**
 * The client's result from an event that has all its fields: in the document's order, nulls where the schema allows
 * them, errors with their paths. `schema` is one without resolvers and arguments, `document` one
 * without arguments.
 */
export function complete(schema: GraphQLSchema, document: DocumentNode, event: ExecutionResult): ExecutionResult {
  if (!event.data) return event;
  event.errors?.forEach((error) => placeError(event.data, error));
  return execute({
    schema,
    document,
    rootValue: event.data,
    fieldResolver: (source: Value, _args, _context, { path }) => source[path.key],
    typeResolver: (value: Value) => value[TYPE_ALIAS] as string,
  }) as ExecutionResult;
}

/** For {@link complete}: by then arguments have had their effect. */
export function schemaWithoutArguments(definitions: DocumentNode): GraphQLSchema {
  return buildASTSchema(visit(definitions, { FieldDefinition: (field) => ({ ...field, arguments: [] }) }));
}

function visitObjects(value: unknown, path: readonly Step[], depth: number, add: (value: Value) => void): void {
  if (Array.isArray(value)) for (const item of value) visitObjects(item, path, depth, add);
  else if (!isObject(value)) return;
  else if (depth === path.length) add(value);
  else {
    const { type, key } = path[depth]!;
    if (type === undefined || value[TYPE_ALIAS] === type) visitObjects(value[key], path, depth + 1, add);
  }
}

/** Where the error's field would be; if that was lost with a parent, where the parent would be. */
function placeError(data: unknown, error: GraphQLError): void {
  let at = data;
  for (const key of error.path ?? []) {
    if (!isObject(at)) return;
    const next = (at as Value)[key];
    if (next === null || next === undefined) {
      (at as Value)[key] = withoutPath(error);
      return;
    }
    at = next;
  }
}

/** The path is that of another result: where the error is found again, it gets the client's. */
function withoutPath(error: GraphQLError | undefined): GraphQLError | undefined {
  return (
    error && createGraphQLError(error.message, { extensions: error.extensions, originalError: error.originalError })
  );
}

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null;
}
