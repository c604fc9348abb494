import {
  getVariableValues,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  print,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { sizeLimits, type SizeLimits } from './limits.js';
import { costRule, type CostOf } from './query-cost.js';
import { reservedNames } from './reserved-names.js';
import { codedError } from './results.js';
import { planSubscription, type SubscriptionPlan } from './subscription-plan.js';

export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

/** One operation of a document that has been parsed and validated, with variables that fit it. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly type: OperationTypeNode | `${OperationTypeNode}`;
  /** As the caller sent them, without those that the operation does not declare. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** For a subscription: how it is shared and resumed. */
  readonly subscription: SubscriptionPlan | undefined;
}

export type Preparation = { readonly errors: readonly GraphQLError[] } | { readonly operation: PreparedOperation };

export interface OperationLimits extends SizeLimits {
  /** See `query-cost.ts`. */
  cost: number;
}

export interface OperationsOptions {
  limits: OperationLimits;
  /** Whether `__schema` and `__type` may be asked, and error messages may suggest names. */
  introspection: boolean;
  /** Documents remembered with their verdict. */
  cacheSize?: number;
}

interface CheckedDocument {
  readonly document: DocumentNode;
  readonly errors: readonly GraphQLError[];
  readonly operations: ReadonlyMap<string, CheckedOperation>;
}

interface CheckedOperation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly costOf: CostOf;
  readonly subscription: SubscriptionPlan | undefined;
}

const MAX_ERRORS = 10;
/** How graphql-js words it ("more that"); the error has no code. */
const TOO_MANY_TOKENS = /contains more tha[nt] \d+ tokens/;

/** Everything that is checked before an operation may run, over HTTP and WebSocket alike. A document is parsed and validated once. */
export class Operations {
  readonly #schema: GraphQLSchema;
  readonly #options: OperationsOptions;
  readonly #documents: LRUCache<string, CheckedDocument>;
  readonly #costRule: ReturnType<typeof costRule>;

  constructor(schema: GraphQLSchema, options: OperationsOptions) {
    this.#schema = schema;
    this.#options = options;
    this.#costRule = costRule(schema);
    this.#documents = new LRUCache({
      max: options.cacheSize ?? 1_000,
      maxSize: 16 * 1024 * 1024,
      sizeCalculation: (_, query) => query.length + 1,
    });
  }

  /** What is wrong with a document, whatever its variables. */
  check(query: string): readonly GraphQLError[] {
    return this.#check(query).errors;
  }

  prepare({ query, operationName, variables }: OperationRequest): Preparation {
    const checked = this.#check(query);
    if (checked.errors.length > 0) return { errors: checked.errors };
    const operation = this.#select(checked, operationName ?? undefined);
    if (operation instanceof GraphQLError) return { errors: [operation] };
    const { definition, document, costOf, subscription } = operation;
    const declared = definition.variableDefinitions ?? [];
    const { errors } = getVariableValues(this.#schema, declared, variables ?? {}, { maxErrors: MAX_ERRORS });
    if (errors) return { errors: errors.map((error) => this.#describe(error, 'BAD_USER_INPUT')) };
    const used: Record<string, unknown> = {};
    for (const { variable } of declared) {
      const name = variable.name.value;
      if (variables && Object.hasOwn(variables, name)) used[name] = variables[name];
    }
    const tooExpensive = this.#judge(costOf(used));
    if (tooExpensive) return { errors: [tooExpensive] };
    return {
      operation: {
        document,
        operationName: definition.name?.value,
        type: definition.operation,
        variables: used,
        subscription,
      },
    };
  }

  #judge(cost: number | GraphQLError): GraphQLError | undefined {
    if (cost instanceof GraphQLError) return cost;
    const limit = this.#options.limits.cost;
    if (cost <= limit) return undefined;
    return codedError('QUERY_TOO_EXPENSIVE', `The operation costs ${cost}; ${limit} are allowed.`, { cost, limit });
  }

  #check(query: string): CheckedDocument {
    const known = this.#documents.get(query);
    if (known) return known;
    const checked = this.#parseAndValidate(query);
    this.#documents.set(query, checked);
    return checked;
  }

  #parseAndValidate(query: string): CheckedDocument {
    const { limits, introspection } = this.#options;
    const refused = (errors: readonly GraphQLError[]) => ({
      document: NO_DOCUMENT,
      errors,
      operations: new Map<string, CheckedOperation>(),
    });
    let document: DocumentNode;
    try {
      document = parse(query, { maxTokens: limits.tokens, noLocation: false });
    } catch (error) {
      const isTooLong = TOO_MANY_TOKENS.test((error as Error).message);
      return refused([this.#describe(error as GraphQLError, isTooLong ? 'QUERY_TOO_LARGE' : 'GRAPHQL_PARSE_FAILED')]);
    }
    // Sizes first, alone: the other rules take long over a document that is too big.
    const tooBig = validate(this.#schema, document, [sizeLimits(limits), reservedNames], { maxErrors: MAX_ERRORS });
    if (tooBig.length > 0) return refused(tooBig);
    const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
    const invalid = validate(this.#schema, document, rules, { maxErrors: MAX_ERRORS });
    if (invalid.length > 0) return refused(invalid.map((error) => this.#describe(error, 'GRAPHQL_VALIDATION_FAILED')));
    const operations = new Map<string, CheckedOperation>();
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      const subscription =
        definition.operation === 'subscription' ? planSubscription(this.#schema, document, definition) : undefined;
      const costOf = this.#costRule(document, definition);
      operations.set(definition.name?.value ?? '', { document, definition, costOf, subscription });
    }
    return { document, errors: [], operations };
  }

  #select({ operations }: CheckedDocument, name: string | undefined): CheckedOperation | GraphQLError {
    if (name !== undefined && name !== '') {
      return (
        operations.get(name) ??
        new GraphQLError(`The document has no operation "${name}".`, { extensions: { code: 'BAD_USER_INPUT' } })
      );
    }
    const [only, ...others] = operations.values();
    if (only && others.length === 0) return only;
    const message = only
      ? 'The document has several operations; name one in "operationName".'
      : 'The document has no operation.';
    return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
  }

  /** Suggestions tell strangers the names of the schema, which is why they go with introspection. */
  #describe(error: GraphQLError, code: string): GraphQLError {
    const message = this.#options.introspection ? error.message : error.message.replace(/ ?Did you mean [^?]*\?/g, '');
    return new GraphQLError(message, {
      nodes: error.nodes,
      source: error.source,
      positions: error.positions,
      extensions: { code, ...error.extensions },
    });
  }
}

const NO_DOCUMENT: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] };

/** The same for documents that differ only in layout or comments. */
export function normalised(document: DocumentNode): string {
  return print(document);
}
