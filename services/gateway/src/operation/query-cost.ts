import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isListType,
  isObjectType,
  Kind,
  visit,
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { getComplexity, type ComplexityEstimator, type ComplexityEstimatorArgs } from 'graphql-query-complexity';
import { LRUCache } from 'lru-cache';
import { checkPageSize } from '@fenster/graphql/page';
import { DomainError } from '@fenster/runtime';

/** How long a list counts as when nobody says how long it may be. */
export const UNPAGED_LIST_SIZE = 20;
const PAGE_ARGUMENTS: ReadonlySet<string> = new Set(['first', 'last']);
/** Sizes of pages and switched parts for which an operation's cost is remembered. */
const REMEMBERED_COSTS = 50;

type Variables = Readonly<Record<string, unknown>>;

/** What one operation costs with the variables of a request; or the error of a page that is too long. */
export type CostOf = (variables: Variables) => number | GraphQLError;

/**
 * The cost of an operation: how many fields its answer may have. Every field counts one; what is within a field with `first` or
 * `last` counts as often as its page is long, what is within another list {@link UNPAGED_LIST_SIZE} times. Of types that exclude each
 * other the dearest counts.
 */
export function costRule(
  schema: GraphQLSchema,
): (document: DocumentNode, operation: OperationDefinitionNode) => CostOf {
  const estimators = [createEstimator(schema)];
  return (document, operation) => {
    const decisive = decisiveVariables(document);
    const costs = new LRUCache<string, number | GraphQLError>({ max: REMEMBERED_COSTS });
    return (variables) => {
      // A page of null is an error; one that is left out has its default.
      const key = JSON.stringify(variables, decisive);
      let cost = costs.get(key);
      if (cost === undefined) {
        cost = measure({
          schema,
          query: document,
          operationName: operation.name?.value,
          variables: { ...variables },
          estimators,
          // Documents that are larger than they may be do not get here.
          maxQueryNodes: Infinity,
        });
        costs.set(key, cost);
      }
      return cost;
    };
  };
}

function measure(options: Parameters<typeof getComplexity>[0]): number | GraphQLError {
  try {
    return getComplexity(options);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

function createEstimator(schema: GraphQLSchema): ComplexityEstimator {
  const pageTypes = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (pageArguments(field).length > 0 && !isList(field)) pageTypes.add(getNamedType(field.type).name);
    }
  }
  return (asked) => {
    const { field, type, childComplexity } = asked;
    if (field.name === '__schema' || field.name === '__type') return 0;
    const pageSize = pageSizeOf(asked);
    if (pageSize !== undefined) return 1 + pageSize * childComplexity;
    // The entries of a page have been multiplied by the page.
    const isUnpaged = isList(field) && !pageTypes.has(type.name);
    return 1 + (isUnpaged ? UNPAGED_LIST_SIZE : 1) * childComplexity;
  };
}

/** @throws GraphQLError for a size that no page has: the same as a subgraph would say. */
function pageSizeOf({ args, field, node }: ComplexityEstimatorArgs): number | undefined {
  let size: number | undefined;
  for (const name of pageArguments(field)) {
    const given: unknown = args[name];
    if (typeof given !== 'number') size ??= UNPAGED_LIST_SIZE;
    else
      try {
        size = checkPageSize(given, name);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        const { code, field: argument } = error;
        throw new GraphQLError(error.message, { nodes: node, extensions: { code, field: argument } });
      }
  }
  return size;
}

function isList({ type }: GraphQLField<unknown, unknown>): boolean {
  return isListType(getNullableType(type));
}

function pageArguments(field: GraphQLField<unknown, unknown>): string[] {
  return field.args
    .filter(({ name, type }) => PAGE_ARGUMENTS.has(name) && getNamedType(type).name === 'Int')
    .map(({ name }) => name);
}

/** Those that decide how long pages are, and what is left out. */
function decisiveVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Argument({ name, value }, _key, _parent, _path, ancestors) {
      const owner = ancestors.at(-1);
      const isOfDirective = owner !== undefined && 'kind' in owner && owner.kind === Kind.DIRECTIVE;
      if (value.kind === Kind.VARIABLE && (isOfDirective || PAGE_ARGUMENTS.has(name.value)))
        names.add(value.name.value);
    },
  });
  return [...names];
}
