import { composeServices, transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { buildASTSchema, execute, GraphQLError, parse, type ExecutionResult } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createLogger } from '@fenster/runtime';
import { leavingOutNullReferences } from './null-references.js';
import { readSupergraph } from './supergraph-map.js';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';
const composed = composeServices([
  {
    name: 'inbox',
    url: 'http://inbox',
    typeDefs: parse(`${LINK}
      type Query { said: Said card: Card someone: Someone anything: Anything }
      type Said { text: String! by: Contact }
      type Card { contact: Contact! }
      interface Someone { name: String! }
      union Anything = Said | Contact
      type Contact @key(fields: "id", resolvable: false) { id: ID! }
    `),
  },
  {
    name: 'contacts',
    url: 'http://contacts',
    typeDefs: parse(`${LINK}
      interface Someone { name: String! }
      type Contact implements Someone @key(fields: "id") { id: ID! name: String! born: String }
    `),
  },
]);
if (!composed.supergraphSdl) throw new Error(String(composed.errors));
const supergraph = parse(composed.supergraphSdl);
const schema = buildASTSchema(transformSupergraphToPublicSchema(supergraph));
const leaveOut = leavingOutNullReferences({
  schema,
  map: readSupergraph(supergraph),
  log: createLogger('test', 'silent'),
});

/** As the engine executes it on what subgraphs gave. */
async function result(query: string, rootValue: object): Promise<ExecutionResult> {
  const document = parse(query);
  const executed = await execute({ schema, document, rootValue });
  expect(executed.errors).toHaveLength(1);
  return leaveOut(executed, document);
}

const unknown = { __typename: 'Contact', id: '1' };

describe('A reference to what is not there is null without an error', () => {
  it.each([
    ['in its place', '{ said { text by { id name } } }', { said: { text: 'hi', by: null } }],
    ['under other names', '{ a: said { b: by { c: name } } }', { a: { b: null } }],
    ['in a fragment', '{ said { by { ...N } } } fragment N on Contact { name }', { said: { by: null } }],
    ['within what it makes null', '{ card { contact { name } } }', { card: null }],
    ['as one of several types', '{ anything { ... on Contact { name } } }', { anything: null }],
    ['behind an interface of entities', '{ someone { name } }', { someone: null }],
  ])('%s', async (_, query, data) => {
    const root = { said: { text: 'hi', by: unknown }, card: { contact: unknown }, anything: unknown, someone: unknown };
    expect(await result(query, root)).toEqual({ data });
  });
});

describe('An error remains', () => {
  it('where something that is no entity is null and must not be', async () => {
    const broken = { said: { text: null } };
    expect(await result('{ said { text } }', broken)).toMatchObject({
      data: { said: null },
      errors: [{ path: ['said', 'text'] }],
    });
    expect((await result('{ card { contact { id } } }', { card: {} })).errors).toHaveLength(1);
  });

  it('that a subgraph told of an entity', async () => {
    const refused = new GraphQLError('Not for you.', { extensions: { code: 'FORBIDDEN' } });
    const by = { id: '1', name: refused };
    expect((await result('{ said { by { name } } }', { said: { by } })).errors).toMatchObject([
      { message: 'Not for you.' },
    ]);
  });

  it('beside those that go', async () => {
    const document = parse('{ said { by { name } } card { contact { name born } } }');
    const born = new Error('out of order');
    const rootValue = { said: { by: unknown }, card: { contact: { ...unknown, name: 'Anna', born } } };
    const executed = await execute({ schema, document, rootValue });
    expect(executed.errors).toHaveLength(2);
    expect(leaveOut(executed, document).errors).toMatchObject([{ message: 'out of order' }]);
  });

  it('that leaves nothing to tell instead', () => {
    const document = parse('{ said { by { name } } }');
    const executed = {
      data: null,
      errors: [new GraphQLError('Cannot return null for non-nullable field Contact.name.')],
    };
    expect(leaveOut(executed, document)).toBe(executed);
  });
});
