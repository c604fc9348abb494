import { newId } from '@fenster/runtime';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { Client } from 'pg';
import { extractText, getDocumentProxy } from 'unpdf';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import type { ConsentReceipt } from './receipt.js';

const contacts = new ContactsUnderTest();
let owner: Client;
let workspaceId: string;
let officer: string;
let agent: string;
beforeAll(async () => {
  await contacts.start();
  owner = new Client(contacts.databaseUrl);
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await contacts.stop();
});
beforeEach(() => {
  workspaceId = newId();
  officer = contacts.token(workspaceId, 'contact:read', 'consent:read', 'consent:manage', 'consent:record');
  agent = contacts.token(workspaceId, 'contact:read', 'consent:record');
});

const TEXT = {
  purpose: 'marketing',
  locale: 'de',
  body: 'Ich möchte von der Käse & Söhne GmbH per WhatsApp Angebote bekommen. Widerruf jederzeit mit STOP.',
  privacyNoticeUrl: 'https://kaese.example/datenschutz',
  privacyNoticeVersion: '2026-11',
};
const CONTROLLER = {
  name: 'Käse & Söhne GmbH',
  address: 'Kuhgasse 3, 83607 Holzkirchen',
  email: 'datenschutz@kaese.example',
  privacyOfficer: 'Dr. Jana Groß, +49 8024 1234',
  jurisdiction: 'DE',
};

async function ask<T>(query: string, token: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await contacts.query(query, token, variables);
  expect(errors).toBeUndefined();
  return Object.values(data!)[0] as T;
}
const setController = (input: object = {}, token = officer) =>
  ask<{ code?: string; field?: string; name?: string }>(
    `mutation ($input: SetDataControllerInput!) { setDataController(input: $input) {
      ... on DataController { name } ... on UserError { code message } ... on InvalidInput { field } } }`,
    token,
    { input: { ...CONTROLLER, ...input } },
  );
interface Issued {
  id: string;
  code?: string;
  jws: string;
  url: string;
  pdf: string;
  json: string;
}
const RECEIPT = `id purpose jws url pdf: url(format: PDF, language: EN) json: url(format: JSON)`;
const issue = ({ contactId, channelId }: { contactId: string; channelId: string }, token = officer) =>
  ask<Issued>(
    `mutation ($input: IssueConsentReceiptInput!) { issueConsentReceipt(input: $input) {
      ... on ConsentReceipt { ${RECEIPT} } ... on UserError { code message } } }`,
    token,
    { input: { purpose: 'marketing', contactId, channelId } },
  );
const said = (kind: string, person: { contactId: string; channelId: string }, textHash?: string) =>
  ask<object>(
    `mutation ($input: RecordConsentInput!) { recordConsent(input: $input) {
      ... on ConsentRecorded { contactId } ... on UserError { code message } } }`,
    officer,
    {
      input: {
        subject: { contactId: person.contactId },
        channelId: person.channelId,
        purpose: 'marketing',
        kind,
        source: 'AGENT',
        textHash,
        evidence: { note: 'Im Laden unterschrieben.', document: { kind: 'PAPER', reference: 'Blatt 7' } },
        idempotencyKey: newId(),
      },
    },
  );

/** Somebody who agreed. */
async function somebody(identity: object = { phone: '+4915112345678', bsuid: 'DE.1' }) {
  const person = { contactId: newId(), channelId: newId() };
  await contacts.publish(contacts.event('opened', { workspaceId, ...person, identity }));
  await contacts.settle();
  const { hash } = await ask<{ hash: string }>(
    `mutation ($input: PublishConsentTextInput!) { publishConsentText(input: $input) { ... on ConsentText { hash } } }`,
    officer,
    { input: TEXT },
  );
  expect(await said('CONFIRMED', person, hash)).toEqual({ contactId: person.contactId });
  return { ...person, hash };
}

interface Checked {
  receipt: ConsentReceipt;
  jws: string;
  isGenuine: boolean;
  consent: { state: string; isGranted: boolean };
}
const check = async (url: string) => (await (await fetch(url)).json()) as Checked;

