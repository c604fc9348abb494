import { channelMessageReceived, conversationLabelsChanged } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let memberId: string;
let token: string;
const statements: string[] = [];
beforeAll(async () => {
  conversation = await startConversation({ onStatement: (text) => statements.push(text) });
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  workspaceId = newId();
  memberId = newId();
  token = await conversation.tokenOf(workspaceId, undefined, { id: memberId });
});

type Answer = Record<string, unknown> & { id: string };
async function ask<T = Answer>(query: string, variables: Record<string, unknown> = {}, as = token): Promise<T> {
  const { data, errors } = await request<{ result: T }>(conversation.url, query, { variables, token: as });
  return (errors?.[0]?.extensions as T | undefined) ?? data.result;
}
const REFUSAL = '__typename ... on UserError { code } ... on InvalidInput { field } ... on NotFound { field }';
const create = (input: Record<string, unknown> = {}, as = token) =>
  ask(
    `mutation ($input: CreateLabelInput!) { result: createLabel(input: $input) { ${REFUSAL} ... on Label { id name colour } } }`,
    { input: { name: newId(), colour: '#00ff00', idempotencyKey: newId(), ...input } },
    as,
  );
const update = (input: Record<string, unknown>, as = token) =>
  ask(
    `mutation ($input: UpdateLabelInput!) { result: updateLabel(input: $input) { ${REFUSAL} ... on Label { name colour } } }`,
    { input },
    as,
  );
const remove = (id: string, as = token) =>
  ask(`mutation ($id: ID!) { result: deleteLabel(id: $id) { __typename ... on LabelDeleted { id } } }`, { id }, as);
const label = (input: Record<string, unknown>, as = token) =>
  ask(
    `mutation ($input: LabelConversationInput!) {
      result: labelConversation(input: $input) { ${REFUSAL} ... on Conversation { labels { label { name } } } }
    }`,
    { input },
    as,
  );
const names = async (as = token) =>
  (await ask<{ name: string }[]>('{ result: labels { name } }', {}, as)).map(({ name }) => name);

async function open(count = 1): Promise<string[]> {
  const messages = Array.from({ length: count }, (_, index) =>
    customerMessage(conversation.channelId, { identity: { phone: `+4917000001${index}` } }),
  );
  await conversation.publish(workspaceId, channelMessageReceived, ...messages);
  return eventually(async () => {
    const page = await ask<{ nodes: { id: string }[] }>('{ result: conversations { nodes { id } } }');
    expect(page.nodes).toHaveLength(count);
    return page.nodes.map(({ id }) => id);
  });
}

