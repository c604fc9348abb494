import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

export interface SizeLimits {
  /** Fields within fields. */
  depth: number;
  /** Aliased fields, each spread of a fragment counted. */
  aliases: number;
  /** Directives, each spread of a fragment counted. */
  directives: number;
  /** Fields and fragments, each spread of a fragment counted with all that it has. */
  fields: number;
  /** Lexical tokens of a document, checked while it is parsed. */
  tokens: number;
}

interface Size {
  depth: number;
  aliases: number;
  directives: number;
  fields: number;
}

/** Refuses operations that are too big. What counts is what would be executed, so fragments count wherever they are spread. */
export function sizeLimits(limits: SizeLimits): ValidationRule {
  return (context: ValidationContext): ASTVisitor => ({
    OperationDefinition(operation) {
      const size = measure(context.getDocument(), operation);
      const refuse = (code: string, message: string) =>
        context.reportError(new GraphQLError(message, { nodes: operation, extensions: { code } }));
      if (size.depth > limits.depth)
        refuse('QUERY_TOO_DEEP', `The operation is ${size.depth} levels deep; ${limits.depth} are allowed.`);
      if (size.aliases > limits.aliases)
        refuse('TOO_MANY_ALIASES', `The operation has ${size.aliases} aliases; ${limits.aliases} are allowed.`);
      if (size.directives > limits.directives) {
        refuse(
          'TOO_MANY_DIRECTIVES',
          `The operation has ${size.directives} directives; ${limits.directives} are allowed.`,
        );
      }
      if (size.fields > limits.fields)
        refuse(
          'QUERY_TOO_LARGE',
          `The operation has ${size.fields} fields and fragments; ${limits.fields} are allowed.`,
        );
    },
  });
}

/** Introspection is exempt: it is switched on or off as a whole, and graphql-js limits its depth. */
const INTROSPECTION_FIELDS: ReadonlySet<string> = new Set(['__schema', '__type']);

function measure(document: DocumentNode, operation: OperationDefinitionNode): Size {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, Size>();

  const ofFragment = (name: string): Size => {
    const known = measured.get(name);
    if (known) return known;
    const fragment = fragments.get(name);
    const none = { depth: 0, aliases: 0, directives: 0, fields: 0 };
    // Stands in for the fragment inside itself; a cycle is another rule's error.
    measured.set(name, none);
    const size = fragment ? ofSelections(fragment.selectionSet) : none;
    measured.set(name, size);
    return size;
  };

  const ofSelections = ({ selections }: SelectionSetNode): Size => {
    const total = { depth: 0, aliases: 0, directives: 0, fields: 0 };
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD && INTROSPECTION_FIELDS.has(selection.name.value)) continue;
      const isField = selection.kind === Kind.FIELD;
      let inner: Size | undefined;
      if (selection.kind === Kind.FRAGMENT_SPREAD) inner = ofFragment(selection.name.value);
      else if (selection.selectionSet) inner = ofSelections(selection.selectionSet);
      total.depth = Math.max(total.depth, (inner?.depth ?? 0) + (isField ? 1 : 0));
      total.aliases += (inner?.aliases ?? 0) + (isField && selection.alias ? 1 : 0);
      total.directives += (inner?.directives ?? 0) + (selection.directives?.length ?? 0);
      total.fields += (inner?.fields ?? 0) + 1;
    }
    return total;
  };

  const size = ofSelections(operation.selectionSet);
  return { ...size, directives: size.directives + (operation.directives?.length ?? 0) };
}
