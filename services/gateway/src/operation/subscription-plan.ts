import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isUnionType,
  Kind,
  parseType,
  print,
  visit,
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql';
import { RESERVED_PREFIX } from './reserved-names.js';

/** The argument and the field by which a subscription is resumed, and the variable and aliases under which the gateway uses them. */
const AFTER_ARGUMENT = 'after';
const CURSOR_FIELD = 'cursor';
/** Events of this type are all there is at their moment: each replaces the one before. */
const STATE_TYPE = 'CurrentState';
const AFTER_VARIABLE = `${RESERVED_PREFIX}After`;
export const CURSOR_ALIAS = `${RESERVED_PREFIX}Cursor`;
export const TYPE_ALIAS = `${RESERVED_PREFIX}Type`;
export const AUDIENCE_ALIAS = `${RESERVED_PREFIX}Audience`;

/**
 * How one subscription is executed for many. Its `after` argument is replaced by a variable of the gateway, so that clients with
 * different cursors share everything else, and the gateway can go on from wherever it is.
 */
export interface SubscriptionPlan {
  /** What the results are made from: the client's document, but for `after`. */
  readonly document: DocumentNode;
  /** What is asked of the subgraph: `document`, and each event's cursor and type under aliases of the gateway. */
  readonly sourceDocument: DocumentNode;
  /** The root field's name. */
  readonly field: string;
  /** Whether it can go on from a cursor: its root field takes `after` and its events have a `cursor`. */
  readonly isResumable: boolean;
  /** Whether each event is the whole state: who joins later needs the last one only, and a break loses nothing. */
  readonly isState: boolean;
  /** The same for documents that differ only in layout, comments, other operations, or in how they pass `after`. */
  readonly key: string;
  /** The client's variables as the gateway passes them on. */
  variablesFor(variables: Readonly<Record<string, unknown>>, after: string | undefined): Record<string, unknown>;
  /** The client's variables without the resume cursor. */
  sharedVariables(variables: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** The cursor that the client asks to go on from. */
  after(variables: Readonly<Record<string, unknown>>): unknown;
}

/** `document` must be valid. */
export function planSubscription(
  schema: GraphQLSchema,
  document: DocumentNode,
  definition: OperationDefinitionNode,
): SubscriptionPlan {
  const alone = only(document, definition);
  const roots = rootFields(alone);
  const root = roots[0]!;
  const field = schema.getSubscriptionType()!.getFields()[root.name.value]!;
  const type = resumableType(field);
  if (!type) {
    return {
      document: alone,
      field: root.name.value,
      sourceDocument: alone,
      isResumable: false,
      isState: isState(schema, field),
      key: print(alone),
      variablesFor: (variables) => ({ ...variables }),
      sharedVariables: (variables) => ({ ...variables }),
      after: () => undefined,
    };
  }
  const passed = root.arguments?.find(({ name }) => name.value === AFTER_ARGUMENT)?.value;
  const afterType = parseType(String(field.args.find(({ name }) => name === AFTER_ARGUMENT)!.type));
  const resumable = replaceAfter(alone, roots, afterType);
  const variable = passed?.kind === Kind.VARIABLE ? passed.name.value : undefined;
  const isVariableSpent = variable !== undefined && !declares(resumable, variable);
  const defaultValue = definition.variableDefinitions?.find(
    (declared) => declared.variable.name.value === variable,
  )?.defaultValue;
  const sharedVariables = (variables: Readonly<Record<string, unknown>>) => {
    const shared = { ...variables };
    if (isVariableSpent) delete shared[variable];
    return shared;
  };
  return {
    document: resumable,
    field: root.name.value,
    sourceDocument: addSelections(resumable, cursorAndType(schema, type)),
    isResumable: true,
    isState: false,
    key: print(resumable),
    sharedVariables,
    variablesFor: (variables, after) => ({
      ...sharedVariables(variables),
      ...(after === undefined ? {} : { [AFTER_VARIABLE]: after }),
    }),
    after(variables) {
      if (variable === undefined) return passed && valueFromASTUntyped(passed);
      return variables[variable] === undefined && defaultValue
        ? valueFromASTUntyped(defaultValue)
        : variables[variable];
    },
  };
}

/** The composite type of the events, if the field follows the convention. */
function resumableType(field: GraphQLField<unknown, unknown>): GraphQLNamedType | undefined {
  const after = field.args.find(({ name }) => name === AFTER_ARGUMENT);
  const type = getNamedType(field.type);
  if (!after || isNonNullType(after.type) || !isCompositeType(type)) return undefined;
  const members = isUnionType(type) ? type.getTypes() : [type];
  const allHaveCursor = members.every((member) => CURSOR_FIELD in member.getFields());
  return allHaveCursor ? type : undefined;
}

function isState(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): boolean {
  const type = getNamedType(field.type);
  const members = isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  return (
    members.length > 0 && members.every((member) => member.getInterfaces().some(({ name }) => name === STATE_TYPE))
  );
}

/** The operation with the fragments that it uses, without the document's other operations. */
function only(document: DocumentNode, definition: OperationDefinitionNode): DocumentNode {
  const used = new Set<string>();
  const collect = (node: OperationDefinitionNode | SelectionSetNode) => {
    visit(node, {
      FragmentSpread({ name }) {
        if (used.has(name.value)) return;
        used.add(name.value);
        const fragment = document.definitions.find(
          (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name.value,
        );
        if (fragment?.kind === Kind.FRAGMENT_DEFINITION) collect(fragment.selectionSet);
      },
    });
  };
  collect(definition);
  return {
    kind: Kind.DOCUMENT,
    definitions: document.definitions.filter(
      (each) => each === definition || (each.kind === Kind.FRAGMENT_DEFINITION && used.has(each.name.value)),
    ),
  };
}

/** A valid subscription has one root field, though it may be written in several pieces and inside fragments. */
function rootFields(document: DocumentNode): FieldNode[] {
  const within = ({ selections }: SelectionSetNode): FieldNode[] =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection];
      if (selection.kind === Kind.INLINE_FRAGMENT) return within(selection.selectionSet);
      const fragment = document.definitions.find(
        (each): each is FragmentDefinitionNode =>
          each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
      );
      return fragment ? within(fragment.selectionSet) : [];
    });
  return document.definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION ? within(each.selectionSet) : [],
  );
}