describe('a receipt', () => {
  it('says what was agreed in the shapes of both standards, and anybody can check its signature', async () => {
    await setController();
    const person = await somebody();
    const { id, jws, json } = await issue(person);
    const keys = (await (await fetch(`${contacts.service.url}/documents/keys.json`)).json()) as JSONWebKeySet;
    const { payload, protectedHeader } = await compactVerify(jws, createLocalJWKSet(keys));
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'consent-receipt+jwt' });
    const receipt = JSON.parse(new TextDecoder().decode(payload)) as ConsentReceipt;
    expect(receipt).toMatchObject({
      schema_version: expect.stringContaining('27560') as string,
      receipt_id: id,
      language: 'de',
      pii_controllers: [{ name: CONTROLLER.name, email: CONTROLLER.email }],
      privacy_notice: { uri: TEXT.privacyNoticeUrl, version: '2026-11' },
      consent_text: { text: TEXT.body, version: 1, sha256: person.hash },
      purposes: [{ purpose_id: 'marketing', collection_method: 'AGENT' }],
      events: [
        { type: 'consent_given', mechanism: 'AGENT', integrity: { ledger_position: expect.any(Number) as number } },
      ],
      verification: { uri: expect.stringContaining(`/documents/receipts?id=${id}`) as string },
      kantara: {
        version: 'KI-CR-v1.1.0',
        consentReceiptID: id,
        policyUrl: TEXT.privacyNoticeUrl,
        piiControllers: [{ piiController: CONTROLLER.name, onBehalf: false }],
        services: [{ purposes: [{ consentType: 'EXPLICIT' }] }],
      },
    });
    // Nothing in it leads to the person.
    expect(JSON.stringify(receipt)).not.toMatch(/15112345678|DE\.1|Blatt 7/);
    expect(await check(json)).toMatchObject({ isGenuine: true, jws, consent: { state: 'CONFIRMED', isGranted: true } });
  });

  it('is one as long as nothing new is said; later ones say what was, and the first tells that it is withdrawn', async () => {
    await setController();
    const person = await somebody();
    const first = await issue(person);
    expect(await issue(person)).toEqual(first);
    await said('WITHDRAWN', person);
    const second = await issue(person);
    expect(second.id).not.toBe(first.id);
    const [of, at] = [await check(first.json), await check(second.json)];
    expect(of).toMatchObject({ isGenuine: true, consent: { state: 'WITHDRAWN', isGranted: false } });
    expect(of.receipt.events.map(({ type }) => type)).toEqual(['consent_given']);
    expect(at.receipt.events.map(({ type }) => type)).toEqual(['consent_given', 'consent_withdrawn']);
    const page = await (await fetch(first.url)).text();
    expect(page).toContain('Diese Einwilligung gilt nicht mehr: Sie haben sie am');
    const shown = await ask<{ consentReceipts: Issued[] }>(
      `query ($id: ID!) { contact(id: $id) { consentReceipts { id } } }`,
      officer,
      { id: person.contactId },
    );
    expect(shown.consentReceipts.map(({ id }) => id).toSorted()).toEqual([first.id, second.id].toSorted());
  });

  it('is read by the person as a page and as a PDF, in German and in English, without signing in', async () => {
    await setController();
    const { url, pdf } = await issue(await somebody());
    const page = await fetch(url);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toContain('no-store');
    const html = await page.text();
    expect(html).toContain('<html lang="de">');
    expect(html).toContain('Käse &amp; Söhne GmbH');
    expect(html).toContain('<blockquote lang="de">Ich möchte von der Käse &amp; Söhne GmbH');
    expect(html).toContain('+49 ••• 78');
    expect(html).not.toContain('15112345678');
    const file = await fetch(pdf);
    expect(file.headers.get('content-type')).toBe('application/pdf');
    const { text } = await extractText(await getDocumentProxy(new Uint8Array(await file.arrayBuffer())), {
      mergePages: true,
    });
    const words = text.replace(/\s+/g, ' ');
    expect(words).toContain('Receipt of your consent');
    expect(words).toContain('This consent has been in force since');
    expect(words).toContain('Ich möchte von der Käse & Söhne GmbH per WhatsApp Angebote');
  });

  it('is of the number, where messages go, and counts no longer once the number is another’s', async () => {
    await setController();
    const person = await somebody();
    const { json } = await issue(person);
    const { receipt } = await check(json);
    const { rows } = await owner.query('select kind from contact_identity where id = $1', [receipt.pii_principal_id]);
    expect(rows).toEqual([{ kind: 'PHONE' }]);
    const identity = { phone: '+4915199999999', bsuid: 'DE.1' };
    await contacts.publish(contacts.event('identity_changed', { workspaceId, ...person, identity }));
    await contacts.settle();
    expect(await check(json)).toMatchObject({ isGenuine: true, consent: { state: 'UNKNOWN', isGranted: false } });
  });
});

