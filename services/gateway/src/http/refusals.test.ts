import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

// The limits are the defaults: what somebody has who configures nothing.
let gateway: GatewayUnderTest;
let authorization: string;
beforeAll(async () => {
  gateway = await GatewayUnderTest.start({ ALLOWED_ORIGINS: 'https://inbox.example' });
  authorization = await gateway.identity.authorization();
});
afterAll(() => gateway.stop());

afterEach(() => {
  expect([gateway.inbox.requests, gateway.contacts.requests], 'requests to subgraphs').toEqual([0, 0]);
});

type Options = NonNullable<Parameters<typeof request>[1]>;

/** What is answered to whatever is sent: always one error at least. */
async function send(options: Options, query = '') {
  const { statusCode: status, headers, body } = await request(gateway.url + query, { method: 'POST', ...options });
  const answer = (await body.json()) as {
    data?: unknown;
    errors: { message: string; extensions: Record<string, unknown> }[];
  };
  const [first] = answer.errors;
  return {
    status,
    headers,
    answer,
    code: first!.extensions.code,
    message: first!.message,
    extensions: first!.extensions,
  };
}

const post = (body: unknown, headers: Record<string, string> = {}) =>
  send({
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      authorization,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const list = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');
const deep = (levels: number) => `${'{ conversation '.repeat(levels - 1)}{ id }${' }'.repeat(levels - 1)}`;

describe('A document', () => {
  it.each([
    ['12 levels deep', { query: deep(12) }, 'QUERY_TOO_DEEP', 'The operation is 12 levels deep; 10 are allowed.'],
    ['11 levels deep', { query: deep(11) }, 'QUERY_TOO_DEEP', 'The operation is 11 levels deep; 10 are allowed.'],
    ['100 levels deep', { query: deep(100) }, 'QUERY_TOO_DEEP', 'The operation is 100 levels deep; 10 are allowed.'],
    [
      'with 16 aliases',
      { query: `{ ${list(16, (index) => `a${index}: whoami`)} }` },
      'TOO_MANY_ALIASES',
      'The operation has 16 aliases; 15 are allowed.',
    ],
    [
      'with 600 aliases of what needs no schema',
      { query: `{ ${list(600, (index) => `a${index}: __typename`)} }` },
      'TOO_MANY_ALIASES',
      'The operation has 600 aliases; 15 are allowed.',
    ],
    [
      'with 1,000 aliases',
      { query: `{ ${list(1_000, (index) => `a${index}: whoami`)} }` },
      'QUERY_TOO_LARGE',
      /contains more that 2000 tokens/,
    ],
    [
      'of 10,000 tokens',
      { query: `{ ${'whoami '.repeat(10_000)} }` },
      'QUERY_TOO_LARGE',
      /contains more that 2000 tokens/,
    ],
    [
      'with 250 directives',
      { query: `{ whoami ${'@include(if: true) '.repeat(250)} }` },
      'TOO_MANY_DIRECTIVES',
      'The operation has 250 directives; 50 are allowed.',
    ],
    [
      'with 501 fields',
      { query: `{ ${'whoami '.repeat(501)} }` },
      'QUERY_TOO_LARGE',
      'The operation has 501 fields and fragments; 500 are allowed.',
    ],
    [
      'with a cycle of fragments',
      { query: '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }' },
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot spread fragment "A" within itself via "B".',
    ],
    [
      'with fragments that double 18 times',
      {
        query: `{ ...F0 } ${list(18, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)} fragment F18 on Query { whoami }`,
      },
      'QUERY_TOO_LARGE',
      'The operation has 786431 fields and fragments; 500 are allowed.',
    ],
    [
      'that asks for the schema',
      { query: '{ __schema { types { name } } }' },
      'GRAPHQL_VALIDATION_FAILED',
      /^GraphQL introspection has been disabled/,
    ],
    [
      'that guesses a field',
      { query: '{ whoam }' },
      'GRAPHQL_VALIDATION_FAILED',
      'Cannot query field "whoam" on type "Query".',
    ],
    [
      'that guesses an argument',
      { query: '{ conversation(idd: 1) { id } }' },
      'GRAPHQL_VALIDATION_FAILED',
      'Unknown argument "idd" on field "Query.conversation".',
    ],
    [
      'that guesses a type',
      { query: '{ ... on Conversatio { id } }' },
      'GRAPHQL_VALIDATION_FAILED',
      'Unknown type "Conversatio".',
    ],
    [
      'for a page of 100,000',
      { query: '{ conversations(first: 100000) { nodes { id } } }' },
      'INVALID_INPUT',
      'must be between 1 and 100.',
    ],
    [
      'for a page of 100,000 by variable',
      { query: 'query ($n: Int!) { conversations(first: $n) { nodes { id } } }', variables: { n: 100_000 } },
      'INVALID_INPUT',
      'must be between 1 and 100.',
    ],
    [
      'that costs too much',
      {
        query: `{ conversations(first: 100) { nodes { ${list(101, () => 'id')} } } }`,
      },
      'QUERY_TOO_EXPENSIVE',
      'The operation costs 10201; 10000 are allowed.',
    ],
    ['that is none', { query: '{' }, 'GRAPHQL_PARSE_FAILED', 'Syntax Error: Expected Name, found <EOF>.'],
    [
      'with a variable that does not fit',
      { query: 'query ($id: ID!) { conversation(id: $id) { id } }', variables: {} },
      'BAD_USER_INPUT',
      'Variable "$id" of required type "ID!" was not provided.',
    ],
    [
      'without the operation that is named',
      { query: 'query A { whoami }', operationName: 'B' },
      'BAD_USER_INPUT',
      'The document has no operation "B".',
    ],
    [
      'with several operations of which none is named',
      { query: 'query A { whoami } query B { whoami }' },
      'BAD_USER_INPUT',
      'The document has several operations; name one in "operationName".',
    ],
    [
      'with names of the gateway',
      { query: '{ _fensterType: whoami }' },
      'BAD_USER_INPUT',
      'Names that begin with "_fenster" are reserved.',
    ],
    [
      'that is a subscription',
      { query: 'subscription { typing { who } }' },
      'SUBSCRIPTION_NEEDS_WEBSOCKET',
      'Subscribe over WebSocket (graphql-transport-ws) at this URL.',
    ],
  ])('%s is refused', async (_, body, code, message) => {
    const refused = await post(body);
    expect(refused).toMatchObject({ status: 400, code });
    expect(refused.answer).not.toHaveProperty('data');
    expect(refused.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(refused.message).not.toMatch(/did you mean/i);
    expect(JSON.stringify(refused.answer)).not.toMatch(/stack|\.[jt]s:\d|node_modules/);
  });

  it('is told cost and limit, or the argument at fault', async () => {
    const dear = await post({ query: `{ conversations(first: 100) { nodes { ${'id '.repeat(101)} } } }` });
    expect(dear.extensions).toEqual({ code: 'QUERY_TOO_EXPENSIVE', cost: 10_201, limit: 10_000 });
    const long = await post({ query: '{ conversations(first: 0) { nodes { id } } }' });
    expect(long.extensions).toEqual({ code: 'INVALID_INPUT', field: 'first' });
  });
});

describe('A body', () => {
  it.each([
    ['a batch of 100', Array(100).fill({ query: '{ whoami }' }), 400, 'BATCHING_NOT_SUPPORTED'],
    ['an empty batch', [], 400, 'BATCHING_NOT_SUPPORTED'],
    ['no JSON', '{"query":', 400, 'BAD_REQUEST'],
    ['no object', '"{ whoami }"', 400, 'BAD_REQUEST'],
    ['without a query', {}, 400, 'BAD_REQUEST'],
    ['with variables that are none', { query: '{ whoami }', variables: [] }, 400, 'BAD_REQUEST'],
    ['of a megabyte', { query: '{ whoami }', padding: 'x'.repeat(1_000_000) }, 413, 'REQUEST_TOO_LARGE'],
  ])('%s is refused', async (_, body, status, code) => {
    expect(await post(body)).toMatchObject({ status, code });
  });

  it.each([
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/graphql',
    undefined,
  ])('of type %s is refused, because other sites can send it', async (type) => {
    const refused = await send({
      headers: { authorization, ...(type && { 'content-type': type }) },
      body: JSON.stringify({ query: 'mutation { say(text: "csrf") }' }),
    });
    expect(refused).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  });
});

describe('A request', () => {
  it('over GET runs no mutation', async () => {
    const query = `?query=${encodeURIComponent('mutation { say(text: "hi") }')}`;
    const refused = await send({ method: 'GET', headers: { authorization } }, query);
    expect(refused).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED', headers: { allow: 'POST' } });
  });

  it.each(['DELETE', 'PUT', 'PATCH'] as const)('by %s is refused', async (method) => {
    expect(await send({ method })).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
  });

  it('that accepts nothing we have is refused', async () => {
    expect(await post({ query: '{ whoami }' }, { accept: 'text/html' })).toMatchObject({
      status: 406,
      code: 'NOT_ACCEPTABLE',
    });
  });

  it.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['an origin that is hidden', { origin: 'null' }],
    ['a listed host by another scheme', { origin: 'http://inbox.example' }],
    ['a page of another site, whose browser names no origin', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another host of the site', { 'sec-fetch-site': 'same-site' }],
  ])('of %s is refused, by GET and POST', async (_, headers) => {
    for (const refused of [
      await post({ query: '{ whoami }' }, headers),
      await send({ method: 'GET', headers }, '?query={whoami}'),
    ]) {
      expect(refused).toMatchObject({ status: 403, code: 'FOREIGN_ORIGIN' });
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});
