import { messageQueued } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readLog } from '@fenster/database';
import { eventually } from '../../../../test/support/eventually.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';
import { asker, openConversation, type Asker } from '../testing/inbox.js';

let conversation: RunningConversation;
let workspaceId: string;
let me: Asker;
let id: string;
beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  workspaceId = newId();
  me = asker(conversation, await conversation.tokenOf(workspaceId));
  id = await openConversation(conversation, workspaceId, me);
});

const CONTENT = `content {
  __typename
  ... on TextContent { body }
  ... on LocationContent { latitude longitude name address }
  ... on ContactsContent { cards { name organization phones emails urls addresses } }
  ... on ButtonsContent { header body footer buttons { id title } }
  ... on ListContent { header body footer button listSections: sections { title rows { id title description } } }
  ... on LinkContent { header body footer label url }
  ... on RequestContent { requested body }
  ... on FlowInvitationContent { header body footer flowId label }
  ... on ProductsContent { header body footer catalogId productSections: sections { title productIds } }
}`;
const send = (content: object, more: object = {}) =>
  me.mutate(
    'sendMessage',
    '$input: SendMessageInput!',
    `... on Message { id seq type text ${CONTENT} } ... on InvalidInput { field }`,
    {
      input: { conversationId: id, content, idempotencyKey: newId(), ...more },
    },
  );
const shown = async (as = me) => {
  const query = `query ($id: ID!) { conversation(id: $id) { lastSeq messages { nodes { seq type text ${CONTENT} } } } }`;
  interface Shown {
    lastSeq: number;
    messages: { nodes: { seq: number; type: string; text: string | null; content: object | null }[] };
  }
  return (await as.ask<{ conversation: Shown }>(query, { id })).conversation;
};
const queued = async () =>
  (await readLog(conversation.database.forTenant(workspaceId), 0, 1_000))
    .filter(({ name }) => name === messageQueued.name)
    .map(({ data }) => data as Record<string, unknown>);

const BUTTONS = {
  header: { text: 'Termin' },
  body: 'Passt Montag?',
  buttons: [
    { id: 'yes', title: 'Ja' },
    { id: 'no', title: 'Nein' },
  ],
};
const CARD = {
  name: '+49 30 123456',
  organization: 'Radladen',
  phones: [{ phone: '+49 30 123456' }],
  addresses: [{ street: 'Hauptstr. 1', zip: '10115', city: 'Berlin' }],
};

