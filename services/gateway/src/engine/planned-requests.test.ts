import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start({ CALL_TIMEOUT_MS: '1000' });
});
afterEach(() => gateway.stop());

/** `#if` stands where a directive without effect makes the plan give way to the general engine. */
const DOCUMENTS = {
  'one subgraph': 'query { conversation(id: "1") { id } whoami #if\n }',
  'fields of another subgraph': `query ($first: Int! = 3, $text: String!) {
    conversations(first: $first) { nodes { id contact { ...Contact } } } __typename #if
  }
  fragment Contact on Contact { id name said: echo(text: $text) type: __typename }`,
  'root fields of several subgraphs, one of them twice': `query {
    contactCount ... on Query { one: conversation(id: "1") { contact { name } } }
    conversation(id: "3") { id } conversation(id: "3") { contact { name } } last: contactCount #if
  }`,
  'what is refused, and what went wrong, beside what did not': `query {
    refused broken first: conversation(id: "2") { contact { name } } whoami #if
  }`,
  'what the caller may not see behind a reference': `query {
    conversation(id: "2") { contact { id name } } other: conversation(id: "3") { contact { id name } } whoami #if
  }`,
  'a mutation': 'mutation ($text: String!) { first: say(text: $text) say(text: "after it") #if\n }',
  'nothing but a name': '{ __typename #if\n }',
};

describe('A request that follows a plan', () => {
  it.each(Object.entries(DOCUMENTS))('is answered as by the general engine: %s', async (_, document) => {
    const authorization = await gateway.identity.authorization();
    const variables = document.includes('$text') ? { text: 'hello' } : {};
    const ask = async (directive: string) => {
      const query = document.replace('#if', directive);
      const { status, body } = await gateway.post({ query, variables }, { authorization });
      // The general engine does not always tell locations.
      const isTold = (key: string) => !['correlationId', 'locations'].includes(key);
      return JSON.stringify({ status, body }, (key, value: unknown) => (isTold(key) ? value : undefined), 1);
    };
    const compare = async () => {
      const planned = await ask('');
      expect(planned).toBe(await ask('@include(if: true)'));
      return planned;
    };
    expect(await compare()).toContain('"data"');
    gateway.contacts.unknown.add('contact-2');
    gateway.contacts.unnamed.add('contact-3');
    await compare();
    await gateway.contacts.server.crash();
    await compare();
    await gateway.inbox.server.crash();
    await compare();
  });

  it('asks each subgraph once, and for each reference once', async () => {
    const authorization = await gateway.identity.authorization();
    const query = '{ a: conversation(id: "1") { contact { name } } b: conversation(id: "1") { contact { id name } } }';
    await gateway.post({ query }, { authorization });
    expect([gateway.inbox.requests, gateway.contacts.requests]).toEqual([1, 1]);
  });

  it('tells where in the document an error is', async () => {
    const { body } = await gateway.post({
      query: 'query ($id: ID! = "1") {\n  conversation(id: $id) { id }\n  refused\n}',
    });
    expect(body.errors).toMatchObject([{ path: ['refused'], locations: [{ line: 3, column: 3 }] }]);
  });

  it('is one of several operations of a document', async () => {
    const authorization = await gateway.identity.authorization();
    const query = 'query A { whoami } query B { contactCount }';
    const answers = [];
    for (const operationName of ['A', 'B', 'A']) {
      answers.push((await gateway.post({ query, operationName }, { authorization })).body);
    }
    expect(answers.map(({ data }) => Object.keys(data ?? {}))).toEqual([['whoami'], ['contactCount'], ['whoami']]);
  });
});