describe('the labels of a workspace', () => {
  it('are made once per key, renamed, listed by name and deleted', async () => {
    const input = { name: ' Dringend ', colour: '#FF0000', idempotencyKey: 'k' };
    const [one, again] = await Promise.all([create(input), create(input)]);
    expect(one).toEqual({ __typename: 'Label', id: expect.any(String), name: 'Dringend', colour: '#ff0000' });
    expect(again).toEqual(one);
    await create({ name: 'Anfrage' });
    expect(await names()).toEqual(['Anfrage', 'Dringend']);
    expect(await update({ id: one.id, name: 'Eilig' })).toMatchObject({ name: 'Eilig', colour: '#ff0000' });
    expect(await remove(one.id)).toEqual({ __typename: 'LabelDeleted', id: one.id });
    expect(await names()).toEqual(['Anfrage']);
    expect(await remove(one.id)).toEqual({ __typename: 'NotFound' });
  });

  it('are told live when they change, and not when nothing has changed', async () => {
    const agent = await conversation.tokenOf(workspaceId, ['conversation:read']);
    const events = subscribe<{ inboxEvents: Record<string, unknown> }>(
      conversation.url,
      `subscription { inboxEvents { __typename ... on LabelCatalogueChanged {
        labelChange labelId label { name colour } by { member { id } } } } }`,
      agent,
    );
    const told = () => events.received.slice(1).map(({ inboxEvents }) => inboxEvents);
    await eventually(() => expect(events.received).toHaveLength(1));
    const input = { name: 'Dringend', colour: '#ff0000', idempotencyKey: 'k' };
    const { id } = await create(input);
    await eventually(() => expect(told()).toHaveLength(1));
    await create(input);
    await update({ id, name: 'Dringend' });
    await update({ id, colour: '#0000ff' });
    await eventually(() => expect(told()).toHaveLength(2));
    await remove(id);
    const by = { member: { id: memberId } };
    await eventually(() =>
      expect(told()).toEqual([
        {
          __typename: 'LabelCatalogueChanged',
          labelChange: 'CREATED',
          labelId: id,
          label: { name: 'Dringend', colour: '#ff0000' },
          by,
        },
        {
          __typename: 'LabelCatalogueChanged',
          labelChange: 'UPDATED',
          labelId: id,
          label: { name: 'Dringend', colour: '#0000ff' },
          by,
        },
        { __typename: 'LabelCatalogueChanged', labelChange: 'DELETED', labelId: id, label: null, by },
      ]),
    );
    await events.stop();
  });

  it('have different names, also when two are made at the same moment', async () => {
    const answers = await Promise.all(['Rechnung', 'rechnung', 'RECHNUNG'].map((name) => create({ name })));
    expect(answers.map((each) => each['__typename']).toSorted()).toEqual(['Label', 'LabelNameTaken', 'LabelNameTaken']);
    const { id } = await create({ name: 'Termin' });
    expect(await update({ id, name: 'reCHNung' })).toMatchObject({ code: 'LABEL_NAME_TAKEN' });
    expect(await create({ name: 'Rechnung' }, await conversation.tokenOf(newId()))).toMatchObject({
      __typename: 'Label',
    });
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(51) }, 'name'],
    [{ colour: 'red' }, 'colour'],
    [{ idempotencyKey: 'k'.repeat(201) }, 'idempotencyKey'],
  ])('refuse %o, naming the field', async (input, field) => {
    expect(await create(input)).toEqual({ __typename: 'InvalidInput', code: 'INVALID_INPUT', field });
    expect(await names()).toEqual([]);
  });

  it('are changed by those who manage the inbox, in their own workspace', async () => {
    const { id } = await create({ name: 'Anfrage' });
    const agent = await conversation.tokenOf(workspaceId, ['conversation:read', 'conversation:update']);
    for (const refused of [create({}, agent), update({ id }, agent), remove(id, agent)]) {
      expect(await refused).toEqual({ code: 'FORBIDDEN' });
    }
    const stranger = await conversation.tokenOf(newId());
    expect(await update({ id, name: 'x' }, stranger)).toMatchObject({ __typename: 'NotFound' });
    expect(await remove(id, stranger)).toMatchObject({ __typename: 'NotFound' });
    expect(await names(stranger)).toEqual([]);
    expect(await names(agent)).toEqual(['Anfrage']);
  });
});

