import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { hashText } from './purpose.commands.js';

const contacts = new ContactsUnderTest();
let workspaceId: string;
let officer: string;
let agent: string;
let form: string;
beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(() => {
  workspaceId = newId();
  officer = contacts.token(workspaceId, 'contact:read', 'consent:read', 'consent:manage', 'consent:record');
  agent = contacts.token(workspaceId, 'contact:read', 'consent:record');
  form = contacts.token(workspaceId, 'consent:record');
});

const TEXT = {
  purpose: 'marketing',
  locale: 'de',
  body: 'Ich möchte von Muster GmbH per WhatsApp Angebote bekommen. Widerruf jederzeit mit STOP.',
  privacyNoticeUrl: 'https://muster.example/datenschutz',
  privacyNoticeVersion: '2026-11',
};
const PUBLISH = `mutation ($input: PublishConsentTextInput!) { publishConsentText(input: $input) {
  ... on ConsentText { hash version body } ... on UserError { code message } ... on InvalidInput { field } } }`;
const RECORD = `mutation ($input: RecordConsentInput!) { recordConsent(input: $input) {
  ... on ConsentRecorded { contactId consents { purpose { key } identityKind state isGranted source } }
  ... on UserError { code message } ... on InvalidInput { field } } }`;

/** Something that others can look at. */
const PROVEN = { document: { kind: 'PAPER', reference: 'Ordner 3, Blatt 7' } };

async function ask<T = Record<string, unknown>>(
  query: string,
  token: string,
  variables: Record<string, unknown> = {},
): Promise<T> {
  const { data, errors } = await contacts.query(query, token, variables);
  expect(errors).toBeUndefined();
  return Object.values(data!)[0] as T;
}
const publish = (input: object = {}, token = officer) =>
  ask<{ hash: string; version: number; code?: string; field?: string }>(PUBLISH, token, {
    input: { ...TEXT, ...input },
  });
const record = (input: object, token = agent) =>
  ask<{ contactId: string; consents: object[]; code?: string; field?: string }>(RECORD, token, {
    input: { channelId: newId(), purpose: 'marketing', idempotencyKey: newId(), ...input },
  });
async function somebody(phone = '+4915112345678') {
  const [contactId, channelId] = [newId(), newId()];
  await contacts.publish(
    contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone, bsuid: 'DE.1' } }),
  );
  await contacts.settle();
  return { contactId, channelId };
}

