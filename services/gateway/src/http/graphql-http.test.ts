import type { FormattedExecutionResult } from 'graphql';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
let authorization: string;
beforeAll(async () => {
  gateway = await GatewayUnderTest.start({ ALLOWED_ORIGINS: 'https://inbox.example' });
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
        {
          message: 'Conversation not found.',
          path: ['refused'],
          locations: [{ line: 1, column: 3 }],
          extensions: { code: 'NOT_FOUND' },
        },
        {
          message: 'Internal error',
          path: ['broken'],
          extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: expect.any(String) },
        },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  it('says nothing of references to what nobody knows, but that they are null', async () => {
    gateway.contacts.unknown.add('contact-1');
    const { body } = await gateway.post(
      { query: '{ whoami conversation(id: "1") { ...Of } } fragment Of on Conversation { c: contact { id n: name } }' },
      { authorization },
    );
    gateway.contacts.unknown.clear();
    expect(body).toEqual({ data: { whoami: expect.any(String), conversation: null } });
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

describe('Pages', () => {
  it.each([
    ['a listed origin', 'https://inbox.example', 'https://inbox.example'],
    ['a foreign origin', 'https://evil.example', undefined],
  ])('of %s are told what they may', async (_, origin, allowed) => {
    const { statusCode, headers } = await request(gateway.url, { method: 'OPTIONS', headers: { origin } });
    expect({ statusCode, allowed: headers['access-control-allow-origin'] }).toEqual({ statusCode: 204, allowed });
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.each([
    ['a listed origin', { origin: 'https://inbox.example', 'sec-fetch-site': 'cross-site' }],
    ['our own host', { 'sec-fetch-site': 'same-origin' }],
    ['our own host behind a proxy that renames it', { origin: 'https://api.example', 'sec-fetch-site': 'same-origin' }],
    ['an address that somebody typed', { 'sec-fetch-site': 'none' }],
  ])('of %s are answered', async (_, headers) => {
    expect((await gateway.post({ query: '{ whoami }' }, headers)).status).toBe(200);
  });

  it('have no rights by their cookies', async () => {
    const token = authorization.slice('Bearer '.length);
    const cookie = `authorization=${authorization}; token=${token}; access_token=${token}`;
    expect((await gateway.post({ query: '{ whoami }' }, { cookie })).body).toEqual({ data: { whoami: 'nobody' } });
  });
});
