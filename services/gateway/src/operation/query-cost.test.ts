import { buildSchema, type GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { Operations } from './operations.js';
import { UNPAGED_LIST_SIZE } from './query-cost.js';

const schema = buildSchema(/* GraphQL */ `
  type Query {
    shop: Shop
    shops: [Shop!]!
    page(first: Int! = 50, after: String): Page!
    newest(last: Int): [Shop!]!
    anything: Anything
    first(first: String): Int
  }
  type Page {
    nodes: [Shop!]!
    nextPage: String
  }
  type Shop {
    id: ID!
    tags: [String!]!
    goods: [Good!]!
    page(first: Int! = 50): Page!
  }
  type Good {
    id: ID!
  }
  union Anything = Shop | Good
`);

const limits = { depth: 20, aliases: 20, directives: 20, fields: 1_000, tokens: 10_000 };
const introspection = false;
/** Refuses everything that costs anything, and so tells what it costs. */
const stingy = new Operations(schema, { introspection, limits: { ...limits, cost: 0 } });

function refusal(query: string, variables: Record<string, unknown> = {}): GraphQLError {
  const result = stingy.prepare({ query, variables });
  if (!('errors' in result)) throw new Error('It is not refused.');
  return result.errors[0]!;
}

const cost = (query: string, variables = {}) => refusal(query, variables).extensions.cost;
const code = (query: string, variables = {}) => refusal(query, variables).extensions.code;

describe('The cost of an operation', () => {
  it('is that of the default for whoever leaves a variable out, whatever others gave before', () => {
    const query = 'query ($first: Int) { page(first: $first) { nodes { id } } }';
    const operations = new Operations(schema, { introspection, limits: { ...limits, cost: 1_000 } });
    expect(operations.prepare({ query, variables: { first: null } })).toHaveProperty('errors');
    expect(operations.prepare({ query, variables: {} })).not.toHaveProperty('errors');
  });

  it.each([
    ['one for each field', '{ shop { id __typename } }', 3],
    ['as many as a page is long', '{ page(first: 10) { nodes { id } } }', 1 + 10 * 2],
    ['the default of a page', '{ page { nodes { id } } }', 1 + 50 * 2],
    [
      'pages within pages',
      '{ page(first: 10) { nodes { page(first: 5) { nodes { id } } } } }',
      1 + 10 * (1 + 1 + 5 * 2),
    ],
    ['pages that are lists', '{ newest(last: 3) { id } }', 1 + 3],
    ['a page of unknown length', '{ newest { id } }', 1 + UNPAGED_LIST_SIZE],
    ['a list without pages', '{ shops { id goods { id } } }', 1 + UNPAGED_LIST_SIZE * (1 + 1 + UNPAGED_LIST_SIZE)],
    ['a list of plain values', '{ shop { tags } }', 2],
    ['the dearest of types that exclude each other', '{ anything { ... on Shop { id tags } ... on Good { id } } }', 3],
    ['fragments, each time', '{ a: shop { ...S } b: shop { ...S } } fragment S on Shop { id tags }', 6],
    ['nothing that is left out', '{ shop { id tags @include(if: false) } }', 2],
  ])('counts %s', (_, query, expected) => {
    expect(cost(query)).toBe(expected);
  });

  it('depends on variables, their defaults, and what they switch off', () => {
    const query =
      'query ($n: Int! = 2, $more: Boolean = true) { page(first: $n) { nodes { id tags @include(if: $more) } } }';
    expect([{}, { n: 3 }, { n: 3, more: false }, { n: 2 }].map((variables) => cost(query, variables))).toEqual([
      7, 10, 7, 7,
    ]);
  });

  it('does not depend on other variables, however large', () => {
    const query = 'query ($after: String) { page(first: 2, after: $after) { nodes { id } } }';
    expect(['a', 'b'].map((after) => cost(query, { after }))).toEqual([5, 5]);
  });

  it('is that of the operation that runs', () => {
    const result = stingy.prepare({ query: 'query A { shop { id } } query B { shops { id } }', operationName: 'A' });
    expect(result).toMatchObject({ errors: [{ extensions: { cost: 2 } }] });
  });

  it('is told with the limit, and counts only beyond it', () => {
    expect(refusal('{ shop { id } }')).toMatchObject({
      message: 'The operation costs 2; 0 are allowed.',
      extensions: { code: 'QUERY_TOO_EXPENSIVE', cost: 2, limit: 0 },
    });
    const fair = new Operations(schema, { introspection, limits: { ...limits, cost: 2 } });
    expect(fair.prepare({ query: '{ shop { id } }' })).toHaveProperty('operation');
    expect(fair.prepare({ query: '{ shop { id tags } }' })).toHaveProperty('errors');
  });

  it('is nothing for introspection, which is allowed or not as a whole', () => {
    const open = new Operations(schema, { introspection: true, limits: { ...limits, cost: 0 } });
    expect(open.prepare({ query: '{ __schema { types { fields { name } } } }' })).toHaveProperty('operation');
  });
});

describe('A page', () => {
  it.each([100_000, 101, 0, -1])('of %d is refused with the words of the subgraphs, naming the field', (size) => {
    const expected = { message: 'must be between 1 and 100.', extensions: { code: 'INVALID_INPUT' } };
    expect(refusal(`{ page(first: ${size}) { nextPage } }`)).toMatchObject(expected);
    expect(refusal('query ($n: Int!) { page(first: $n) { nextPage } }', { n: size })).toMatchObject(expected);
    expect(refusal(`{ shop { page(first: ${size}) { nextPage } } }`).extensions.field).toBe('first');
    expect(refusal(`{ newest(last: ${size}) { id } }`).extensions.field).toBe('last');
  });

  it('may be of 1 to 100', () => {
    for (const size of [1, 100]) expect(code(`{ page(first: ${size}) { nextPage } }`)).toBe('QUERY_TOO_EXPENSIVE');
  });

  it('is asked by a number: other arguments of that name are none', () => {
    expect(cost('{ first(first: "x") }')).toBe(1);
  });
});
