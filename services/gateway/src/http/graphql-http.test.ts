import type { FormattedExecutionResult } from 'graphql';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
let authorization: string;
beforeAll(async () => {
  gateway = await GatewayUnderTest.start({ ALLOWED_ORIGINS: 'https://inbox.example', MAX_BODY_BYTES: '20000' });
  authorization = await gateway.identity.authorization();
});
afterAll(() => gateway.stop());

const codesOf = ({ body }: { body: FormattedExecutionResult }) => body.errors?.map((error) => error.extensions?.code);

describe('A query', () => {
  it('is answered from several services', async () => {
    expect(
      await gateway.post(
        { query: '{ conversation(id: "1") { id contact { name } } contactCount }' },
        { authorization },
      ),
    ).toEqual({
      status: 200,
      body: { data: { conversation: { id: '1', contact: { name: 'Name of contact-1' } }, contactCount: 3 } },
    });
  });

  it('carries the token to every service', async () => {
    const answer = await gateway.post(
      { query: '{ conversation(id: "1") { contact { seenWith } } }' },
      { authorization },
    );
    expect(answer.body.data).toEqual({ conversation: { contact: { seenWith: authorization } } });
  });

  it('carries the address of the client to every service, and not what the client says it is', async () => {
    const lie = { authorization, 'x-client-address': '203.0.113.9', 'x-forwarded-for': '203.0.113.9' };
    await gateway.post({ query: '{ contactCount }' }, lie);
    expect(gateway.contacts.headers['x-client-address']).toBe('127.0.0.1');
  });

  it('may go without a token to what subgraphs have made public', async () => {
    expect(await gateway.post({ query: '{ whoami }' })).toEqual({ status: 200, body: { data: { whoami: 'nobody' } } });
  });

  it.each(['Bearer nonsense', 'Basic YTpi', ''])('with the token "%s" is answered 401', async (wrong) => {
    const answer = await gateway.post({ query: '{ whoami }' }, { authorization: wrong });
    expect({ status: answer.status, codes: codesOf(answer) }).toEqual({ status: 401, codes: ['UNAUTHENTICATED'] });
  });

  it('shows expected errors of a subgraph with their code, and hides unexpected ones behind a correlation id', async () => {
    const { body } = await gateway.post({ query: '{ refused broken }' }, { authorization });
    expect(body).toEqual({
      data: { refused: null, broken: null },
      errors: [
        { message: 'Conversation not found.', path: ['refused'], extensions: { code: 'NOT_FOUND' } },
        {
          message: 'Internal error',
          path: ['broken'],
          extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: expect.any(String) },
        },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  it('says which service is away', async () => {
    await gateway.contacts.server.crash();
    const { status, body } = await gateway.post(
      { query: '{ whoami conversation(id: "1") { contact { id name } } }' },
      { authorization },
    );
    await gateway.contacts.server.start();
    expect(status).toBe(200);
    expect(body.errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'contacts' } }]);
    expect((await gateway.post({ query: '{ contactCount }' }, { authorization })).body).toEqual({
      data: { contactCount: 3 },
    });
  });
});

describe('What is refused before it runs', () => {
  const deep = (levels: number) =>
    `{ ${'conversation(id: "1") { contact { '.repeat(levels)} id ${'} }'.repeat(levels)} }`;
  it.each([
    ['a query that is too deep', { query: deep(7) }, 'QUERY_TOO_DEEP'],
    [
      'too many aliases',
      { query: `{ ${Array.from({ length: 100 }, (_, index) => `a${index}: whoami`).join(' ')} }` },
      'TOO_MANY_ALIASES',
    ],
    [
      'a thousand aliases',
      { query: `{ ${Array.from({ length: 1_000 }, (_, index) => `a${index}: whoami`).join(' ')} }` },
      'QUERY_TOO_LARGE',
    ],
    ['too many directives', { query: `{ whoami ${'@include(if: true) '.repeat(60)} }` }, 'TOO_MANY_DIRECTIVES'],
    ['too many tokens', { query: `{ ${'whoami '.repeat(2_500)} }` }, 'QUERY_TOO_LARGE'],
    ['introspection', { query: '{ __schema { types { name } } }' }, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a cycle of fragments',
      { query: '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }' },
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a syntax error', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', { query: '{ whoam }' }, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a variable that does not fit',
      { query: 'query ($id: ID!) { conversation(id: $id) { id } }', variables: {} },
      'BAD_USER_INPUT',
    ],
    ['an unknown operation name', { query: 'query A { whoami }', operationName: 'B' }, 'BAD_USER_INPUT'],
    ['several operations without a name', { query: 'query A { whoami } query B { whoami }' }, 'BAD_USER_INPUT'],
    ['reserved names', { query: '{ _fensterType: whoami }' }, 'BAD_USER_INPUT'],
  ])('%s: %s', async (_, body, code) => {
    const answer = await gateway.post(body, { authorization, accept: 'application/graphql-response+json' });
    expect(answer.status).toBe(400);
    expect(answer.body.data).toBeUndefined();
    expect(codesOf(answer)?.[0]).toBe(code);
  });

  it('suggests no names', async () => {
    const answer = await gateway.post({ query: '{ whoam conversation(idd: 1) { id } }' });
    expect(JSON.stringify(answer.body)).not.toMatch(/did you mean|whoami/i);
  });

  it('takes one operation per request', async () => {
    const answer = await gateway.post([{ query: '{ whoami }' }, { query: '{ whoami }' }]);
    expect({ status: answer.status, codes: codesOf(answer) }).toEqual({
      status: 400,
      codes: ['BATCHING_NOT_SUPPORTED'],
    });
  });

  it('takes no more than so many bytes', async () => {
    const answer = await gateway.post({ query: '{ whoami }', padding: 'x'.repeat(30_000) });
    expect({ status: answer.status, codes: codesOf(answer) }).toEqual({ status: 413, codes: ['REQUEST_TOO_LARGE'] });
  });

  it.each(['text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', undefined])(
    'takes no body of type %s, which other sites can send',
    async (type) => {
      const { statusCode, body } = await request(gateway.url, {
        method: 'POST',
        headers: type === undefined ? {} : { 'content-type': type },
        body: JSON.stringify({ query: 'mutation { say(text: "csrf") }' }),
      });
      expect(statusCode).toBe(415);
      expect(await body.json()).toMatchObject({ errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] });
      expect(gateway.inbox.position).toBe(0);
    },
  );

  it('runs no mutation over GET', async () => {
    const { statusCode, headers } = await request(
      `${gateway.url}?query=${encodeURIComponent('mutation { say(text: "hi") }')}`,
    );
    expect({ statusCode, allow: headers.allow }).toEqual({ statusCode: 405, allow: 'POST' });
    expect(gateway.inbox.position).toBe(0);
  });

  it('has subscriptions over WebSocket only', async () => {
    const answer = await gateway.post({ query: 'subscription { typing { who } }' }, { authorization });
    expect({ status: answer.status, codes: codesOf(answer) }).toEqual({
      status: 400,
      codes: ['SUBSCRIPTION_NEEDS_WEBSOCKET'],
    });
  });

  it.each(['DELETE', 'PUT', 'PATCH'] as const)('knows no %s', async (method) => {
    expect((await request(gateway.url, { method })).statusCode).toBe(405);
  });
});

