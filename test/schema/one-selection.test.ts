import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { operationOf, rootFields } from '../permissions/operations.js';

const SDL = readFileSync(new URL('../../schema/public.graphql', import.meta.url), 'utf8');
const schema = buildSchema(SDL, { assumeValid: true });

describe('one operation', () => {
  // Fields of the same name in members of a union have to be of one type, nullable or not: else a client needs an alias.
  it.each(rootFields(schema).map((root) => [root.name, root] as const))('can select everything of %s', (_, root) => {
    expect(validate(schema, parse(operationOf(schema, root))).map(({ message }) => message)).toEqual([]);
  });
});
