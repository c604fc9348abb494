import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  receiptOf,
  startThreemaPeer,
  textOf,
  type ThreemaPeer,
} from '../../services/channels/src/testing/threema-peer.js';
import { startTwilioPeer, type TwilioPeer } from '../../services/channels/src/testing/twilio-peer.js';
import { DEMO_APP_ID, DEMO_NUMBER } from '@fenster/local';
import { request, signIn } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';

let stack: TestStack;
let twilio: TwilioPeer;
let threema: ThreemaPeer;
let owner: string;
const DIALOG_360 = {
  ...DEMO_NUMBER,
  phoneNumberId: '106540352242999',
  displayPhoneNumber: '4930123499',
  wabaId: '419561257915499',
};
const API_KEY = 'd360-key';

beforeAll(async () => {
  [twilio, threema] = await Promise.all([startTwilioPeer(), startThreemaPeer()]);
  const dialog360 = { ...DIALOG_360, accessToken: 'token-360', dialog360: { apiKey: API_KEY } };
  stack = await startTestStack({
    extra: {
      channels: { TWILIO_API_URL: twilio.url, THREEMA_API_URL: threema.url },
      sandbox: {
        APP_ID: DEMO_APP_ID,
        NUMBERS: JSON.stringify([{ ...DEMO_NUMBER, accessToken: 'another' }, dialog360]),
      },
    },
  });
  owner = await signIn(
    stack.graphqlUrl,
    stack.demo.members.find((member) => member.role === 'owner')!,
  );
});
afterAll(async () => {
  await stack?.stop();
  await Promise.all([twilio?.stop(), threema?.stop()]);
});

async function ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await request<T>(stack.graphqlUrl, query, { variables, token: owner });
  expect(errors).toBeUndefined();
  return data;
}
interface Connected {
  id: string;
  setUp: { webhookUrl: string };
}
let keys = 0;
const key = () => `key-${(keys += 1)}`;
async function connect(kind: string, input: object): Promise<Connected> {
  const field = `connect${kind}Channel`;
  const answer = await ask<Record<string, Connected & { code?: string }>>(
    `mutation ($input: Connect${kind}ChannelInput!) { ${field}(input: $input) {
      ... on Channel { id setUp { webhookUrl } } ... on UserError { code message } } }`,
    { input: { name: kind, idempotencyKey: key(), ...input } },
  );
  expect(answer[field]).toHaveProperty('id');
  return answer[field]!;
}
interface Conversation {
  id: string;
  channel: { id: string; kind: string };
  contact: { name: string | null; phone: string | null; threemaId: string | null };
  serviceWindow: { isOpen: boolean; expiresAt: string | null };
  messages: { nodes: { id: string; text: string | null; status: string; failure: { agentText: string } | null }[] };
}
const CONVERSATION = `id channel { id kind } contact { name phone threemaId } serviceWindow { isOpen expiresAt }
  messages(last: 10) { nodes { id text status failure { agentText(locale: DE) } } }`;
const over = (channelId: string) =>
  eventually(async () => {
    const { conversations } = await ask<{ conversations: { nodes: Conversation[] } }>(
      `{ conversations(first: 20) { nodes { ${CONVERSATION} } } }`,
    );
    const found = conversations.nodes.find(({ channel }) => channel.id === channelId);
    expect(found).toBeDefined();
    return found!;
  });
async function send(conversationId: string, content: object) {
  const { sendMessage } = await ask<{ sendMessage: { id: string; field?: string } }>(
    `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
      ... on Message { id } ... on InvalidInput { code field } } }`,
    { input: { conversationId, idempotencyKey: key(), content } },
  );
  return sendMessage;
}
const become = (channelId: string, id: string, status: string) =>
  eventually(async () => {
    const { messages } = await over(channelId);
    expect(messages.nodes.find((message) => message.id === id)).toMatchObject({ status });
  });
const LIST = { list: { body: 'Wann?', button: 'Tage', sections: [{ rows: [{ id: '1', title: 'Heute' }] }] } };

describe('SMS by Twilio', () => {
  it('come in, are answered at any time, and say what became of them', async () => {
    const { authToken, accountSid } = twilio;
    const { id, setUp } = await connect('TwilioSms', {
      phoneNumber: '+4930901820',
      accountSid,
      credentials: { authToken },
    });
    expect(await twilio.post(setUp.webhookUrl, twilio.inbound('+4915112345699', 'Ist mein Rad fertig?'))).toBe(200);
    const conversation = await over(id);
    expect(conversation).toMatchObject({
      channel: { kind: 'TWILIO_SMS' },
      contact: { phone: '+4915112345699', threemaId: null },
      serviceWindow: { isOpen: true, expiresAt: null },
    });
    expect(await send(conversation.id, LIST)).toEqual({ code: 'INVALID_INPUT', field: 'content.list' });
    const reply = await send(conversation.id, { text: { body: 'Ja, seit heute.' } });
    const sent = await eventually(async () => {
      expect(twilio.sent).toMatchObject([{ to: '+4915112345699', from: '+4930901820', body: 'Ja, seit heute.' }]);
      return twilio.sent[0]!;
    });
    // The last one first: they come in any order.
    for (const status of ['delivered', 'sent', 'delivered']) {
      expect(await twilio.post(sent.statusCallback, twilio.statusOf(sent, status))).toBe(200);
    }
    await become(id, reply.id, 'DELIVERED');
    twilio.refuses.set('+4915112345699', 21610);
    const refused = await send(conversation.id, { text: { body: 'Noch etwas' } });
    await become(id, refused.id, 'FAILED');
    const { messages } = await over(id);
    expect(messages.nodes.at(-1)!.failure!.agentText).toContain('abbestellt');
  });
});

