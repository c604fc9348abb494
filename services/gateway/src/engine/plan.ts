import {
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  parse,
  print,
  typeFromAST,
  visit,
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
} from 'graphql';
import { RESERVED_PREFIX } from '../operation/reserved-names.js';
import { AUDIENCE_ALIAS, TYPE_ALIAS } from '../operation/subscription-plan.js';
import type { SupergraphMap } from './supergraph-map.js';

const KEY_ALIAS = `${RESERVED_PREFIX}Key_`;

/** One response key, of values of one type only if it is said within a fragment. */
export interface Step {
  readonly type: string | undefined;
  readonly key: string;
}

/** Fields of one subgraph for the objects in one place of an event. */
export interface Enrichment {
  /** From the result's root to the objects that get the fields; lists on the way are entered. */
  readonly path: readonly Step[];
  readonly type: string;
  /** The key field, and the response key under which the event carries it. */
  readonly key: string;
  readonly keyAlias: string;
  /** Response keys of the fields, for when there is nobody to answer them. */
  readonly responseKeys: readonly string[];
}

/** All that is asked of one subgraph for a batch of events, in one call. */
export interface EnrichmentCall {
  readonly subgraph: string;
  /** Answers enrichment `n` under {@link answerKey}, given its references as the variable {@link referencesVariable}. */
  readonly query: string;
  readonly variables: readonly string[];
  readonly enrichments: readonly Enrichment[];
}

/** Root fields of one subgraph, and with them the references that others are then asked about. */
export interface RootCall {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: readonly string[];
  /** Under which the fields stand in its answer and in the result. */
  readonly responseKeys: readonly string[];
}

interface Plan {
  readonly calls: readonly EnrichmentCall[];
  /** What results are made of: the client's document without arguments, which have had their effect by then. */
  readonly completion: DocumentNode;
}

/**
 * How the events of one subscription document are completed with fields of other subgraphs. Worked out once: planning
 * each event anew, as a general engine does, costs most of what a gateway can do.
 */
export interface EventPlan extends Plan {
  readonly root: RootCall;
  /** Whether the subgraph is asked for the events of all who have the caller's rights, with each one's audience. */
  readonly tellsAudience: boolean;
}

/** The same for a query or mutation: all roots are asked at the same time, and then all calls. */
export interface RequestPlan extends Plan {
  readonly roots: readonly RootCall[];
}

export const answerKey = (index: number) => `_${index}`;
export const referencesVariable = (index: number) => `${RESERVED_PREFIX}References${index}`;

/** By which a subgraph is asked for the events of all who have the same rights, and says who may see each. Clients know neither. */
const SHARED_ARGUMENT = 'shared';
const AUDIENCE_FIELD = 'audience';
/** Marks a field of which everybody is given an answer of their own. Clients do not know it. */
const OWN_ARGUMENT = 'own';

class Unplannable extends Error {}

interface Wanted extends Pick<Enrichment, 'path' | 'type' | 'key'> {
  graph: string;
  selections: FieldNode[];
}

/** Where in the result a selection set is. */
interface Place {
  /** Undefined behind another subgraph, where nothing may be wanted from a third. */
  readonly path: readonly Step[] | undefined;
  /** Whether it is for one type among several. */
  readonly isNarrowed: boolean;
}

const AT_ROOT: Place = { path: [], isNarrowed: false };
const BEHIND: Place = { path: undefined, isNarrowed: false };

/**
 * Undefined for what this does not cover: directives, `@requires`, keys of several fields, fields of a third subgraph
 * behind a second one. The general engine answers those. Both documents must be valid and of one subscription;
 * `sourceDocument` selects what `document` does, and perhaps more of the event itself.
 */
export function planEvents(
  schema: GraphQLSchema,
  map: SupergraphMap,
  document: DocumentNode,
  sourceDocument: DocumentNode,
): EventPlan | undefined {
  return ifPlannable(() => {
    const operation = sourceDocument.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION)!;
    // Errors would tell places in the document of whoever happened to subscribe first.
    const completion = parse(print(withoutArguments(document)), { noLocation: true });
    return { ...new Planner(schema, map, sourceDocument, operation).planEvents(), completion };
  });
}

