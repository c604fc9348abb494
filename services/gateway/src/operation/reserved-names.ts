import { GraphQLError, type ASTVisitor, type ValidationContext } from 'graphql';

/** Aliases and variables that begin like this are the gateway's own. */
export const RESERVED_PREFIX = '_fenster';

export function reservedNames(context: ValidationContext): ASTVisitor {
  return {
    Name(node) {
      if (!node.value.startsWith(RESERVED_PREFIX)) return;
      context.reportError(
        new GraphQLError(`Names that begin with "${RESERVED_PREFIX}" are reserved.`, {
          nodes: node,
          extensions: { code: 'BAD_USER_INPUT' },
        }),
      );
    },
  };
}
