import { afterEach, describe, expect, it } from 'vitest';
import { composeFromSubgraphs } from './supergraph.js';
import { ContactsSubgraph } from './testing/contacts-subgraph.js';
import { SubgraphServer } from './testing/subgraph-server.js';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

describe('The supergraph', () => {
  it('is composed of what the subgraphs say, once all have started', async () => {
    const contacts = new ContactsSubgraph().server;
    await contacts.start();
    const { url } = contacts;
    await contacts.crash();
    const supergraph = composeFromSubgraphs({ contacts: url });
    await contacts.start();
    stops.push(() => contacts.crash());
    expect(await supergraph).toContain(`@join__graph(name: "contacts", url: "${url}")`);
  });

  it('is not waited for for ever', async () => {
    await expect(composeFromSubgraphs({ contacts: 'http://127.0.0.1:9/graphql' }, { patienceMs: 100 })).rejects.toThrow(
      'The subgraph "contacts" at http://127.0.0.1:9/graphql does not answer',
    );
  });

  it('says why subgraphs do not fit together', async () => {
    const subgraph = (type: string) =>
      new SubgraphServer({
        typeDefs: `type Query { same: ${type} }`,
        resolvers: {},
        context: async () => ({}),
      }).start();
    const [a, b] = await Promise.all([subgraph('Int'), subgraph('String')]);
    stops.push(
      () => a.crash(),
      () => b.crash(),
    );
    await expect(composeFromSubgraphs({ a: a.url, b: b.url })).rejects.toThrow(
      /The subgraphs do not compose:\n {2}- .*Query\.same/,
    );
  });
});
