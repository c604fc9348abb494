import { GraphQLScalarType, Kind } from 'graphql';

import { GraphQLISODateTime } from 'type-graphql';

export const DateTime = new GraphQLScalarType({
  ...GraphQLISODateTime.toConfig(),
  name: 'DateTime',
  description: 'A point in time in ISO 8601 with milliseconds and in UTC: 2026-11-21T12:00:00.000Z.',
});

/** Position in the event log of the workspace. Opaque: keep the last one you got and hand it back as `after`. */
export const Cursor = new GraphQLScalarType<string, string>({
  name: 'Cursor',
  description: 'A position in the events of your workspace. Opaque: keep the last one and hand it back as `after`.',
  serialize: String,
  parseValue: (value) => {
    if (typeof value !== 'string') throw new TypeError('A cursor is a string.');
    return value;
  },
  parseLiteral: (node) => {
    if (node.kind !== Kind.STRING) throw new TypeError('A cursor is a string.');
    return node.value;
  },
});

/** Integer micro-units of a currency: 45600 is 0.0456. May exceed 32 bits, so it is a number of its own kind. */
export const Micros = new GraphQLScalarType<number, number>({
  name: 'Micros',
  description: 'An amount in millionths of the currency unit, as an integer: 45600 is 0.0456.',
  serialize: (value) => {
    const amount = Number(value);
    if (!Number.isSafeInteger(amount)) throw new TypeError('Micros must be a safe integer.');
    return amount;
  },
});