describe('texts', () => {
  it('are addressed by what they say, and get the next version when they say another thing', async () => {
    const first = await publish();
    expect(first).toMatchObject({ version: 1, hash: hashText(TEXT) });
    expect(await publish()).toEqual(first);
    expect(await publish({ body: `${TEXT.body} Neu.` })).toMatchObject({ version: 2 });
    expect(await publish({ locale: 'en' })).toMatchObject({ version: 1 });
    const texts = '{ consentTexts(purpose: "marketing", locale: "de") { version body } }';
    expect(await ask<object[]>(texts, agent)).toMatchObject([{ version: 2 }, { version: 1, body: TEXT.body }]);
  });

  it.each([
    [{ body: '  ' }, 'body'],
    [{ locale: 'klingon!' }, 'locale'],
    [{ privacyNoticeUrl: 'http://muster.example' }, 'privacyNoticeUrl'],
    [{ privacyNoticeVersion: '' }, 'privacyNoticeVersion'],
  ])('are refused with %j', async (input, field) => {
    expect(await publish(input)).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it('are published by who may, and for purposes that there are', async () => {
    expect(await publish({ purpose: 'nothing' })).toMatchObject({ code: 'NOT_FOUND' });
    const { errors } = await contacts.query(PUBLISH, agent, { input: TEXT });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('purposes', () => {
  const CREATE = `mutation ($input: CreateConsentPurposeInput!) { createConsentPurpose(input: $input) {
    ... on ConsentPurpose { key kind name isBuiltIn } ... on UserError { code } ... on InvalidInput { field } } }`;
  const UPDATE = `mutation ($input: UpdateConsentPurposeInput!) { updateConsentPurpose(input: $input) {
    ... on ConsentPurpose { key name description archivedAt } ... on UserError { code } ... on InvalidInput { field } } }`;

  it('are three from the beginning, and the workspace’s own', async () => {
    const own = { key: 'garden', kind: 'MARKETING', name: 'Garten-Newsletter' };
    expect(await ask(CREATE, officer, { input: own })).toEqual({ ...own, isBuiltIn: false });
    expect(await ask(CREATE, officer, { input: own })).toEqual({ code: 'CONSENT_PURPOSE_TAKEN' });
    expect(await ask(CREATE, officer, { input: { ...own, key: 'marketing' } })).toEqual({
      code: 'CONSENT_PURPOSE_TAKEN',
    });
    expect(await ask(CREATE, officer, { input: { ...own, key: 'Garten 1' } })).toMatchObject({ field: 'key' });
    expect(await ask<object[]>('{ consentPurposes { key kind isBuiltIn } }', agent)).toEqual([
      { key: 'service', kind: 'SERVICE', isBuiltIn: true },
      { key: 'order_updates', kind: 'UTILITY', isBuiltIn: true },
      { key: 'marketing', kind: 'MARKETING', isBuiltIn: true },
      { key: 'garden', kind: 'MARKETING', isBuiltIn: false },
    ]);
  });

  it('can be called otherwise, and own ones archived', async () => {
    await ask(CREATE, officer, { input: { key: 'garden', kind: 'MARKETING', name: 'Garten' } });
    expect(await ask(UPDATE, officer, { input: { key: 'marketing', name: 'Angebote' } })).toMatchObject({
      name: 'Angebote',
    });
    expect(await ask(UPDATE, officer, { input: { key: 'marketing', isArchived: true } })).toMatchObject({
      field: 'isArchived',
    });
    expect(await ask(UPDATE, officer, { input: { key: 'garden', isArchived: true } })).toMatchObject({
      archivedAt: expect.any(String) as string,
    });
    expect(await publish({ purpose: 'garden' })).toMatchObject({ field: 'purpose' });
  });
});

describe('what an agent heard', () => {
  it('is recorded with its words and its proof, once', async () => {
    const { contactId, channelId } = await somebody();
    const { hash: textHash } = await publish();
    const said = {
      subject: { contactId },
      channelId,
      kind: 'CONFIRMED',
      source: 'AGENT',
      textHash,
      evidence: {
        note: 'Am Telefon vorgelesen, sagte ja.',
        document: { kind: 'RECORDING', reference: 'Band 7' },
      },
      idempotencyKey: newId(),
    };
    const common = { purpose: { key: 'marketing' }, state: 'CONFIRMED', isGranted: true, source: 'AGENT' };
    const consents = [
      { ...common, identityKind: 'PHONE' },
      { ...common, identityKind: 'BSUID' },
    ];
    expect(await record(said)).toEqual({ contactId, consents });
    expect(await record(said)).toEqual({ contactId, consents });
    const events = `query ($id: ID!) { contact(id: $id) { consents { state } consentEvents(first: 1) {
      nodes { kind seq source locale actorKind text { hash } evidence { note documentKind documentReference } } nextPage } } }`;
    expect(await ask(events, officer, { id: contactId })).toEqual({
      consents: [{ state: 'CONFIRMED' }, { state: 'CONFIRMED' }],
      consentEvents: {
        nodes: [
          {
            kind: 'CONFIRMED',
            seq: 2,
            source: 'AGENT',
            locale: 'de',
            actorKind: 'member',
            text: { hash: textHash },
            evidence: { note: said.evidence.note, documentKind: 'RECORDING', documentReference: 'Band 7' },
          },
        ],
        nextPage: expect.any(String) as string,
      },
    });
    // Agents see the state, and no proof.
    expect(await ask(events, agent, { id: contactId })).toMatchObject({ consents: [{}, {}], consentEvents: null });
    const elsewhere = contacts.token(newId(), 'contact:read', 'consent:read', 'consent:record');
    expect(await record(said, elsewhere)).toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    ['no note', { evidence: {} }, 'evidence.note'],
    ['nothing that others can look at', { evidence: { note: 'x' } }, 'evidence.document'],
    [
      'a paper that nobody finds',
      { evidence: { note: 'x', document: { kind: 'PAPER', reference: ' ' } } },
      'evidence.document.reference',
    ],
    ['a form', { source: 'FORM', evidence: { formRequestId: 'x', ...PROVEN } }, 'kind'],
    ['no words', { textHash: null }, 'textHash'],
    ['words of nobody', { textHash: 'ab'.repeat(32) }, 'textHash'],
    ['a time to come', { occurredAt: '2999-01-01T00:00:00Z' }, 'occurredAt'],
    ['an address without need', { evidence: { note: 'x', address: '::1' } }, 'evidence.justification'],
    ['another channel', { channelId: newId() }, 'channelId'],
    ['nobody', { subject: {} }, 'subject'],
  ])('is refused with %s', async (_what, input, field) => {
    const { contactId, channelId } = await somebody();
    const { hash: textHash } = await publish();
    const said = {
      subject: { contactId },
      channelId,
      kind: 'CONFIRMED',
      source: 'AGENT',
      textHash,
      evidence: { note: 'x', ...PROVEN },
    };
    expect(await record({ ...said, ...input })).toMatchObject({ code: 'INVALID_INPUT', field });
  });
});

describe('a form', () => {
  it('asks for somebody who is not known yet, and who is found when they write', async () => {
    const { hash: textHash } = await publish();
    const [phone, channelId] = ['+4915199999999', newId()];
    const said = {
      subject: { phone },
      channelId,
      kind: 'REQUESTED',
      source: 'FORM',
      textHash,
      evidence: { formRequestId: 'req-1', formUrl: 'https://muster.example/newsletter' },
    };
    const { contactId, consents } = await record(said, form);
    expect(consents).toMatchObject([{ state: 'REQUESTED', isGranted: false, identityKind: 'PHONE', source: 'FORM' }]);
    const theirs = newId();
    await contacts.publish(
      contacts.event('opened', { workspaceId, contactId: theirs, channelId, identity: { phone, bsuid: 'DE.9' } }),
    );
    await contacts.settle();
    const contact = 'query ($id: ID!) { contact(id: $id) { id consents { state identityKind } } }';
    expect(await ask(contact, agent, { id: theirs })).toEqual({
      id: contactId,
      consents: [{ state: 'REQUESTED', identityKind: 'PHONE' }],
    });
    expect((await record({ ...said, evidence: { formRequestId: 'req-2' } }, form)).contactId).toBe(contactId);
  });

  it('needs what its own log calls it, and a number', async () => {
    const said = { subject: { phone: '+491701234567' }, kind: 'WITHDRAWN', source: 'FORM', evidence: {} };
    expect(await record(said, form)).toMatchObject({ field: 'evidence.formRequestId' });
    const bad = { ...said, subject: { phone: '0170 1234567' }, evidence: { formRequestId: 'x' } };
    expect(await record(bad, form)).toMatchObject({ field: 'subject.phone' });
  });
});
