import { buildSchema, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { Operations, type OperationRequest, type PreparedOperation } from './operations.js';

const schema = buildSchema(/* GraphQL */ `
  scalar Cursor
  interface Event {
    cursor: Cursor!
  }
  type Said implements Event {
    cursor: Cursor!
    text: String
    more: Said
  }
  type Left {
    cursor: Cursor!
  }
  union Either = Said | Left
  type Query {
    a: Int
    said: Said
  }
  type Subscription {
    events(after: Cursor, queue: String): Event!
    either(after: Cursor): Either
    required(after: Cursor!): Event!
    uncounted(after: Cursor): Int
    ticks: Int
  }
`);

const limits = { depth: 4, aliases: 3, directives: 3, fields: 12, tokens: 200, cost: 1_000 };
const operations = new Operations(schema, { introspection: false, limits });

function prepared(request: string | OperationRequest): PreparedOperation {
  const result = operations.prepare(typeof request === 'string' ? { query: request } : request);
  if ('errors' in result) throw result.errors[0]!;
  return result.operation;
}

function codes(query: string): unknown[] {
  const result = operations.prepare({ query });
  return 'errors' in result ? result.errors.map((error) => error.extensions.code) : [];
}

describe('Limits', () => {
  it.each([
    [
      'fields within fields',
      '{ said { more { more { text } } } }',
      '{ said { more { more { more { text } } } } }',
      'QUERY_TOO_DEEP',
    ],
    [
      'depth through fragments',
      '{ said { ...S } } fragment S on Said { more { more { text } } }',
      '{ said { more { ...S } } } fragment S on Said { more { more { text } } }',
      'QUERY_TOO_DEEP',
    ],
    ['aliases', '{ x: a y: a z: a }', '{ w: a x: a y: a z: a }', 'TOO_MANY_ALIASES'],
    [
      'aliases of a fragment wherever it is spread',
      '{ said { ...S } } fragment S on Said { x: text y: text }',
      '{ said { ...S more { ...S } } } fragment S on Said { x: text y: text }',
      'TOO_MANY_ALIASES',
    ],
    [
      'directives',
      '{ a @skip(if: false) @include(if: true) }',
      '{ ...F @include(if: true) ...F @include(if: true) } fragment F on Query { a @skip(if: false) }',
      'TOO_MANY_DIRECTIVES',
    ],
    [
      'aliases of what needs no schema',
      '{ x: __typename y: __typename z: __typename }',
      '{ w: __typename x: __typename y: __typename z: __typename }',
      'TOO_MANY_ALIASES',
    ],
    ['fields', '{ a a a a a a a a a a a a }', '{ a a a a a a a a a a a a a }', 'QUERY_TOO_LARGE'],
    ['tokens', '{ a }', `{ a ${', '.repeat(10)} ${'a '.repeat(250)} }`, 'QUERY_TOO_LARGE'],
  ])('count %s', (_, fits, exceeds, code) => {
    expect(codes(fits)).toEqual([]);
    expect(codes(exceeds)).toEqual([code]);
  });

  it('measure fragments that multiply without following each', () => {
    const levels = Array.from(
      { length: 18 },
      (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`,
    ).join(' ');
    const result = new Operations(schema, { introspection: false, limits: { ...limits, tokens: 1_000 } }).prepare({
      query: `{ ...F0 } ${levels} fragment F18 on Query { a }`,
    });
    expect('errors' in result && result.errors[0]!.extensions.code).toBe('QUERY_TOO_LARGE');
  });

  it('count fragments too, so that no way to a field is long', () => {
    const chain = '{ ...A ...A ...A ...A } fragment A on Query { ...B } fragment B on Query { ... { a } }';
    expect(codes(chain.replace(' ...A', ''))).toEqual([]);
    expect(codes(chain)).toEqual(['QUERY_TOO_LARGE']);
  });
});

describe('A prepared operation', () => {
  it('keeps only the variables that it declares', () => {
    const { variables } = prepared({
      query: 'subscription ($queue: String) { events(queue: $queue) { cursor } }',
      variables: { queue: 'a', other: 1 },
    });
    expect(variables).toEqual({ queue: 'a' });
  });

  it('is found by its name', () => {
    expect(prepared({ query: 'query A { a } query B { said { text } }', operationName: 'B' }).operationName).toBe('B');
  });
});

describe('A subscription', () => {
  const planOf = (query: string) => prepared(query).subscription!;

  it('is resumable when its field takes `after` and its events have a cursor', () => {
    expect(planOf('subscription { events { cursor } }').isResumable).toBe(true);
    expect(planOf('subscription { either { ... on Left { cursor } } }').isResumable).toBe(true);
    expect(planOf('subscription { ticks }')).toMatchObject({ isResumable: false, isState: false });
    expect(planOf('subscription { uncounted }').isResumable).toBe(false);
    expect(planOf('subscription { required(after: "x") { cursor } }').isResumable).toBe(false);
  });

  it('has the same key however the cursor is passed, and another for other arguments', () => {
    const key = planOf('subscription { events { cursor } }').key;
    expect(planOf('subscription ($from: Cursor) { events(after: $from) { cursor } }').key).toBe(key);
    expect(planOf('subscription { events(after: "abc") { cursor } } # again').key).toBe(key);
    expect(planOf('subscription { events(queue: "x") { cursor } }').key).not.toBe(key);
    expect(planOf('subscription { events { cursor __typename } }').key).not.toBe(key);
  });

  it('finds the cursor in a variable, a default, or the document', () => {
    const after = (query: string, variables = {}) => planOf(query).after(variables);
    expect(after('subscription ($from: Cursor) { events(after: $from) { cursor } }', { from: 'abc' })).toBe('abc');
    expect(after('subscription ($from: Cursor = "def") { events(after: $from) { cursor } }')).toBe('def');
    expect(after('subscription { events(after: "ghi") { cursor } }')).toBe('ghi');
    expect(after('subscription { events(after: null) { cursor } }')).toBeNull();
    expect(after('subscription { events { cursor } }')).toBeUndefined();
  });

  it('goes on from the cursor of the gateway', () => {
    const plan = planOf(
      'subscription ($from: Cursor, $queue: String) { events(after: $from, queue: $queue) { cursor } }',
    );
    expect(plan.variablesFor({ from: 'theirs', queue: 'q' }, 'ours')).toEqual({ queue: 'q', _fensterAfter: 'ours' });
    expect(plan.variablesFor({ from: 'theirs', queue: 'q' }, undefined)).toEqual({ queue: 'q' });
  });

  it('keeps a variable that is used elsewhere too', () => {
    const plan = planOf('subscription ($x: String) { events(queue: $x) { cursor } }');
    expect(plan.sharedVariables({ x: '1' })).toEqual({ x: '1' });
  });

  it('asks the subgraph for cursor and type beside what the client asked', () => {
    const plan = planOf('subscription { events { ... on Said { text } } }');
    expect(print(plan.document)).not.toContain('_fensterCursor');
    expect(print(plan.sourceDocument).replaceAll(/\s+/g, ' ')).toBe(
      'subscription ($_fensterAfter: Cursor) { events(after: $_fensterAfter) { ... on Said { text } _fensterType: __typename _fensterCursor: cursor } }',
    );
  });

  it('asks each member of a union for its cursor', () => {
    expect(print(planOf('subscription { either { __typename } }').sourceDocument).replaceAll(/\s+/g, ' ')).toContain(
      '_fensterType: __typename ... on Said { _fensterCursor: cursor } ... on Left { _fensterCursor: cursor }',
    );
  });

  it('works through fragments, in pieces, and beside other operations', () => {
    const plan = planOf('subscription { ...F } fragment F on Subscription { events(after: "x") { cursor } }');
    expect(print(plan.document)).toContain('events(after: $_fensterAfter)');
    const pieces = planOf('subscription { events(after: "x") { cursor } events(after: "x") { __typename } }');
    expect(print(pieces.document).match(/after: \$_fensterAfter/g)).toHaveLength(2);
    const both = prepared({
      query: 'query Q { ...G } subscription S { events { cursor } } fragment G on Query { a }',
      operationName: 'S',
    });
    expect(print(both.subscription!.document)).not.toContain('query Q');
    expect(print(both.subscription!.document)).not.toContain('fragment G');
  });
});