describe('what agents send', () => {
  it.each<[string, object, string, string | null, object]>([
    [
      'words',
      { text: { body: 'https://a.example', previewUrl: true } },
      'TEXT',
      'https://a.example',
      { __typename: 'TextContent' },
    ],
    [
      'a place',
      { location: { latitude: 52.5, longitude: 13.4, name: 'Laden', address: null } },
      'LOCATION',
      null,
      { __typename: 'LocationContent', latitude: 52.5, longitude: 13.4, name: 'Laden', address: null },
    ],
    [
      'people',
      { contacts: { cards: [CARD] } },
      'CONTACTS',
      null,
      {
        __typename: 'ContactsContent',
        cards: [
          {
            name: '+49 30 123456',
            organization: 'Radladen',
            phones: ['+49 30 123456'],
            emails: [],
            urls: [],
            addresses: ['Hauptstr. 1, 10115 Berlin'],
          },
        ],
      },
    ],
    [
      'buttons',
      { buttons: BUTTONS },
      'INTERACTIVE',
      'Termin\nPasst Montag?\n[Ja]\n[Nein]',
      { __typename: 'ButtonsContent', header: 'Termin', footer: null, buttons: BUTTONS.buttons },
    ],
    [
      'a list',
      { list: { body: 'Wann?', button: 'Termine', sections: [{ rows: [{ id: 'm', title: 'Montag' }] }] } },
      'INTERACTIVE',
      'Wann?\n[Montag]',
      {
        __typename: 'ListContent',
        listSections: [{ title: null, rows: [{ id: 'm', title: 'Montag', description: null }] }],
      },
    ],
    [
      'a link',
      { link: { body: 'Angebot', label: 'Ansehen', url: 'https://a.example' } },
      'INTERACTIVE',
      'Angebot\n[Ansehen]',
      { __typename: 'LinkContent', label: 'Ansehen', url: 'https://a.example' },
    ],
    ['a question for the place', { locationRequest: { body: 'Wo?' } }, 'INTERACTIVE', 'Wo?', { requested: 'LOCATION' }],
    [
      'a question for the number',
      { contactInfoRequest: { body: 'Nr?' } },
      'INTERACTIVE',
      'Nr?',
      { requested: 'CONTACT_INFO' },
    ],
    ['a form', { flow: { body: 'Bitte', flowId: '7', label: 'Los' } }, 'INTERACTIVE', 'Bitte\n[Los]', { flowId: '7' }],
    [
      'products',
      { products: { header: 'Neu', body: 'Räder', catalogId: '1', sections: [{ title: 'E', productIds: ['A'] }] } },
      'INTERACTIVE',
      'Neu\nRäder',
      { productSections: [{ title: 'E', productIds: ['A'] }] },
    ],
  ])('%s is shown as it was written, and goes to channels', async (_, content, type, text, expected) => {
    const sent = await send(content);
    expect(sent).toMatchObject({ __typename: 'Message', seq: 2, type, text, content: expected });
    expect((await shown()).messages.nodes[1]).toMatchObject({ type, text, content: expected });
    const [kind] = Object.keys(content);
    const [event, ...others] = await queued();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ messageId: sent['id'], seq: 2, type: type.toLowerCase() });
    if (kind === 'text') expect(event).toMatchObject({ text, previewUrl: true });
    else expect(event).toMatchObject({ content: { kind } });
  });

  it('hides phone numbers from those who may not read them', async () => {
    await send({ contacts: { cards: [CARD] } });
    const noPhones = asker(
      conversation,
      await conversation.tokenOf(workspaceId, ['conversation:read', 'conversation:read_all', 'message:read']),
    );
    const [, message] = (await shown(noPhones)).messages.nodes;
    expect(message!.content).toMatchObject({ cards: [{ name: null, phones: null, organization: 'Radladen' }] });
  });

  it('keeps the draft of whoever sends a place meanwhile, and clears it with its words', async () => {
    const draftOf = async () =>
      (
        await me.ask<{ conversation: { draft: { text: string } | null } }>(
          'query ($id: ID!) { conversation(id: $id) { draft { text } } }',
          { id },
        )
      ).conversation.draft?.text ?? null;
    const query = `mutation ($id: ID!) { saveDraft(conversationId: $id, text: "Passt Montag?", expectedVersion: 0) { __typename } }`;
    await me.ask(query, { id });
    await send({ location: { latitude: 1, longitude: 2 } });
    expect(await draftOf()).toBe('Passt Montag?');
    await send({ buttons: BUTTONS });
    expect(await draftOf()).toBe(null);
  });

  it('is found by its words', async () => {
    await send({ buttons: BUTTONS });
    await eventually(async () => {
      const { search } = await me.ask<{ search: { nodes: unknown[] } }>(
        '{ search(text: "nein") { nodes { __typename } } }',
      );
      expect(search.nodes).toHaveLength(1);
    });
  });

  it('is sent once, however often it is asked with the same key, and never as something else', async () => {
    const key = { idempotencyKey: newId() };
    const [first, second] = [await send({ buttons: BUTTONS }, key), await send({ buttons: BUTTONS }, key)];
    expect(second['id']).toBe(first['id']);
    expect(await send({ buttons: { ...BUTTONS, body: 'Anders' } }, key)).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    expect(await queued()).toHaveLength(1);
  });
});

describe('what cannot be sent', () => {
  it.each<[string, object | undefined, object, string]>([
    [
      'too many buttons',
      { buttons: { ...BUTTONS, buttons: [1, 2, 3, 4].map((n) => ({ id: `${n}`, title: `${n}` })) } },
      {},
      'content.buttons.buttons',
    ],
    [
      'a long title',
      { buttons: { ...BUTTONS, buttons: [{ id: 'a', title: 'x'.repeat(21) }] } },
      {},
      'content.buttons.buttons.0.title',
    ],
    ['a long text', { text: { body: 'x'.repeat(4_097) } }, {}, 'content.text.body'],
    ['no place', { location: { latitude: 91, longitude: 0 } }, {}, 'content.location.latitude'],
    ['nothing', undefined, {}, 'text'],
    ['no kind', {}, {}, 'content'],
    ['two kinds', { locationRequest: { body: 'Wo?' }, text: { body: 'Hallo' } }, {}, 'content'],
    ['a text beside it', { locationRequest: { body: 'Wo?' } }, { text: 'Hallo' }, 'content'],
    ['only a long text', undefined, { text: 'x'.repeat(4_097) }, 'text'],
  ])('%s is refused with the field, and changes nothing', async (_, content, more, field) => {
    expect(await send(content as object, more)).toMatchObject({ __typename: 'InvalidInput', field });
    expect((await shown()).lastSeq).toBe(1);
    expect(await queued()).toEqual([]);
  });

  it('is told beforehand, with every field', async () => {
    const check = async (content: object) =>
      (
        await me.ask<{ checkSend: { isAllowed: boolean; reasons: object[] } }>(
          'query ($input: CheckSendInput!) { checkSend(input: $input) { isAllowed reasons { code field } } }',
          { input: { conversationId: id, content } },
        )
      ).checkSend;
    expect(await check({ buttons: BUTTONS })).toEqual({ isAllowed: true, reasons: [] });
    expect(await check({ buttons: { body: '', footer: 'x'.repeat(61), buttons: [] } })).toEqual({
      isAllowed: false,
      reasons: ['body', 'footer', 'buttons'].map((field) => ({
        code: 'INVALID_INPUT',
        field: `content.buttons.${field}`,
      })),
    });
  });
});
