import { getOperationAST, GraphQLError, parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';

/** What the body of a request asks for. */
export interface Operation {
  document: DocumentNode;
  operationName: string | undefined;
  variableValues: Record<string, unknown> | undefined;
}

const MAX_DOCUMENTS = 1_000;

const requestBody = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * Finds the query or mutation that a body asks for, or says what is wrong with it. The gateway asks the same few
 * documents over and over: each is parsed and validated once.
 */
export function createOperationReader(schema: GraphQLSchema): (body: unknown) => Operation | GraphQLError[] {
  const documents = new LRUCache<string, DocumentNode>({ max: MAX_DOCUMENTS });

  return (body) => {
    const request = requestBody.safeParse(body);
    if (!request.success) return [new GraphQLError('The body is not a GraphQL request.')];
    const { query, operationName, variables } = request.data;
    let document = documents.get(query);
    if (!document) {
      try {
        document = parse(query);
      } catch (error) {
        return [error as GraphQLError];
      }
      const problems = validate(schema, document);
      if (problems.length > 0) return [...problems];
      documents.set(query, document);
    }
    const operation = getOperationAST(document, operationName);
    if (!operation) return [new GraphQLError('The document has no operation of that name, or several and no name.')];
    if (operation.operation === 'subscription')
      return [new GraphQLError('Subscriptions are answered over WebSocket only.')];
    return { document, operationName: operationName ?? undefined, variableValues: variables ?? undefined };
  };
}