function replaceAfter(document: DocumentNode, roots: FieldNode[], afterType: TypeNode): DocumentNode {
  const argument: ArgumentNode = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: AFTER_ARGUMENT },
    value: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: AFTER_VARIABLE } },
  };
  const replaced = visit(document, {
    Field: (field) =>
      roots.includes(field)
        ? {
            ...field,
            arguments: [...(field.arguments ?? []).filter(({ name }) => name.value !== AFTER_ARGUMENT), argument],
          }
        : undefined,
  });
  const used = new Set<string>();
  visit(replaced, {
    VariableDefinition: () => false,
    Variable: ({ name }) => void used.add(name.value),
  });
  return visit(replaced, {
    OperationDefinition: (operation) => ({
      ...operation,
      variableDefinitions: [
        ...(operation.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value)),
        {
          kind: Kind.VARIABLE_DEFINITION,
          variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: AFTER_VARIABLE } },
          type: afterType,
        },
      ],
    }),
  });
}

function declares(document: DocumentNode, variable: string): boolean {
  return document.definitions.some(
    (each) =>
      each.kind === Kind.OPERATION_DEFINITION &&
      each.variableDefinitions?.some((declared) => declared.variable.name.value === variable),
  );
}

function cursorAndType(schema: GraphQLSchema, type: GraphQLNamedType): SelectionNode[] {
  const aliased = (alias: string, name: string): FieldNode => ({
    kind: Kind.FIELD,
    alias: { kind: Kind.NAME, value: alias },
    name: { kind: Kind.NAME, value: name },
  });
  const cursor = aliased(CURSOR_ALIAS, CURSOR_FIELD);
  if (isObjectType(type) || isInterfaceType(type)) return [aliased(TYPE_ALIAS, '__typename'), cursor];
  const perMember = (isUnionType(type) ? schema.getPossibleTypes(type) : []).map(({ name }): InlineFragmentNode => ({
    kind: Kind.INLINE_FRAGMENT,
    typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } },
    selectionSet: { kind: Kind.SELECTION_SET, selections: [cursor] },
  }));
  return [aliased(TYPE_ALIAS, '__typename'), ...perMember];
}

function addSelections(document: DocumentNode, added: SelectionNode[]): DocumentNode {
  const [root] = rootFields(document);
  return visit(document, {
    Field: (field) =>
      field === root
        ? {
            ...field,
            selectionSet: {
              kind: Kind.SELECTION_SET,
              selections: [...(field.selectionSet?.selections ?? []), ...added],
            },
          }
        : undefined,
  });
}