describe('a receipt that somebody changed', () => {
  const asOwner = async (table: string, change: string, ...values: unknown[]) => {
    await owner.query(`alter table ${table} disable trigger append_only`);
    await owner.query(change, values);
    await owner.query(`alter table ${table} enable always trigger append_only`);
  };

  it('is not genuine: neither with other words, nor of an entry that is another one now', async () => {
    await setController();
    const person = await somebody();
    const { id, jws, json, url } = await issue(person);
    const [header, payload, signature] = jws.split('.');
    const forged = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as ConsentReceipt;
    forged.consent_text.text = 'Alles ist erlaubt.';
    const other = [header, Buffer.from(JSON.stringify(forged)).toString('base64url'), signature].join('.');
    await asOwner('consent_receipt', 'update consent_receipt set jws = $2 where id = $1', id, other);
    expect(await check(json)).toMatchObject({ isGenuine: false });
    expect(await (await fetch(url)).text()).toContain('Vorsicht: Die Unterschrift passt nicht');
    await asOwner('consent_receipt', 'update consent_receipt set jws = $2 where id = $1', id, jws);
    expect(await check(json)).toMatchObject({ isGenuine: true });
    await asOwner('consent_event', `update consent_event set hash = sha256('x') where workspace_id = $1`, workspaceId);
    expect(await check(json)).toMatchObject({ isGenuine: false });
  });

  it('cannot be changed by the service', async () => {
    await expect(contacts.database.system().execute('update consent_receipt set jws = jws')).rejects.toThrow();
    await expect(owner.query('delete from consent_receipt')).rejects.toThrow(/append-only/);
  });
});

describe('who may', () => {
  it.each(['', '?id=x', `?id=${newId()}`])('see nothing under an address that nobody was given: %j', async (asked) => {
    expect((await fetch(`${contacts.service.url}/documents/receipts${asked}`)).status).toBe(404);
  });

  it('give one out, and see those that were, is whoever may read proof; and it is noted', async () => {
    await setController();
    const person = await somebody();
    const input = { contactId: person.contactId, channelId: person.channelId, purpose: 'marketing' };
    const { errors } = await contacts.query(
      'mutation ($input: IssueConsentReceiptInput!) { issueConsentReceipt(input: $input) { __typename } }',
      agent,
      { input },
    );
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const list = 'query ($id: ID!) { contact(id: $id) { consentReceipts { id } } }';
    expect(await ask(list, agent, { id: person.contactId })).toEqual({ consentReceipts: null });
    await issue(person);
    expect(await issue(person, contacts.token(newId(), 'contact:read', 'consent:read'))).toMatchObject({
      code: 'NOT_FOUND',
    });
    await ask(list, officer, { id: person.contactId });
    await expect
      .poll(async () => {
        const { rows } = await owner.query(
          `select envelope::jsonb->'data'->>'action' as action from outbox where workspace_id = $1 and name like '%audit_entry%'`,
          [workspaceId],
        );
        return rows.map(({ action }) => action as string);
      })
      .toEqual(expect.arrayContaining(['contact.receipt_issue', 'contact.consent_read', 'data_controller.update']));
  });

  it('says who is responsible, before there is any', async () => {
    const person = await somebody();
    expect(await issue(person)).toMatchObject({ code: 'DATA_CONTROLLER_MISSING' });
    expect(await setController({ email: 'no' })).toMatchObject({ code: 'INVALID_INPUT', field: 'email' });
    expect(await setController({ jurisdiction: 'Deutschland' })).toMatchObject({ field: 'jurisdiction' });
    expect(await setController({ name: 'Neu GmbH' })).toEqual({ name: 'Neu GmbH' });
    expect(await setController()).toEqual({ name: CONTROLLER.name });
  });

  it('gets none of who never agreed', async () => {
    await setController();
    const [contactId, channelId] = [newId(), newId()];
    await contacts.publish(
      contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone: '+4915112345678' } }),
    );
    await contacts.settle();
    await said('WITHDRAWN', { contactId, channelId });
    expect(await issue({ contactId, channelId })).toMatchObject({ code: 'CONSENT_NEVER_GIVEN' });
  });
});
