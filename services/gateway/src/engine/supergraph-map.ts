import {
  buildASTSchema,
  getDirectiveValues,
  Kind,
  type DirectiveNode,
  type DocumentNode,
  type GraphQLDirective,
  type GraphQLSchema,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
} from 'graphql';

interface JoinedField {
  readonly graph?: string;
  readonly external?: boolean;
  readonly requires?: string;
  readonly override?: string;
}

interface JoinedType {
  readonly graph: string;
  readonly key?: string;
  readonly resolvable: boolean;
  readonly isInterfaceObject: boolean;
}

/** Which subgraph answers what: the `join__` directives of a supergraph (specs.apollo.dev/join), as far as events need them. */
export interface SupergraphMap {
  /** The name of each subgraph by its name in the directives. */
  readonly graphs: ReadonlyMap<string, string>;
  /** Whether the subgraph knows the type. */
  knows(graph: string, type: string): boolean;
  /** The subgraphs that answer a field by themselves, with nothing but a reference to its parent. */
  answering(type: string, field: string): readonly string[];
  /** Names, those that clients cannot see among them. */
  argumentsOf(type: string, field: string): readonly string[];
  /** Whether some subgraph makes it again of a reference. */
  isEntity(type: string): boolean;
  /** Fields of which any one, alone, makes a reference that the subgraph resolves. Keys of several fields are left out. */
  references(graph: string, type: string): readonly string[];
}

export function readSupergraph(supergraph: DocumentNode): SupergraphMap {
  const schema = buildASTSchema(supergraph, { assumeValidSDL: true });
  const types = new Map<
    string,
    { joined: JoinedType[]; fields: Map<string, { joined: JoinedField[]; args: string[] }> }
  >();
  const graphs = new Map<string, string>();
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph') {
      for (const value of definition.values ?? []) {
        const { name } = valuesOf<{ name: string }>(schema, 'join__graph', value)[0]!;
        graphs.set(value.name.value, name);
      }
    } else if (hasFields(definition)) {
      types.set(definition.name.value, {
        joined: valuesOf<JoinedType>(schema, 'join__type', definition),
        fields: new Map(
          definition.fields?.map((field) => [
            field.name.value,
            {
              joined: valuesOf<JoinedField>(schema, 'join__field', field),
              args: (field.arguments ?? []).map(({ name }) => name.value),
            },
          ]),
        ),
      });
    }
  }
  return {
    graphs,
    knows: (graph, type) => {
      const known = types.get(type);
      return !known || known.joined.some((joined) => joined.graph === graph);
    },
    answering(type, field) {
      const { joined = [], fields } = types.get(type) ?? {};
      const everywhere = [...new Set(joined.map(({ graph }) => graph))];
      const entries = fields?.get(field)?.joined;
      if (!entries) return [];
      if (entries.length === 0) return everywhere;
      return entries.flatMap(({ graph, external, requires, override }) => {
        const isPlain = !external && requires === undefined && override === undefined;
        if (!isPlain) return [];
        return graph === undefined ? everywhere : [graph];
      });
    },
    argumentsOf: (type, field) => types.get(type)?.fields.get(field)?.args ?? [],
    isEntity: (type) => (types.get(type)?.joined ?? []).some(({ key, resolvable }) => key !== undefined && resolvable),
    references: (graph, type) =>
      (types.get(type)?.joined ?? []).flatMap((joined) =>
        joined.graph === graph && joined.resolvable && !joined.isInterfaceObject && /^\w+$/.test(joined.key ?? '')
          ? [joined.key!]
          : [],
      ),
  };
}

function hasFields(definition: { kind: Kind }): definition is ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION;
}

function valuesOf<T>(
  schema: GraphQLSchema,
  name: string,
  node: { readonly directives?: readonly DirectiveNode[] },
): T[] {
  const directive = schema.getDirective(name) as GraphQLDirective;
  return (node.directives ?? []).flatMap((each) => {
    if (each.name.value !== name) return [];
    return [getDirectiveValues(directive, { directives: [each] }) as T];
  });
}
