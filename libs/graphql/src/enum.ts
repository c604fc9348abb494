import { registerEnumType } from 'type-graphql';

type EnumOf<T extends string> = { [Word in T as Uppercase<Word>]: Word };

/** The GraphQL enum of a list of words; each stands for itself, in capitals as GraphQL writes it. */
export function enumOf<const T extends string>(
  values: readonly T[],
  options: { name: string; description?: string },
): EnumOf<T> {
  const type = Object.fromEntries(values.map((value) => [value.toUpperCase(), value])) as EnumOf<T>;
  registerEnumType(type, options);
  return type;
}
