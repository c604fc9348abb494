import { composeServices, transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { buildASTSchema, parse, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { planEvents } from './plan.js';
import { readSupergraph } from './supergraph-map.js';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@external", "@requires"])';
const composed = composeServices([
  {
    name: 'inbox',
    url: 'http://inbox',
    typeDefs: parse(`${LINK}
      type Query { version: Int }
      type Subscription { events(of: ID, limit: Int): Event! }
      interface Event { cursor: ID! }
      type Said implements Event { cursor: ID! text: String by: Contact seenBy: [Contact!] parcel: Parcel }
      type Renamed implements Event { cursor: ID! who: Contact }
      type Contact @key(fields: "id", resolvable: false) { id: ID! }
      type Parcel @key(fields: "carrier number", resolvable: false) { carrier: ID! number: ID! }
    `),
  },
  {
    name: 'contacts',
    url: 'http://contacts',
    typeDefs: parse(`${LINK}
      type Contact @key(fields: "id") { id: ID! name(style: String): String employer: Company title: String badge: Badge }
      type Company @key(fields: "id", resolvable: false) { id: ID! }
      interface Badge { id: ID! }
      type Pin implements Badge { id: ID! }
      type Parcel @key(fields: "carrier number") { carrier: ID! number: ID! weight: Int }
    `),
  },
  {
    name: 'companies',
    url: 'http://companies',
    typeDefs: parse(`${LINK}
      type Company @key(fields: "id") { id: ID! motto: String }
      type Contact @key(fields: "id") {
        id: ID!
        title: String @external
        address: String @requires(fields: "title")
        vat: Int
      }
    `),
  },
]);
if (!composed.supergraphSdl) throw new Error(String(composed.errors));
const supergraph = parse(composed.supergraphSdl);
const schema = buildASTSchema(transformSupergraphToPublicSchema(supergraph));
const map = readSupergraph(supergraph);
const plan = (text: string) => planEvents(schema, map, parse(text), parse(text));
const normal = (text: string) => print(parse(text));

describe('The plan of a subscription', () => {
  it('asks the event’s own subgraph for what it has and for references, and each other one for its fields', () => {
    const found = plan('subscription { events { cursor ... on Said { text by { name vat } } } }')!;
    expect(found).toMatchObject({ root: { subgraph: 'inbox', responseKeys: ['events'] } });
    expect(normal(found.root.query)).toBe(
      normal(`subscription { events {
        _fensterType: __typename
        cursor
        ... on Said { text by { _fensterKey_id: id _fensterType: __typename _fensterKey_id: id _fensterType: __typename } }
      } }`),
    );
    expect(found.calls.map(({ subgraph, query }) => [subgraph, normal(query)])).toEqual([
      [
        'contacts',
        normal(`query ($_fensterReferences0: [_Any!]!) {
          _0: _entities(representations: $_fensterReferences0) { ... on Contact { name } }
        }`),
      ],
      [
        'companies',
        normal(`query ($_fensterReferences0: [_Any!]!) {
          _0: _entities(representations: $_fensterReferences0) { ... on Contact { vat } }
        }`),
      ],
    ]);
  });

  it('asks for all places of an event in one call, and keeps what is said of one type apart from another', () => {
    const found = plan(`subscription { events {
      ... on Said { by { it: name } seenBy { id name } }
      ... on Renamed { who { it: badge { id } } }
    } }`)!;
    expect(found.calls).toHaveLength(1);
    expect(found.calls[0]!.enrichments.map(({ path }) => path.map(({ type, key }) => `${type ?? ''}.${key}`))).toEqual([
      ['.events', 'Said.by'],
      ['.events', 'Said.seenBy'],
      ['.events', 'Renamed.who'],
    ]);
    expect(found.calls[0]!.query).toContain('_fensterType: __typename');
  });

  it('hands each subgraph the variables that it uses, and nobody the others', () => {
    const found = plan(`subscription ($of: ID, $style: String) {
      events(of: $of) { ... on Said { by { name(style: $style) } } }
    }`)!;
    expect([found.root.variables, found.calls[0]!.variables]).toEqual([['of'], ['style']]);
    expect(found.root.query).not.toContain('$style');
    expect(print(found.completion)).not.toMatch(/\$|\(/);
  });

  it.each([
    ['a directive', 'subscription { events { cursor @include(if: true) } }'],
    ['a third subgraph behind a second one', 'subscription { events { ... on Said { by { employer { motto } } } } }'],
    ['what needs a third one’s field first', 'subscription { events { ... on Said { by { address } } } }'],
    ['a key of several fields', 'subscription { events { ... on Said { parcel { weight } } } }'],
  ])('leaves %s to the general engine', (_, text) => {
    expect(plan(text)).toBeUndefined();
  });
});

describe('A subscription whose events say who their audience is', () => {
  const { supergraphSdl } = composeServices([
    {
      name: 'inbox',
      url: 'http://inbox',
      typeDefs: parse(`
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@inaccessible"])
        type Query { version: Int }
        type Subscription { events(shared: Boolean @inaccessible): Event! }
        type Event { cursor: ID! audience: [ID!] @inaccessible thread: Thread! }
        type Thread { seq: Int! unread(own: Boolean @inaccessible): Int! }
      `),
    },
  ]);
  const ofInbox = parse(supergraphSdl!);
  const planned = (text: string) =>
    planEvents(
      buildASTSchema(transformSupergraphToPublicSchema(ofInbox)),
      readSupergraph(ofInbox),
      parse(text),
      parse(text),
    )!;

  it('is shared by all with the same rights', () => {
    const found = planned('subscription { events { thread { seq } } }');
    expect(found.tellsAudience).toBe(true);
    expect(normal(found.root.query)).toContain('shared: true');
  });

  it('is everybody’s own where a field answers everybody something else', () => {
    const found = planned('subscription { events { thread { seq ...Unread } } } fragment Unread on Thread { unread }');
    expect(found.tellsAudience).toBe(false);
    expect(normal(found.root.query)).not.toContain('shared');
  });
});