/**
 * Undefined also for introspection, and for a mutation whose fields are of several subgraphs: those come one after another.
 * `document` must be valid; `operation` is one of it.
 */
export function planRequest(
  schema: GraphQLSchema,
  map: SupergraphMap,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): RequestPlan | undefined {
  return ifPlannable(() => ({
    ...new Planner(schema, map, document, operation).planRequest(),
    completion: withoutArguments({
      ...document,
      definitions: document.definitions.filter((each) => each.kind !== Kind.OPERATION_DEFINITION || each === operation),
    }),
  }));
}

function ifPlannable<T>(plan: () => T): T | undefined {
  try {
    return plan();
  } catch (error) {
    if (error instanceof Unplannable) return undefined;
    throw error;
  }
}

class Planner {
  readonly #schema: GraphQLSchema;
  readonly #map: SupergraphMap;
  readonly #document: DocumentNode;
  readonly #operation: OperationDefinitionNode;
  readonly #wanted = new Map<string, Wanted>();
  #isPersonal = false;

  constructor(schema: GraphQLSchema, map: SupergraphMap, document: DocumentNode, operation: OperationDefinitionNode) {
    this.#schema = schema;
    this.#map = map;
    this.#document = document;
    this.#operation = operation;
  }

  planEvents(): Omit<EventPlan, 'completion'> {
    const root = this.#schema.getSubscriptionType()!;
    const [field] = this.#inline(this.#operation.selectionSet);
    if (field?.kind !== Kind.FIELD) throw new Unplannable();
    const [graph] = this.#map.answering(root.name, field.name.value);
    if (graph === undefined) throw new Unplannable();
    const own = this.#local(this.#operation.selectionSet, root, graph, AT_ROOT);
    const tellsAudience = !this.#isPersonal && this.#canTellAudience(root, field, graph);
    return {
      root: this.#root(graph, tellsAudience ? askingForAudience(own) : own),
      tellsAudience,
      calls: this.#calls(),
    };
  }

