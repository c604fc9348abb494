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

/** `npm run permissions` has everybody ask everything, and takes minutes; `npm test` does not (`matrix.ts`). */
export const IS_WHOLE = process.env['PERMISSION_MATRIX'] === 'whole';
/** From what is asked for to all that it names; otherwise that is asked for at other places. */
export const MAX_DEPTH = IS_WHOLE ? 7 : 4;
/** From an event to what it is about, and to what that names. Queries go on from there. */
export const EVENT_DEPTH = IS_WHOLE ? 3 : 2;
/** Enough to notice that there is an answer at all. */
export const SHALLOW = 2;

/** Selections that an operation names instead of repeating: by their text, as many events tell of the same things. */
class Fragments {
  readonly #names = new Map<string, string>();

  name(type: GraphQLNamedType, selection: string): string {
    const text = `on ${type.name} ${selection}`;
    const name = this.#names.get(text) ?? `f${this.#names.size}`;
    this.#names.set(text, name);
    return `{ ...${name} }`;
  }

  get definitions(): string {
    return [...this.#names].map(([text, name]) => `fragment ${name} ${text}`).join(' ');
  }
}

/** All that there is to select of a type: everything, but no type within itself. */
export function selectionOf(
  schema: GraphQLSchema,
  type: GraphQLNamedType,
  within: readonly string[] = [],
  fragments?: Fragments,
  depth = MAX_DEPTH,
): string {
  if (!isCompositeType(type)) return '';
  if (isAbstractType(type)) {
    const members = schema
      .getPossibleTypes(type)
      .map((each) => `... on ${each.name} ${selectionOf(schema, each, within, fragments, depth)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  const path = [...within, type.name];
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const result = getNamedType(field.type);
    if (field.args.some(isRequiredArgument))
      throw new Error(`${type.name}.${field.name} needs arguments: give them one here.`);
    if (!isCompositeType(result)) return [field.name];
    if (!path.includes(result.name) && path.length < depth) {
      const selection = selectionOf(schema, result, path, fragments, depth);
      return [`${field.name} ${fragments?.name(result, selection) ?? selection}`];
    }
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

export function operationOf(schema: GraphQLSchema, { kind, field }: RootField, depth = MAX_DEPTH): string {
  const declared = field.args.map((argument) => declarationOf(argument)).join(', ');
  const handed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const args = handed && `(${handed})`;
  const fragments = new Fragments();
  const selection = selectionOf(schema, getNamedType(field.type), [], fragments, depth);
  return `${kind} ${declared && `(${declared})`} { ${field.name}${args} ${selection} } ${fragments.definitions}`;
}

function declarationOf({ name, type, defaultValue }: GraphQLArgument, index: number | '' = ''): string {
  const initial = defaultValue === undefined ? '' : ` = ${print(astFromValue(defaultValue, type)!)}`;
  return `$${name}${index}: ${String(type)}${initial}`;
}

/** The same field for several sets of variables at once; to be told apart as `p0`, `p1`, … */
export function batchOf(schema: GraphQLSchema, { kind, field }: RootField, count: number, depth: number): string {
  const result = getNamedType(field.type);
  const fragments = new Fragments();
  const indexes = Array.from({ length: count }, (_, index) => index);
  const declared = indexes.flatMap((index) => field.args.map((argument) => declarationOf(argument, index)));
  const fields = indexes.map((index) => {
    const args = field.args.map(({ name }) => `${name}: $${name}${index}`).join(', ');
    return `p${index}: ${field.name}(${args}) { ...all }`;
  });
  return `${kind} (${declared.join(', ')}) { ${fields.join(' ')} } fragment all on ${result.name} ${selectionOf(schema, result, [], fragments, depth)} ${fragments.definitions}`;
}

/** Where ids of objects stand in the arguments of a field. */
export interface IdPosition {
  /** `id`, `input.conversationId` */
  name: string;
  put(variables: Record<string, unknown>, id: string): Record<string, unknown>;
  /** What stands there; of a list, the first. */
  get(variables: Record<string, unknown>): unknown;
}

/** A key that callers choose names no object. */
const NO_OBJECT = /idempotencyKey$/i;

export function idPositions(field: GraphQLField<unknown, unknown>): IdPosition[] {
  return field.args.flatMap((argument) => positionsIn(argument));
}

/** In no input within itself: what is checked in a filter is checked in the filters in it. */
function positionsIn(
  { name, type }: Pick<GraphQLArgument, 'name'> & { type: GraphQLInputType },
  within: readonly string[] = [],
): IdPosition[] {
  if (NO_OBJECT.test(name)) return [];
  const bare = isNonNullType(type) ? type.ofType : type;
  const named = getNamedType(bare);
  if (isInputObjectType(named)) {
    if (within.includes(named.name)) return [];
    return Object.values(named.getFields())
      .flatMap((field) => positionsIn(field, [...within, named.name]))
      .map((inner) => ({
        name: `${name}.${inner.name}`,
        put: (variables, id) => {
          // Of a list of inputs, the first one.
          const [given] = [variables[name] ?? {}].flat() as Record<string, unknown>[];
          const asked = inner.put(given!, id);
          return { ...variables, [name]: isListType(bare) ? [asked] : asked };
        },
        get: (variables) => inner.get(([variables[name] ?? {}].flat() as Record<string, unknown>[])[0] ?? {}),
      }));
  }
  if (named.name !== 'ID') return [];
  return [
    {
      name,
      put: (variables, id) => ({ ...variables, [name]: isListType(bare) ? [id] : id }),
      get: (variables) => [variables[name]].flat()[0],
    },
  ];
}
