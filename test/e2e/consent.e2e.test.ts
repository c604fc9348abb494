import { createHash } from 'node:crypto';
import { DEMO_NUMBER } from '@fenster/local';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, signIn } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { scanQrCode } from '../support/scan-qr-code.js';
import { askSandbox } from '../support/sandbox.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';

let stack: TestStack;
let owner: string;
const ANNA = { phone: '4915112345678', bsuid: 'DE.CONSENT1', name: 'Anna Bauer' };
const { phoneNumberId } = DEMO_NUMBER;

beforeAll(async () => {
  stack = await startTestStack();
  owner = await signIn(
    stack.graphqlUrl,
    stack.demo.members.find((member) => member.role === 'owner')!,
  );
});
afterAll(() => stack?.stop());

async function ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await request<Record<string, T>>(stack.graphqlUrl, query, { variables, token: owner });
  expect(errors).toBeUndefined();
  return Object.values(data)[0]!;
}
const sandbox = <T>(method: string, path: string, body?: object) => askSandbox<T>(stack, method, path, body);
const write = (text: string) => sandbox('POST', 'inbound', { phoneNumberId, from: ANNA, text });

interface Contact {
  id: string;
  attribution: object | null;
  consents: { identityKind: string; state: string; isGranted: boolean; source: string; purpose: { key: string } }[];
  consentEvents: {
    nodes: {
      kind: string;
      source: string;
      evidence: {
        clickToChatLinkId: string | null;
        messageId: string | null;
        requestMessageId: string | null;
        webhookHash: string | null;
      };
    }[];
  };
}
const LINK = '{ campaign locale conversationCount }';
const CONTACT = `id attribution ${LINK} consents { purpose { key } identityKind state isGranted source }
  consentEvents { nodes { kind source evidence { clickToChatLinkId messageId requestMessageId webhookHash } } }`;
interface Shown {
  id: string;
  channel: { id: string };
  contact: Contact;
  consentRequest: { answer: string | null } | null;
  clickToChatLink: object | null;
}
const anna = async () => {
  const { nodes } = await ask<{ nodes: Shown[] }>(
    `{ conversations(first: 10) { nodes { id channel { id } consentRequest { answer } clickToChatLink ${LINK} contact { ${CONTACT} } } } }`,
  );
  // Bernd comes later.
  return nodes.at(-1)!;
};
const phoneOf = async ({ bsuid }: { bsuid: string }) => JSON.stringify(await sandbox<object>('GET', `phones/${bsuid}`));
const publish = (locale: string, body: string) =>
  ask<{ hash: string }>(
    `mutation ($input: PublishConsentTextInput!) { publishConsentText(input: $input) { ... on ConsentText { hash } } }`,
    {
      input: {
        purpose: 'marketing',
        locale,
        body,
        privacyNoticeUrl: 'https://muster.example/datenschutz',
        privacyNoticeVersion: '2026-11',
      },
    },
  );
const TEXT = 'Ich möchte Angebote der Muster GmbH per WhatsApp bekommen. Widerruf jederzeit mit STOP.';

const CAME_BY = { campaign: 'Sommer', locale: 'de', conversationCount: 1 };
async function createLink(textHash: string): Promise<{ id: string; qrCodeUrl: string }> {
  const [channel] = await ask<{ id: string }[]>('{ channels { id } }');
  return ask(
    `mutation ($input: CreateClickToChatLinkInput!) { createClickToChatLink(input: $input) {
      ... on ClickToChatLink { id qrCodeUrl } ... on UserError { message } } }`,
    {
      input: {
        channelId: channel!.id,
        name: 'Schaufenster',
        campaign: 'Sommer',
        locale: 'de',
        text: 'Ich möchte Angebote per WhatsApp bekommen.',
        textHash,
        idempotencyKey: 'poster',
      },
    },
  );
}
/** To those who read messages: a code means something from then on. */
async function isKnown(linkId: string): Promise<void> {
  const client = new pg.Client({ connectionString: stack.deployment.databaseUrls.conversation });
  await client.connect();
  try {
    await eventually(async () => {
      const { rows } = await client.query('select from click_to_chat_link where id = $1', [linkId]);
      expect(rows).toHaveLength(1);
    });
  } finally {
    await client.end();
  }
}
/** What a phone that scans the code writes into the chat. */
async function scan(qrCodeUrl: string): Promise<string> {
  const image = Buffer.from(await (await fetch(qrCodeUrl)).arrayBuffer());
  return new URL(scanQrCode(image)).searchParams.get('text')!;
}

