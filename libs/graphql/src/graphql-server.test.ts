import { AuthenticationError, type Actor } from '@fenster/auth';
import { createHttpServer, createLogger, type HttpServer } from '@fenster/runtime';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from './context.js';
import { createGraphQLServer, type GraphQLServer } from './graphql-server.js';

const schema = buildSchema(`
  type Query { greet(name: String!): String broken: String }
  type Subscription { ticks: Int }
`);
const log = createLogger('test', 'silent');
let graphql: GraphQLServer;
let http: HttpServer;

beforeAll(async () => {
  schema.getQueryType()!.getFields()['greet']!.resolve = (_root, { name }: { name: string }, { actor }) =>
    `${(actor as Actor | undefined)?.id ?? 'nobody'} greets ${name}`;
  schema.getQueryType()!.getFields()['broken']!.resolve = () => {
    throw new Error('secret');
  };
  graphql = createGraphQLServer({
    schema,
    log,
    verifier: {
      verify: async (token) => {
        if (token !== 'a.b.c') throw new AuthenticationError();
        return { id: 'anna' } as Actor;
      },
    },
    createContext: (actor, correlationId) =>
      createContext(
        { app: {}, database: {} as never, now: () => new Date(), log, wakeRelay: () => {} },
        actor,
        correlationId,
      ),
  });
  http = createHttpServer({ host: '127.0.0.1', port: 0, log, routes: { 'POST /graphql': graphql.handler } });
  await http.start();
});
afterAll(async () => {
  await http.stop();
  await graphql.stop();
});

async function post(body: unknown, authorization?: string) {
  const response = await fetch(`${http.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

const GREET = 'query Greet($name: String!) { greet(name: $name) }';

describe('a subgraph over HTTP', () => {
  it('answers with the variables and the actor of each request, however often it has seen the document', async () => {
    const answer = (greet: string) => ({ status: 200, data: { greet } });
    expect(await post({ query: GREET, variables: { name: 'Bert' } })).toEqual(answer('nobody greets Bert'));
    expect(await post({ query: GREET, variables: { name: 'Cem' } }, 'Bearer a.b.c')).toEqual(answer('anna greets Cem'));
  });

  it('answers the operation that is named', async () => {
    const query = `${GREET} query Other { __typename }`;
    expect(await post({ query, operationName: 'Other' })).toEqual({ status: 200, data: { __typename: 'Query' } });
    expect(await post({ query })).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it.each<[string, unknown, string]>([
    ['a document that does not parse', { query: '{' }, 'Syntax Error'],
    ['a field that is not there', { query: '{ missing }' }, 'Cannot query field'],
    ['a variable of a wrong type', { query: GREET, variables: { name: 1 } }, 'String cannot represent'],
    ['variables that are a list', { query: GREET, variables: ['Bert'] }, 'not a GraphQL request'],
    ['no document', { variables: {} }, 'not a GraphQL request'],
    ['a list of requests', [{ query: '{ __typename }' }], 'not a GraphQL request'],
    ['a subscription', { query: 'subscription { ticks }' }, 'over WebSocket only'],
    ['what is not JSON', '{ greet }', 'not JSON'],
  ])('refuses %s', async (_, body, message) => {
    expect(await post(body)).toMatchObject({ status: 400, errors: [{ message: expect.stringContaining(message) }] });
  });

  it('refuses a wrong token, and does not take it for none', async () => {
    for (const authorization of ['Bearer x.y.z', 'Basic abc']) {
      expect(await post({ query: '{ __typename }' }, authorization)).toMatchObject({
        status: 401,
        errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
      });
    }
  });

  it('hides what went wrong in a resolver', async () => {
    const answer = await post({ query: '{ broken }' });
    expect(answer).toMatchObject({ status: 200, data: { broken: null }, errors: [{ message: 'Internal error.' }] });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});