  planRequest(): Omit<RequestPlan, 'completion'> {
    const root = this.#schema.getRootType(this.#operation.operation)!;
    const byGraph = new Map<string, FieldNode[]>();
    for (const field of this.#rootFields(this.#operation.selectionSet, root)) {
      const name = field.name.value;
      // Whoever completes the result knows it.
      if (name === '__typename') continue;
      const answering = this.#map.answering(root.name, name);
      const graph = answering.find((each) => byGraph.has(each)) ?? answering[0];
      if (graph === undefined) throw new Unplannable();
      byGraph.set(graph, [...(byGraph.get(graph) ?? []), field]);
    }
    if (this.#operation.operation === 'mutation' && byGraph.size > 1) throw new Unplannable();
    const roots = [...byGraph].map(([graph, selections]) =>
      this.#root(graph, this.#local({ kind: Kind.SELECTION_SET, selections }, root, graph, AT_ROOT)),
    );
    return { roots, calls: this.#calls() };
  }

  #rootFields(set: SelectionSetNode, root: GraphQLObjectType): FieldNode[] {
    return this.#inline(set).flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection];
      return this.#rootFields(selection.selectionSet, root);
    });
  }

  #root(graph: string, selectionSet: SelectionSetNode): RootCall {
    const { directives: _, ...operation } = this.#operation;
    const variableDefinitions = this.#declarationsFor(selectionSet);
    return {
      subgraph: this.#map.graphs.get(graph)!,
      query: print({ ...operation, variableDefinitions, selectionSet }),
      variables: variableDefinitions.map(({ variable }) => variable.name.value),
      responseKeys: responseKeys(selectionSet.selections.filter((each) => each.kind === Kind.FIELD)),
    };
  }

  #calls(): EnrichmentCall[] {
    return [...new Set([...this.#wanted.values()].map(({ graph }) => graph))].map((graph) => this.#call(graph));
  }

  #canTellAudience(root: GraphQLObjectType, field: FieldNode, graph: string): boolean {
    const event = getNamedType(root.getFields()[field.name.value]!.type).name;
    const hasArgument = this.#map.argumentsOf(root.name, field.name.value).includes(SHARED_ARGUMENT);
    return hasArgument && this.#map.answering(event, AUDIENCE_FIELD).includes(graph);
  }

  /** What `graph` is asked for; the rest is noted as wanted from others. */
  #local(set: SelectionSetNode, parent: GraphQLCompositeType, graph: string, place: Place): SelectionSetNode {
    const selections: SelectionNode[] = [];
    // What a value of an abstract type is must be known here, under a name that no client can use for something else.
    if (isAbstractType(parent)) selections.push(aliased(TYPE_ALIAS, '__typename'));
    const remote = new Map<string, FieldNode[]>();
    for (const selection of this.#inline(set)) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        selections.push(this.#localFragment(selection, parent, graph, place));
        continue;
      }
      const name = selection.name.value;
      const answering = name === '__typename' ? [graph] : this.#map.answering(parent.name, name);
      if (answering.includes(graph)) {
        selections.push(this.#field(selection, parent, graph, place));
        continue;
      }
      const other = answering.find((each) => this.#referenceKey(parent, graph, each) !== undefined);
      if (other === undefined || !isObjectType(parent)) throw new Unplannable();
      remote.set(other, [...(remote.get(other) ?? []), selection]);
    }
    for (const [other, fields] of remote) {
      const key = this.#referenceKey(parent, graph, other)!;
      selections.push(aliased(`${KEY_ALIAS}${key}`, key), aliased(TYPE_ALIAS, '__typename'));
      this.#want(
        parent.name,
        key,
        other,
        place,
        fields.map((field) => this.#field(field, parent, other, BEHIND)),
      );
    }
    return { kind: Kind.SELECTION_SET, selections };
  }

  #localFragment(
    fragment: InlineFragmentNode,
    parent: GraphQLCompositeType,
    graph: string,
    place: Place,
  ): InlineFragmentNode {
    const type = fragment.typeCondition ? typeFromAST(this.#schema, fragment.typeCondition) : parent;
    if (type !== parent && !(isObjectType(type) && this.#map.knows(graph, type.name))) throw new Unplannable();
    const inside = { ...place, isNarrowed: place.isNarrowed || type !== parent };
    return { ...fragment, selectionSet: this.#local(fragment.selectionSet, type, graph, inside) };
  }

  #field(field: FieldNode, parent: GraphQLCompositeType, graph: string, { path, isNarrowed }: Place): FieldNode {
    if (this.#map.argumentsOf(parent.name, field.name.value).includes(OWN_ARGUMENT)) this.#isPersonal = true;
    if (!field.selectionSet) return field;
    const type = getNamedType(fieldsOf(parent)[field.name.value]!.type) as GraphQLCompositeType;
    if (!this.#map.knows(graph, type.name)) throw new Unplannable();
    const step = { type: isNarrowed ? parent.name : undefined, key: responseKey(field) };
    const inside = { path: path && [...path, step], isNarrowed: false };
    return { ...field, selectionSet: this.#local(field.selectionSet, type, graph, inside) };
  }

  #want(type: string, key: string, graph: string, { path }: Place, selections: readonly FieldNode[]): void {
    if (!path) throw new Unplannable();
    const place = JSON.stringify([graph, type, path]);
    const wanted = this.#wanted.get(place);
    if (wanted) wanted.selections.push(...selections);
    else this.#wanted.set(place, { path, type, key, graph, selections: [...selections] });
  }

  /** A field that `from` answers and of which alone `to` makes the object again. */
  #referenceKey(parent: GraphQLCompositeType, from: string, to: string): string | undefined {
    return this.#map.references(to, parent.name).find((key) => this.#map.answering(parent.name, key).includes(from));
  }

  /** Selections with named fragments in place of their spreads. */
  #inline(set: SelectionSetNode): (FieldNode | InlineFragmentNode)[] {
    return set.selections.map((selection) => {
      if (selection.directives?.length) throw new Unplannable();
      if (selection.kind !== Kind.FRAGMENT_SPREAD) return selection;
      const fragment = this.#document.definitions.find(
        (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
      );
      if (fragment?.kind !== Kind.FRAGMENT_DEFINITION || fragment.directives?.length) throw new Unplannable();
      const { typeCondition, selectionSet } = fragment;
      return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet };
    });
  }

  #call(graph: string): EnrichmentCall {
    const wanted = [...this.#wanted.values()].filter((each) => each.graph === graph);
    const selectionSet: SelectionSetNode = {
      kind: Kind.SELECTION_SET,
      selections: wanted.map(({ type, selections }, index) => entities(index, type, selections)),
    };
    const declared = this.#declarationsFor(selectionSet);
    const references = wanted.map((_, index) => `$${referencesVariable(index)}: [_Any!]!`);
    const head = [...references, ...declared.map((definition) => print(definition))].join(', ');
    return {
      subgraph: this.#map.graphs.get(graph)!,
      query: `query (${head}) ${print(selectionSet)}`,
      variables: declared.map(({ variable }) => variable.name.value),
      enrichments: wanted.map(({ path, type, key, selections }) => ({
        path,
        type,
        key,
        keyAlias: `${KEY_ALIAS}${key}`,
        responseKeys: responseKeys(selections),
      })),
    };
  }

  /** The client's declarations of the variables that are used there. */
  #declarationsFor(set: SelectionSetNode): VariableDefinitionNode[] {
    const used = new Set<string>();
    visit(set, { Variable: ({ name }) => void used.add(name.value) });
    return (this.#operation.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value));
  }
}

function askingForAudience({ selections }: SelectionSetNode): SelectionSetNode {
  const shared: ArgumentNode = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: SHARED_ARGUMENT },
    value: { kind: Kind.BOOLEAN, value: true },
  };
  return {
    kind: Kind.SELECTION_SET,
    // A subscription has one root field, though it may be written in several pieces.
    selections: selections.map((selection) => {
      if (selection.kind !== Kind.FIELD) throw new Unplannable();
      const inside = [aliased(AUDIENCE_ALIAS, AUDIENCE_FIELD), ...selection.selectionSet!.selections];
      return {
        ...selection,
        arguments: [...(selection.arguments ?? []), shared],
        selectionSet: { kind: Kind.SELECTION_SET, selections: inside },
      };
    }),
  };
}

function withoutArguments(document: DocumentNode): DocumentNode {
  return visit(document, { VariableDefinition: () => null, Argument: () => null });
}

function fieldsOf(type: GraphQLCompositeType): Record<string, { type: Parameters<typeof getNamedType>[0] }> {
  if (!('getFields' in type)) throw new Unplannable();
  return type.getFields();
}

function responseKey(field: FieldNode): string {
  return field.alias?.value ?? field.name.value;
}

function responseKeys(fields: readonly FieldNode[]): string[] {
  return [...new Set(fields.map(responseKey))];
}

function aliased(alias: string, name: string): FieldNode {
  return { kind: Kind.FIELD, alias: { kind: Kind.NAME, value: alias }, name: { kind: Kind.NAME, value: name } };
}

function entities(index: number, type: string, selections: readonly SelectionNode[]): FieldNode {
  return {
    ...aliased(answerKey(index), '_entities'),
    arguments: [
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: 'representations' },
        value: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: referencesVariable(index) } },
      },
    ],
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: [
        {
          kind: Kind.INLINE_FRAGMENT,
          typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type } },
          selectionSet: { kind: Kind.SELECTION_SET, selections },
        },
      ],
    },
  };
}