interface Receipt {
  receipt: { events: { type: string }[]; consent_text: { text: string } };
  isGenuine: boolean;
  consent: { state: string; isGranted: boolean };
}
const receipt = async (url: string) => (await (await fetch(url)).json()) as Receipt;
const offer = async () => {
  const { id: conversationId } = await anna();
  const template = {
    name: 'angebot',
    language: 'de',
    body: [
      { name: 'name', text: 'Anna' },
      { name: 'rabatt', text: '10 %' },
    ],
    buttons: [{ index: 0, value: 'fahrrad' }],
  };
  return ask<{ isAllowed: boolean; reasons: { code: string }[] }>(
    `query ($input: CheckSendInput!) { checkSend(input: $input) { isAllowed reasons { code } } }`,
    { input: { conversationId, content: { template } } },
  );
};

describe('the consent of a customer', () => {
  it('lives from the QR code over a JA to the STOPP that they write, and its receipt tells each', async () => {
    const { hash } = await publish('de', TEXT);
    await eventually(async () => {
      await ask<string>('{ consentRequestWording(purpose: "marketing", locale: "de") }');
    });
    const poster = await eventually(async () => {
      const link = await createLink(hash);
      expect(link).toMatchObject({ id: expect.any(String) as string });
      return link;
    });
    await isKnown(poster.id);
    await write(await scan(poster.qrCodeUrl));
    await eventually(async () => expect(await phoneOf(ANNA)).toContain(TEXT));
    expect(await phoneOf(ANNA)).toContain('Antworten Sie mit JA');
    expect((await anna()).contact.consents).not.toContainEqual(expect.objectContaining({ isGranted: true }));
    await eventually(async () => {
      expect((await offer()).reasons.map(({ code }) => code)).toEqual(['CONSENT_MISSING']);
    });

    await write('JA');
    await eventually(async () =>
      expect((await anna()).contact.consents).toMatchObject(
        Array.from({ length: 2 }, () => ({ purpose: { key: 'marketing' }, state: 'CONFIRMED', source: 'KEYWORD' })),
      ),
    );
    const { contact, channel, consentRequest, clickToChatLink } = await anna();
    expect(consentRequest).toEqual({ answer: 'CONFIRMED' });
    const requested = contact.consentEvents.nodes.find(({ kind }) => kind === 'REQUESTED')!;
    expect(requested).toMatchObject({ source: 'QR', evidence: { clickToChatLinkId: poster.id } });
    expect([contact.attribution, clickToChatLink]).toEqual([CAME_BY, CAME_BY]);
    const confirmed = contact.consentEvents.nodes.find(({ kind }) => kind === 'CONFIRMED')!;
    expect(confirmed.evidence).toMatchObject({
      messageId: expect.any(String) as string,
      requestMessageId: expect.any(String) as string,
    });
    await eventually(async () => expect(await phoneOf(ANNA)).toContain('Ihre Einwilligung ist vermerkt'));
    await eventually(async () => expect(await offer()).toEqual({ isAllowed: true, reasons: [] }));

    await ask(`mutation { setDataController(input: {
      name: "Muster GmbH", address: "Musterweg 1, 10115 Berlin", email: "datenschutz@muster.example", jurisdiction: "DE"
    }) { __typename } }`);
    const { url } = await ask<{ url: string }>(
      `mutation ($input: IssueConsentReceiptInput!) { issueConsentReceipt(input: $input) {
        ... on ConsentReceipt { url(format: JSON) } ... on UserError { message } } }`,
      { input: { contactId: contact.id, channelId: channel.id, purpose: 'marketing' } },
    );
    expect(await receipt(url)).toMatchObject({
      isGenuine: true,
      consent: { state: 'CONFIRMED', isGranted: true },
      receipt: {
        consent_text: { text: TEXT, sha256: hash },
        events: [{ type: 'consent_requested' }, { type: 'consent_given' }],
      },
    });

    await write('„Stopp!“');
    await eventually(async () => {
      expect((await offer()).reasons.map(({ code }) => code)).toEqual(['OPTED_OUT']);
    });
    await eventually(async () =>
      expect(await receipt(url)).toMatchObject({ isGenuine: true, consent: { state: 'WITHDRAWN', isGranted: false } }),
    );
    const { nodes } = (await anna()).contact.consentEvents;
    const withdrawn = nodes.find(({ kind }) => kind === 'WITHDRAWN')!;
    // The proof leads to the very webhook, which is kept.
    const { nodes: kept } = await ask<{ nodes: { body: string }[] }>(
      '{ webhookEvents(first: 20, filter: { field: "messages" }) { nodes { body } } }',
    );
    const hashes = kept.map(({ body }) => createHash('sha256').update(body).digest('hex'));
    expect(hashes).toContain(withdrawn.evidence.webhookHash);
    expect(hashes).toContain(confirmed.evidence.webhookHash);
    expect(hashes).toContain(requested.evidence.webhookHash);
    expect(withdrawn.evidence.messageId).not.toBeNull();
    // And the customer is told.
    await eventually(async () => expect(await phoneOf(ANNA)).toContain('keine Werbung mehr'));
  });

  it('begins on a form: who never wrote is asked by a template that says just that, and answers on the number', async () => {
    const BERND = { phone: '4915198765432', bsuid: 'DE.CONSENT2', name: 'Bernd Groß' };
    const { channel } = await anna();
    const askBernd = (key: string, signUp: object | null) =>
      ask<{ __typename: string; why?: string; wording?: string; id?: string }>(
        `mutation ($input: RequestConsentInput!) { requestConsent(input: $input) {
          __typename ... on ConsentRequest { id } ... on ConsentNotAskable { why } ... on ConsentTemplateMissing { wording } } }`,
        {
          input: {
            channelId: channel.id,
            phone: `+${BERND.phone}`,
            purpose: 'marketing',
            signUp,
            idempotencyKey: key,
          },
        },
      );
    const signUp = {
      source: 'FORM',
      signedUpAt: new Date(Date.now() - 60_000).toISOString(),
      formRequestId: 'form-7',
      formUrl: 'https://muster.example/newsletter',
    };
    const missing = await askBernd('form-7', signUp);
    expect(missing).toMatchObject({
      __typename: 'ConsentTemplateMissing',
      wording: expect.stringContaining(TEXT) as string,
    });
    await ask(
      `mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) { ... on Template { id } ... on UserError { message } } }`,
      {
        input: {
          channelId: channel.id,
          name: 'einwilligung',
          language: 'de',
          category: 'UTILITY',
          body: { text: missing.wording },
          buttons: [
            { kind: 'QUICK_REPLY', text: 'Ja' },
            { kind: 'QUICK_REPLY', text: 'Nein' },
          ],
        },
      },
    );
    const { templates } = await sandbox<{ templates: { id: string; name: string }[] }>('GET', 'templates');
    const { id } = templates.find(({ name }) => name === 'einwilligung')!;
    await sandbox('POST', `templates/${id}`, { event: 'APPROVED' });
    let tries = 0;
    await eventually(async () => {
      expect(await askBernd(`unasked-${(tries += 1)}`, null)).toEqual({
        __typename: 'ConsentNotAskable',
        why: 'SIGN_UP_NEEDED',
      });
    });
    expect(await askBernd('form-7', signUp)).toMatchObject({ __typename: 'ConsentRequest' });
    const bernd = async () => {
      const { nodes } = await ask<{ nodes: Shown[] }>(
        `{ conversations(first: 1) { nodes { id channel { id } consentRequest { answer } contact { ${CONTACT} } } } }`,
      );
      return nodes[0]!;
    };
    await eventually(async () =>
      expect((await bernd()).contact.consents).toMatchObject([
        { identityKind: 'PHONE', state: 'REQUESTED', source: 'FORM' },
      ]),
    );
    await sandbox('POST', 'inbound', { phoneNumberId, from: BERND, text: 'Ja' });
    await eventually(async () =>
      expect((await bernd()).contact.consents).toContainEqual(
        expect.objectContaining({ identityKind: 'PHONE', state: 'CONFIRMED', isGranted: true }),
      ),
    );
  });
});