describe('labels of a conversation', () => {
  it('are set and taken off with who did it, once, in the log and among the activities', async () => {
    const [conversationId] = await open();
    const [one, other] = [await create({ name: 'Eins' }), await create({ name: 'Zwei' })];
    expect(await label({ conversationId, set: [one.id] })).toMatchObject({ labels: [{ label: { name: 'Eins' } }] });
    const colleague = await conversation.tokenOf(workspaceId);
    await label({ conversationId, set: [one.id] }, colleague);
    await label({ conversationId, set: [other.id], unset: [one.id] });
    const { labels, activities } = await ask<Record<string, never>>(
      `query ($id: ID!) { result: conversation(id: $id) {
         labels { label { id name colour } setBy { kind member { id } } setAt }
         activities { nodes { kind before after } }
       } }`,
      { id: conversationId },
    );
    expect(labels).toEqual([
      {
        label: { id: other.id, name: 'Zwei', colour: '#00ff00' },
        setBy: { kind: 'MEMBER', member: { id: memberId } },
        setAt: expect.any(String),
      },
    ]);
    const { nodes } = activities as unknown as { nodes: object[] };
    expect(nodes.toReversed()).toEqual([
      { kind: 'LABEL', before: null, after: 'Eins' },
      { kind: 'LABEL', before: 'Eins', after: null },
      { kind: 'LABEL', before: null, after: 'Zwei' },
    ]);
    const log = await readLog(conversation.database.forTenant(workspaceId), 0, 100);
    expect(log.filter(({ name }) => name === conversationLabelsChanged.name).map(({ data }) => data)).toMatchObject([
      { conversationId, added: [one.id], removed: [] },
      { conversationId, added: [other.id], removed: [one.id] },
    ]);
  });

  it('go with the label', async () => {
    const [conversationId] = await open();
    const { id } = await create();
    await label({ conversationId, set: [id] });
    await remove(id);
    const shown = await ask(`query ($id: ID!) { result: conversation(id: $id) { labels { setAt } } }`, {
      id: conversationId,
    });
    expect(shown).toEqual({ labels: [] });
  });

  it('cannot be set while they are deleted', async () => {
    const [conversationId] = await open();
    for (let round = 0; round < 5; round += 1) {
      const { id } = await create();
      const [set] = await Promise.all([label({ conversationId, set: [id] }), remove(id)]);
      expect(['Conversation', 'NotFound']).toContain(set['__typename']);
    }
    expect(await label({ conversationId, set: [(await create({ name: 'Letztes' })).id] })).toMatchObject({
      labels: [{ label: { name: 'Letztes' } }],
    });
  });

  it('are refused, all of them, if one is wrong', async () => {
    const [conversationId] = await open();
    const { id } = await create();
    const foreign = await create({}, await conversation.tokenOf(newId()));
    const many = await Promise.all(Array.from({ length: 20 }, () => create()));
    for (const [input, refusal] of [
      [{ set: [id, foreign.id] }, { __typename: 'NotFound', field: 'set' }],
      [
        { set: [id], unset: [newId()] },
        { __typename: 'NotFound', field: 'unset' },
      ],
      [
        { set: [id], unset: [id] },
        { __typename: 'InvalidInput', field: 'unset' },
      ],
      [{}, { __typename: 'InvalidInput', field: 'set' }],
      [{ set: ['x'] }, { __typename: 'InvalidInput', field: 'set' }],
      [{ set: Array.from({ length: 21 }, newId) }, { __typename: 'InvalidInput', field: 'set' }],
      [{ set: [id], conversationId: newId() }, { __typename: 'NotFound' }],
    ] as const) {
      expect(await label({ conversationId, ...input })).toMatchObject(refusal);
    }
    expect(await label({ conversationId, set: many.map((each) => each.id) })).toMatchObject({
      __typename: 'Conversation',
    });
    expect(await label({ conversationId, set: [id] })).toMatchObject({ __typename: 'InvalidInput', field: 'set' });
    const stranger = await conversation.tokenOf(newId());
    expect(await label({ conversationId, set: [foreign.id] }, stranger)).toMatchObject({ __typename: 'NotFound' });
  });

  it('of a list cost one statement, whatever its length', async () => {
    const ids = await open(6);
    const { id } = await create();
    for (const conversationId of ids) await label({ conversationId, set: [id] });
    const counted = async (first: number) => {
      statements.length = 0;
      await ask(
        `query ($first: Int!) { result: conversations(first: $first) { nodes { labels { setAt } participants { addedAt } } } }`,
        { first },
      );
      return statements.filter((text) => /^\s*select/i.test(text) && !text.includes('set_config')).length;
    };
    const one = await counted(1);
    expect(await counted(6)).toBe(one);
  });
});