describe('A page of another origin', () => {
  it.each([
    ['https://inbox.example', 'https://inbox.example'],
    ['https://evil.example', undefined],
  ])('from %s may read: %s', async (origin, allowed) => {
    const { statusCode, headers } = await request(gateway.url, { method: 'OPTIONS', headers: { origin } });
    expect({ statusCode, allowed: headers['access-control-allow-origin'] }).toEqual({ statusCode: 204, allowed });
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('Developer tools', () => {
  it('are off unless configured', async () => {
    const page = await request(gateway.url, { headers: { accept: 'text/html' } });
    const schema = await request(`${gateway.service.url}/schema.graphql`);
    expect([page.statusCode, schema.statusCode]).toEqual([406, 404]);
  });

  it('are a page that needs nothing from elsewhere, introspection, suggestions and the schema', async () => {
    const local = await GatewayUnderTest.start({ INTROSPECTION: 'true' });
    const { body, headers } = await request(local.url, { headers: { accept: 'text/html,application/xhtml+xml' } });
    const page = await body.text();
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)="?https?:/);
    expect(page).toMatch(/connectionParams:\w+\?\.headers/);
    expect((await local.post({ query: '{ __schema { queryType { name } } }' })).body.data).toEqual({
      __schema: { queryType: { name: 'Query' } },
    });
    expect((await local.post({ query: '{ whoam }' })).body.errors?.[0]?.message).toContain('Did you mean "whoami"');
    const schema = await (await request(`${local.service.url}/schema.graphql`)).body.text();
    expect(schema).toContain('inboxEvents(after: Cursor');
    expect(schema).not.toContain('join__');
    await local.stop();
  });
});
