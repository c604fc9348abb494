import { EventEmitter, on } from 'node:events';
import { AuthenticationError, VerificationUnavailableError, type TokenVerifier } from '@fenster/auth';
import { createHttpServer, createLogger, type HttpServer } from '@fenster/runtime';
import { buildSchema } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { actorWith } from '../../../test/support/actor.js';
import { createContext } from './context.js';
import { createGraphQLServer, type GraphQLServer } from './graphql-server.js';

const log = createLogger('test', 'silent');
const schema = buildSchema('type Query { version: String } type Subscription { versions: String }');
schema.getSubscriptionType()!.getFields()['versions']!.subscribe = () => on(new EventEmitter(), 'version');

let graphql: GraphQLServer;
let http: HttpServer;

/** Subscribes with a token, and resolves to how that began and ended. */
async function fateOf(verify: TokenVerifier['verify']): Promise<{ isLetIn: boolean; code: number }> {
  const context = { app: {}, database: {} as never, now: () => new Date(), log, wakeRelay: () => {} };
  graphql = createGraphQLServer({
    schema,
    verifier: { verify },
    createContext: (actor, correlationId) => createContext(context, actor, correlationId),
    readAudit: { store: () => Promise.resolve() } as never,
    log,
  });
  await graphql.start();
  http = createHttpServer({ host: '127.0.0.1', port: 0, log, routes: {}, upgrades: { '/graphql': graphql.upgrade } });
  await http.start();
  return new Promise((resolve) => {
    let isLetIn = false;
    const client = createClient({
      url: `${http.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: 'Bearer a.b.c' },
      on: {
        connected: () => (isLetIn = true),
        closed: (event) => resolve({ isLetIn, code: (event as { code: number }).code }),
      },
    });
    client.subscribe({ query: 'subscription { versions }' }, { next() {}, error() {}, complete() {} });
  });
}

describe('a socket of a subgraph', () => {
  afterEach(async () => {
    await graphql.stop();
    await http.stop(0);
  });

  it('given a token that is not accepted, then it is forbidden, as it will be the next time', async () => {
    expect(await fateOf(() => Promise.reject(new AuthenticationError()))).toEqual({ isLetIn: false, code: 4403 });
  });

  it('given a token that cannot be verified at present, then it is not', async () => {
    expect(await fateOf(() => Promise.reject(new VerificationUnavailableError(new Error('no keys'))))).toEqual({
      isLetIn: false,
      code: 1013,
    });
  });

  it('given one that ends, then it ends with it', async () => {
    const actor = actorWith({ expiresAt: new Date(Date.now() + 500) });
    expect(await fateOf(() => Promise.resolve(actor))).toEqual({ isLetIn: true, code: 4403 });
  });
});