describe('Threema', () => {
  it('comes in encrypted, is answered so, and says that it was read', async () => {
    const anna = threema.add('ECHOECHO');
    const { gatewayId, apiSecret, privateKey } = threema;
    const { id, setUp } = await connect('Threema', { gatewayId, credentials: { apiSecret, privateKey } });
    expect(await threema.post(setUp.webhookUrl, threema.callback(anna, textOf('Grüezi'), { nickname: 'Anna' }))).toBe(
      200,
    );
    const conversation = await over(id);
    expect(conversation).toMatchObject({
      channel: { kind: 'THREEMA' },
      contact: { name: 'Anna', phone: null, threemaId: 'ECHOECHO' },
      serviceWindow: { isOpen: true, expiresAt: null },
      messages: { nodes: [{ text: 'Grüezi' }] },
    });
    expect(await send(conversation.id, LIST)).toEqual({ code: 'INVALID_INPUT', field: 'content.list' });
    const reply = await send(conversation.id, { text: { body: 'Grüß Gott' } });
    const sent = await eventually(async () => {
      expect(threema.sent).toMatchObject([{ to: 'ECHOECHO', text: 'Grüß Gott' }]);
      return threema.sent[0]!;
    });
    expect(await threema.post(setUp.webhookUrl, threema.callback(anna, receiptOf(2, sent.id)))).toBe(200);
    await become(id, reply.id, 'READ');
  });
});

describe('WhatsApp by 360dialog', () => {
  it('comes in with its secret header, is answered by its key, and has templates', async () => {
    const { phoneNumberId, wabaId } = DIALOG_360;
    const secretHeader = { name: 'X-Fenster', value: 'nobody-can-guess-it' };
    const { id, setUp } = await connect('Dialog360', {
      phoneNumberId,
      wabaId,
      phoneNumber: '+4930123499',
      currency: 'EUR',
      timeZone: 'Europe/Berlin',
      credentials: { apiKey: API_KEY, secretHeader },
    });
    const atSandbox = (path: string, body: object, key: Record<string, string> = {}) =>
      fetch(`${stack.sandboxUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...key },
        body: JSON.stringify(body),
      });
    const headers = { [secretHeader.name]: secretHeader.value };
    const webhook = { url: setUp.webhookUrl, headers };
    expect((await atSandbox('/v1/configs/webhook', webhook, { 'd360-api-key': API_KEY })).status).toBe(200);
    const from = { phone: '+4915112345677', name: 'Carla' };
    expect((await atSandbox('/sandbox/inbound', { phoneNumberId, from, text: 'Hallo' })).status).toBeLessThan(300);
    const conversation = await over(id);
    expect(conversation).toMatchObject({
      channel: { kind: 'WHATSAPP_360DIALOG' },
      contact: { name: 'Carla', phone: '+4915112345677' },
      serviceWindow: { isOpen: true, expiresAt: expect.any(String) as string },
    });
    const reply = await send(conversation.id, LIST);
    await become(id, reply.id, 'READ');

    // Its templates are read by its key, and sent; a new one is submitted there.
    const templates = (filter: object) =>
      ask<{ templates: { nodes: { id: string; name: string; status: string }[] } }>(
        'query ($filter: TemplateFilter) { templates(first: 50, filter: $filter) { nodes { id name status } } }',
        { filter: { channelId: id, ...filter } },
      ).then((answer) => answer.templates.nodes);
    const hello = await eventually(async () => {
      const [known] = await templates({ name: 'hello_world' });
      expect(known).toMatchObject({ status: 'APPROVED' });
      return known!;
    });
    // It is known where it was read before it is where it is sent from.
    const template = await eventually(async () => {
      const sent = await send(conversation.id, { template: { templateId: hello.id } });
      expect(sent).toHaveProperty('id');
      return sent;
    });
    await become(id, template.id, 'READ');
    const body = { text: 'Servus {{1}}, Ihr Rad ist fertig.', examples: [{ value: 'Carla' }] };
    const { createTemplate } = await ask<{ createTemplate: object }>(
      `mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) {
        ... on Template { name status } ... on UserError { code message } } }`,
      { input: { channelId: id, name: 'rad_ist_fertig', language: 'de', category: 'UTILITY', body } },
    );
    expect(createTemplate).toEqual({ name: 'rad_ist_fertig', status: 'PENDING' });
  });
});
