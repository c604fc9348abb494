import {
  astFromValue,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  print,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

const MAX_DEPTH = 7;

/** All that there is to select of a type: everything, but no type within itself. */
export function selectionOf(schema: GraphQLSchema, type: GraphQLNamedType, within: readonly string[] = []): string {
  if (!isCompositeType(type)) return '';
  if (isAbstractType(type)) {
    const members = schema
      .getPossibleTypes(type)
      .map((each) => `... on ${each.name} ${selectionOf(schema, each, within)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  const path = [...within, type.name];
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const result = getNamedType(field.type);
    if (field.args.some(isRequiredArgument))
      throw new Error(`${type.name}.${field.name} needs arguments: give them one here.`);
    if (!isCompositeType(result)) return [field.name];
    if (!path.includes(result.name) && path.length < MAX_DEPTH)
      return [`${field.name} ${selectionOf(schema, result, path)}`];
    const hasId = !isAbstractType(result) && 'id' in result.getFields();
    return [`${field.name} { ${hasId ? 'id' : '__typename'} }`];
  });
  return `{ ${['__typename', ...fields.filter((name) => name !== '__typename')].join(' ')} }`;
}

export type RootKind = 'query' | 'mutation' | 'subscription';
export interface RootField {
  kind: RootKind;
  /** `Query.conversation` */
  name: string;
  field: GraphQLField<unknown, unknown>;
}

export function rootFields(schema: GraphQLSchema): RootField[] {
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  return Object.entries(roots).flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {})
      .filter((field) => !field.name.startsWith('_'))
      .map((field) => ({ kind: kind as RootKind, name: `${type!.name}.${field.name}`, field })),
  );
}

export function operationOf(schema: GraphQLSchema, { kind, field }: RootField): string {
  const declared = field.args.map((argument) => declarationOf(argument)).join(', ');
  const handed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const args = handed && `(${handed})`;
  return `${kind} ${declared && `(${declared})`} { ${field.name}${args} ${selectionOf(schema, getNamedType(field.type))} }`;
}

function declarationOf({ name, type, defaultValue }: GraphQLArgument, index: number | '' = ''): string {
  const initial = defaultValue === undefined ? '' : ` = ${print(astFromValue(defaultValue, type)!)}`;
  return `$${name}${index}: ${String(type)}${initial}`;
}

/** The same field for several sets of variables at once; to be told apart as `p0`, `p1`, … */
export function batchOf(schema: GraphQLSchema, { kind, field }: RootField, count: number): string {
  const result = getNamedType(field.type);
  const indexes = Array.from({ length: count }, (_, index) => index);
  const declared = indexes.flatMap((index) => field.args.map((argument) => declarationOf(argument, index)));
  const fields = indexes.map((index) => {
    const args = field.args.map(({ name }) => `${name}: $${name}${index}`).join(', ');
    return `p${index}: ${field.name}(${args}) { ...all }`;
  });
  return `${kind} (${declared.join(', ')}) { ${fields.join(' ')} } fragment all on ${result.name} ${selectionOf(schema, result)}`;
}

/** Where ids of objects stand in the arguments of a field. */
export interface IdPosition {
  /** `id`, `input.conversationId` */
  name: string;
  put(variables: Record<string, unknown>, id: string): Record<string, unknown>;
}

/** A key that callers choose names no object. */
const NO_OBJECT = /idempotencyKey$/i;

export function idPositions(field: GraphQLField<unknown, unknown>): IdPosition[] {
  return field.args.flatMap((argument) => positionsIn(argument));
}

function positionsIn({ name, type }: Pick<GraphQLArgument, 'name'> & { type: GraphQLInputType }): IdPosition[] {
  if (NO_OBJECT.test(name)) return [];
  const bare = isNonNullType(type) ? type.ofType : type;
  const named = getNamedType(bare);
  if (isInputObjectType(named)) {
    return Object.values(named.getFields())
      .flatMap((field) => positionsIn(field))
      .map((inner) => ({
        name: `${name}.${inner.name}`,
        put: (variables, id) => ({
          ...variables,
          [name]: inner.put((variables[name] ?? {}) as Record<string, unknown>, id),
        }),
      }));
  }
  if (named.name !== 'ID') return [];
  return [{ name, put: (variables, id) => ({ ...variables, [name]: isListType(bare) ? [id] : id }) }];
}
