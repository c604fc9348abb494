import {
  isAbstractType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type ASTNode,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import type { Logger } from '@fenster/runtime';
import type { SupergraphMap } from './supergraph-map.js';

export interface NullReferencesOptions {
  schema: GraphQLSchema;
  map: Pick<SupergraphMap, 'isEntity'>;
  log: Logger;
}

/** What an operation's document gave, without the errors that mean no more than that a reference is null. */
export type LeaveOutNullReferences = (result: ExecutionResult, document: DocumentNode) => ExecutionResult;

/**
 * Subgraphs see to it themselves that what is never null is not. An entity's field is null here where a subgraph was asked for the
 * fields of something that does not exist, or that the caller may not see: the reference to it is null then, as its
 * description says, and nothing went wrong. In any other place something did.
 */
export function leavingOutNullReferences({ schema, map, log }: NullReferencesOptions): LeaveOutNullReferences {
  const entityFields = new WeakMap<DocumentNode, Set<ASTNode>>();
  const entityFieldsOf = (document: DocumentNode): Set<ASTNode> => {
    let fields = entityFields.get(document);
    if (!fields) entityFields.set(document, (fields = findEntityFields(document, schema, map)));
    return fields;
  };

  return (result, document) => {
    const { data, errors } = result;
    if (data == null || !errors?.some(isNull)) return result;
    const fields = entityFieldsOf(document);
    const told = errors.filter((error) => !isNull(error) || !error.nodes?.every((node) => fields.has(node)));
    log.debug({ count: errors.length - told.length }, 'references that are null');
    const { errors: _, ...rest } = result;
    return told.length > 0 ? { ...rest, errors: told } : rest;
  };
}

/** As the executor says it, and only it: what a subgraph says has a code or is hidden. */
function isNull({ message, extensions }: GraphQLError): boolean {
  return extensions.code === undefined && message.startsWith('Cannot return null for non-nullable field ');
}

function findEntityFields(
  document: DocumentNode,
  schema: GraphQLSchema,
  { isEntity }: Pick<SupergraphMap, 'isEntity'>,
): Set<ASTNode> {
  const fields = new Set<ASTNode>();
  const info = new TypeInfo(schema);
  const visitor = visitWithTypeInfo(info, {
    Field(node) {
      const parent = info.getParentType();
      if (!parent) return;
      const types = isAbstractType(parent) ? schema.getPossibleTypes(parent) : [parent];
      if (types.every(({ name }) => isEntity(name))) fields.add(node);
    },
  });
  visit(document, visitor);
  return fields;
}
