import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../json.js';
import type { InboundMessage, InboundStatus, ParsedWebhook } from '../provider.js';
import { parseWebhook } from './webhook.js';

const fixture = (name: string) => {
  const parsed = parseJson(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url)), { maxDepth: 32 });
  if (!parsed.ok) throw new Error(`fixture ${name} is ${parsed.reason}`);
  return parsed.value;
};
const messagesOf = (parsed: ParsedWebhook) => parsed.items.filter((item) => item.kind === 'message');
const statusesOf = (parsed: ParsedWebhook) => parsed.items.filter((item) => item.kind === 'status');

const NUMBER = '106540352242922';
const change = (value: unknown, field: unknown = 'messages') => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '419561257915477', changes: [{ field, value }] }],
});
const value = (parts: object) => ({
  messaging_product: 'whatsapp',
  metadata: { display_phone_number: '4930901820', phone_number_id: NUMBER },
  ...parts,
});
const text = (parts: object = {}) => ({
  from: '4915112345678',
  id: 'wamid.A',
  timestamp: '1795208400',
  type: 'text',
  text: { body: 'Hallo' },
  ...parts,
});
const status = (parts: object = {}) => ({ id: 'wamid.A', status: 'sent', timestamp: '1795208400', ...parts });

function onlyMessage(element: unknown, contacts?: unknown): InboundMessage {
  const parsed = parseWebhook(change(value({ contacts, messages: [element] })));
  expect(parsed.rejected).toEqual([]);
  expect(parsed.items).toHaveLength(1);
  return parsed.items[0] as InboundMessage;
}

function onlyStatus(element: unknown): InboundStatus {
  const parsed = parseWebhook(change(value({ statuses: [element] })));
  expect(parsed.rejected).toEqual([]);
  return parsed.items[0] as InboundStatus;
}

describe('parseWebhook: messages', () => {
  it('reads a text with phone, BSUID, user name and profile name', () => {
    expect(parseWebhook(fixture('text'))).toEqual({
      items: [
        {
          kind: 'message',
          path: '$.entry[0].changes[0].value.messages[0]',
          address: NUMBER,
          dedupeKey: 'message:wamid.HBgNNDkxNTExMjM0NTY3OBUCABIYFDNBQjQ4RjA2Q0M2RDVEMDkyRjcz00',
          providerMessageId: 'wamid.HBgNNDkxNTExMjM0NTY3OBUCABIYFDNBQjQ4RjA2Q0M2RDVEMDkyRjcz00',
          type: 'text',
          text: 'Grüß Gott, ist mein Fahrrad fertig? 🚲',
          payload: { body: 'Grüß Gott, ist mein Fahrrad fertig? 🚲' },
          truncated: false,
          sentAt: new Date('2026-11-20T21:00:00Z'),
          identity: {
            phone: '+4915112345678',
            bsuid: 'DE.13491208655302741918',
            username: 'anna.bauer',
            profileName: 'Anna Bauer',
          },
          opensWindow: true,
        },
      ],
      rejected: [],
    });
  });

  it('knows a customer by BSUID alone', () => {
    const [message] = messagesOf(parseWebhook(fixture('text-bsuid-only')));
    expect(message?.identity).toEqual({ bsuid: 'AT.77123908155302740001', username: 'zoe', profileName: 'Zoë' });
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string | undefined]>([
    ['the message', { from_parent_user_id: 'DE.ENT.1' }, {}, 'DE.ENT.1'],
    ['the contact', {}, { parent_user_id: 'DE.ENT.1' }, 'DE.ENT.1'],
    ['the message before the contact', { from_parent_user_id: 'DE.ENT.1' }, { parent_user_id: 'DE.ENT.2' }, 'DE.ENT.1'],
    ['neither where it is unreadable', { from_parent_user_id: 7 }, { parent_user_id: ' ' }, undefined],
  ])('reads the parent id of linked portfolios from %s', (_, told, contact, parentBsuid) => {
    const message = onlyMessage(text({ from_user_id: 'DE.1', ...told }), [{ user_id: 'DE.1', ...contact }]);
    expect(message.identity.parentBsuid).toBe(parentBsuid);
    expect(message.malformed).toBeUndefined();
  });

  it('knows nobody by a parent id alone', () => {
    const parsed = parseWebhook(
      change(value({ messages: [text({ from: undefined, from_parent_user_id: 'DE.ENT.1' })] })),
    );
    expect(parsed.items).toEqual([]);
    expect(parsed.rejected).toMatchObject([{ reason: 'sender missing or malformed' }]);
  });

  it('reads every kind, and says which open the window', () => {
    const parsed = parseWebhook(fixture('kinds'));
    expect(parsed.rejected).toEqual([]);
    expect(messagesOf(parsed).map(({ type, text, opensWindow }) => ({ type, text, opensWindow }))).toEqual([
      { type: 'reaction', text: undefined, opensWindow: false },
      { type: 'reaction', text: undefined, opensWindow: false },
      { type: 'interactive', text: 'Ja, bestätigen', opensWindow: true },
      { type: 'interactive', text: 'Dienstag 10 Uhr', opensWindow: true },
      { type: 'button', text: 'Stopp', opensWindow: true },
      { type: 'unsupported', text: undefined, opensWindow: false },
      { type: 'unsupported', text: undefined, opensWindow: false },
      { type: 'location', text: undefined, opensWindow: true },
      { type: 'contacts', text: undefined, opensWindow: true },
      { type: 'audio', text: undefined, opensWindow: true },
      { type: 'order', text: 'Bitte als Geschenk', opensWindow: true },
      { type: 'text', text: 'Ich komme von der Anzeige', opensWindow: true },
      { type: 'text', text: 'In der Gruppe', opensWindow: false },
      // An interactive answer that Meta could not render has no body, but the customer did write.
      { type: 'unsupported', text: undefined, opensWindow: true },
      { type: 'revoke', text: undefined, opensWindow: false },
      { type: 'system', text: undefined, opensWindow: false },
    ]);
  });

  // whatsapp.md §A6, §C1.
  it.each<[string, boolean, object]>([
    ['text', true, { text: { body: 'Hallo' } }],
    ['image', true, { image: { id: '7' } }],
    ['video', true, { video: { id: '7' } }],
    ['audio', true, { audio: { id: '7' } }],
    ['document', true, { document: { id: '7' } }],
    ['sticker', true, { sticker: { id: '7' } }],
    ['location', true, { location: { latitude: 1, longitude: 2 } }],
    ['contacts', true, { contacts: [{}] }],
    ['interactive', true, { interactive: { type: 'button_reply', button_reply: { id: '1', title: 'Ja' } } }],
    ['button', true, { button: { text: 'Ja', payload: 'ja' } }],
    ['order', true, { order: { catalog_id: '1', product_items: [] } }],
    ['reaction', false, { reaction: { message_id: 'wamid.B', emoji: '👍' } }],
    ['system', false, { system: { type: 'user_changed_number' } }],
    ['edit', false, { edit: { original_message_id: 'wamid.B' } }],
    ['revoke', false, { revoke: { original_message_id: 'wamid.B' } }],
    ['unsupported', false, { errors: [{ code: 131_051, title: 'Unsupported' }] }],
    ['something_new', false, { something_new: {} }],
  ])('says whether content of the type %s opens the service window: %s', (type, opensWindow, content) => {
    expect(onlyMessage({ ...text({ text: undefined }), type, ...content }).opensWindow).toBe(opensWindow);
  });

  it('lets nothing that the business wrote in its phone app open the service window', () => {
    const echoes = value({ message_echoes: [{ ...text(), from: '4930901820', to: '4915112345678' }] });
    const parsed = parseWebhook({
      object: 'whatsapp_business_account',
      entry: [{ id: '1', changes: [{ field: 'smb_message_echoes', value: echoes }] }],
    });
    expect(parsed.items).toMatchObject([{ kind: 'message', isEcho: true, opensWindow: false }]);
  });

  it('keeps what later features need of special kinds', () => {
    const parsed = parseWebhook(fixture('kinds'));
    const messages = messagesOf(parsed);
    expect(messages[0]?.payload).toEqual({ message_id: 'wamid.OUT1', emoji: '👍' });
    expect(messages[1]?.payload).toEqual({ message_id: 'wamid.OUT1' });
    expect(messages[2]?.contextProviderMessageId).toBe('wamid.OUT5');
    expect(messages[5]?.payload).toEqual({
      type: 'unsupported',
      content: { type: 'poll_creation' },
      errors: [{ code: 131051, title: 'Message type unknown', details: 'Message type is currently not supported.' }],
    });
    expect(messages[6]?.payload).toEqual({ type: 'hologram', content: { id: '77' } });
    expect(messages[8]?.payload).toMatchObject({ contacts: [{ name: { formatted_name: 'Ina Roth' } }] });
    expect(messages[11]?.referral).toEqual({
      sourceType: 'ad',
      sourceId: '120210',
      sourceUrl: 'https://fb.me/abc',
      headline: 'Neue Räder',
      clickId: 'ARAkLkA8rmlFeiCktEJQ',
    });
    expect(messages[12]?.groupId).toBe('Y2FwaV9ncm91cDox');
    expect(messages[15]?.payload).toMatchObject({
      type: 'user_changed_number',
      previous_user_id: 'DE.13491208655302741918',
    });
    expect(messages[15]?.identity).toEqual({ phone: '+4915112345678', bsuid: 'DE.13491208655302741918' });
    expect(parsed.items.at(-1)).toMatchObject({
      kind: 'other',
      field: 'messages',
      address: NUMBER,
      errors: [{ code: 131000, title: 'Something went wrong', details: 'Payload could not be rendered.' }],
    });
  });

  it('tells changes of messages from messages', () => {
    const messages = messagesOf(parseWebhook(fixture('kinds')));
    const changes = messages.flatMap((message) => message.changes ?? []);
    expect(changes).toEqual([
      { providerMessageId: 'wamid.OUT1', change: { kind: 'reaction', emoji: '👍' } },
      { providerMessageId: 'wamid.OUT1', change: { kind: 'reaction', emoji: null } },
      { providerMessageId: 'wamid.IN1', change: { kind: 'revoke' } },
    ]);
  });

  it.each([
    [
      { type: 'text', text: { body: 'am 21.' } },
      { kind: 'edit', type: 'text', text: 'am 21.' },
    ],
    [
      { type: 'image', image: { id: '9', caption: 'so' } },
      { kind: 'edit', type: 'image', text: 'so', payload: { id: '9', caption: 'so' } },
    ],
  ])('reads what a message was changed to', (message, expected) => {
    const edit = { original_message_id: 'wamid.IN1', message };
    const { opensWindow, changes } = onlyMessage(text({ type: 'edit', text: undefined, edit }));
    expect({ opensWindow, changes }).toEqual({
      opensWindow: false,
      changes: { providerMessageId: 'wamid.IN1', change: expected },
    });
  });

  it.each([
    ['reaction', { emoji: '👍' }],
    ['reaction', { message_id: 'wamid.IN1', emoji: 5 }],
    ['revoke', {}],
    ['edit', { original_message_id: 'wamid.IN1' }],
    ['edit', { original_message_id: 'wamid.IN1', message: { type: 'edit', edit: {} } }],
    ['edit', { original_message_id: 'wamid.IN1', message: { type: 'text', text: { body: null } } }],
  ])('keeps a %s that names no message or no change as a placeholder', (type, content) => {
    const message = onlyMessage(text({ type, text: undefined, [type]: content }));
    expect(message).toMatchObject({ type: 'unsupported', payload: { type, content }, opensWindow: false });
    expect(message.changes).toBeUndefined();
  });

  it('knows the person of a notice by the id that they had', () => {
    const system = { type: 'user_changed_user_id', user_id: 'DE.2', previous_user_id: 'DE.1' };
    const notice = onlyMessage(text({ from: undefined, type: 'system', text: undefined, system }));
    expect(notice).toMatchObject({ type: 'system', identity: { bsuid: 'DE.1' }, becomes: { bsuid: 'DE.2' } });
  });

  it.each<[string, Record<string, unknown>, object, object, object | undefined]>([
    [
      'a number and a user id, told with the former ones',
      { from: '4915112345678', from_user_id: 'DE.1' },
      { type: 'user_changed_number', wa_id: '4915187654321', user_id: 'DE.2', previous_user_id: 'DE.1' },
      { phone: '+4915112345678', bsuid: 'DE.1' },
      { phone: '+4915187654321', bsuid: 'DE.2' },
    ],
    [
      'the same, told with the new ones',
      { from: '4915187654321', from_user_id: 'DE.2' },
      { type: 'user_changed_number', wa_id: '4915187654321', user_id: 'DE.2', previous_user_id: 'DE.1' },
      { bsuid: 'DE.1' },
      { phone: '+4915187654321', bsuid: 'DE.2' },
    ],
    [
      'with the parent ids of linked portfolios',
      { from_user_id: 'DE.1', from_parent_user_id: 'DE.ENT.1' },
      {
        type: 'user_changed_user_id',
        user_id: 'DE.2',
        parent_user_id: 'DE.ENT.2',
        previous_parent_user_id: 'DE.ENT.1',
      },
      { bsuid: 'DE.1', parentBsuid: 'DE.ENT.1' },
      { bsuid: 'DE.2', parentBsuid: 'DE.ENT.2' },
    ],
    [
      'a number, as before 2025',
      { from: '4915112345678' },
      { type: 'customer_changed_number', new_wa_id: '4915187654321' },
      { phone: '+4915112345678' },
      { phone: '+4915187654321' },
    ],
    [
      'nothing that could be named',
      { from: '4915112345678' },
      { type: 'user_changed_number', wa_id: 7 },
      { phone: '+4915112345678' },
      undefined,
    ],
    [
      'no name, but a key',
      { from: '4915112345678' },
      { type: 'customer_identity_changed', wa_id: '4915187654321' },
      { phone: '+4915112345678' },
      undefined,
    ],
  ])('reads that somebody has another name: %s', (_, from, system, identity, becomes) => {
    const notice = onlyMessage(text({ from: undefined, ...from, type: 'system', text: undefined, system }));
    expect(notice.identity).toEqual(identity);
    expect(notice.becomes).toEqual(becomes);
  });

  it('reads what a colleague writes in the phone app: to whom, and that it opens no window', () => {
    const contacts = [{ wa_id: '4915112345678', user_id: 'DE.1' }];
    const echo = text({ from: '4930901820', to: '4915112345678', to_user_id: 'DE.1' });
    const revoke = { ...echo, id: 'wamid.B', type: 'revoke', revoke: { original_message_id: 'wamid.A' } };
    const parsed = parseWebhook(change(value({ contacts, message_echoes: [echo, revoke] }), 'smb_message_echoes'));
    expect(parsed.rejected).toEqual([]);
    expect(parsed.items).toMatchObject([
      {
        isEcho: true,
        type: 'text',
        text: 'Hallo',
        identity: { phone: '+4915112345678', bsuid: 'DE.1' },
        opensWindow: false,
      },
      { isEcho: true, changes: { providerMessageId: 'wamid.A', change: { kind: 'revoke' } } },
    ]);
  });

  it('takes all elements of a batch and names the bad ones without their content', () => {
    const parsed = parseWebhook(fixture('batch'));
    expect(messagesOf(parsed).map((message) => [message.address, message.text, message.identity.profileName])).toEqual([
      [NUMBER, 'eins', 'Anna Bauer'],
      [NUMBER, 'zwei', 'Max'],
      [NUMBER, 'So sieht es aus', 'Anna Bauer'],
      ['207777777777777', 'fünf', 'Max'],
    ]);
    expect(statusesOf(parsed)).toHaveLength(1);
    expect(parsed.items.filter((item) => item.kind === 'other').map((item) => item.field)).toEqual([
      'message_template_status_update',
      'account_update',
    ]);
    expect(parsed.rejected).toEqual([
      { path: '$.entry[0].changes[0].value.messages[2]', reason: 'timestamp missing or out of range' },
      { path: '$.entry[0].changes[0].value.statuses[1]', reason: 'not an object' },
      { path: '$.entry[1]', reason: 'not an object' },
    ]);
  });

  it.each([
    ['id', undefined, 'id missing or malformed'],
    ['id', '', 'id missing or malformed'],
    ['id', 'wamid with space', 'id missing or malformed'],
    ['id', 'w'.repeat(257), 'id missing or malformed'],
    ['id', { toString: 'x' }, 'id missing or malformed'],
    ['timestamp', undefined, 'timestamp missing or out of range'],
    ['timestamp', '1e9', 'timestamp missing or out of range'],
    ['timestamp', '-1795208400', 'timestamp missing or out of range'],
    ['timestamp', '0', 'timestamp missing or out of range'],
    ['timestamp', '17952084000', 'timestamp missing or out of range'],
    ['timestamp', 1e308, 'timestamp missing or out of range'],
    ['timestamp', 1_795_208_400.5, 'timestamp missing or out of range'],
    ['timestamp', Number.NaN, 'timestamp missing or out of range'],
    ['from', undefined, 'sender missing or malformed'],
    ['from', '', 'sender missing or malformed'],
    ['from', '0151', 'sender missing or malformed'],
    ['from', '4915112345678901', 'sender missing or malformed'],
    ['from', 4915112345678, 'sender missing or malformed'],
  ])('rejects a message whose %s is %j', (key, wrong, reason) => {
    const parsed = parseWebhook(change(value({ messages: [text({ [key]: wrong }), text({ id: 'wamid.B' })] })));
    expect(messagesOf(parsed).map((message) => message.providerMessageId)).toEqual(['wamid.B']);
    expect(parsed.rejected).toEqual([{ path: '$.entry[0].changes[0].value.messages[0]', reason }]);
  });

  it('takes timestamps as numbers too', () => {
    expect(onlyMessage(text({ timestamp: 1_795_208_400 })).sentAt).toEqual(new Date('2026-11-20T21:00:00Z'));
  });

  it('goes on with the BSUID when the phone is unreadable, and says so', () => {
    const message = onlyMessage(text({ from: 'hidden', from_user_id: 'DE.1' }));
    expect(message.identity).toEqual({ bsuid: 'DE.1' });
    expect(message.malformed).toEqual(['from']);
  });

  it('never gives a message the contact of somebody else', () => {
    const contacts = [
      { user_id: 'DE.1', wa_id: '4915100000001', profile: { name: 'Eins' } },
      { user_id: 'DE.2', wa_id: '4915100000002', profile: { name: 'Zwei' } },
    ];
    expect(onlyMessage(text({ from: '4915100000003', from_user_id: 'DE.3' }), contacts).identity).toEqual({
      phone: '+4915100000003',
      bsuid: 'DE.3',
    });
    expect(onlyMessage(text({ from: '4915100000002' }), contacts).identity).toEqual({
      phone: '+4915100000002',
      bsuid: 'DE.2',
      profileName: 'Zwei',
    });
    expect(
      onlyMessage(text({ from_user_id: 'DE.9' }), [{ user_id: 'DE.1', profile: { name: 'Eins' } }]).identity,
    ).toEqual({
      phone: '+4915112345678',
      bsuid: 'DE.9',
    });
  });

  it('takes the only contact for the sender even where wa_id and from differ', () => {
    const brazil = { wa_id: '5511912345678', profile: { name: 'João' } };
    expect(onlyMessage(text({ from: '551112345678' }), [brazil]).identity).toEqual({
      phone: '+551112345678',
      profileName: 'João',
    });
  });

  it.each([
    ['no type', { type: undefined }, { type: 'unsupported' }],
    ['a type that is no string', { type: 7 }, { type: 'unsupported' }],
    ['a text without body', { text: {} }, { type: 'text', content: {} }],
    ['a text that is no object', { text: 'Hallo' }, { type: 'text' }],
    ['contacts that are no array', { type: 'contacts', contacts: {} }, { type: 'contacts', content: {} }],
    ['a type named like something inherited', { type: 'constructor' }, { type: 'constructor' }],
    ['a type named __proto__', { type: '__proto__' }, { type: '__proto__' }],
  ])('makes a placeholder of a message with %s', (_name, parts, payload) => {
    const message = onlyMessage(text(parts));
    expect(message).toMatchObject({ type: 'unsupported', truncated: false });
    expect(message.payload).toEqual(payload);
  });

  it('replaces what PostgreSQL cannot store', () => {
    const message = onlyMessage(JSON.parse(JSON.stringify(text({ text: { body: 'a\0b\ud800c', 'k\0': ['\0'] } }))));
    expect(message.text).toBe('a\uFFFDb\uFFFDc');
    expect(message.payload).toEqual({ body: 'a\uFFFDb\uFFFDc', 'k\uFFFD': ['\uFFFD'] });
  });

  it('cuts long texts, and leaves large payloads to the raw body', () => {
    const message = onlyMessage(text({ text: { body: 'x'.repeat(200_000) } }));
    expect(message.text).toHaveLength(65_536);
    expect(message.payload).toEqual({});
    expect(message.truncated).toBe(true);
  });

  it('does not follow deep payloads', () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 20; i++) deep = { deep };
    expect(onlyMessage(text({ type: 'location', location: { deep } }))).toMatchObject({ payload: {}, truncated: true });
  });

  it('lets __proto__ pollute nothing', () => {
    const body = JSON.stringify(change(value({ messages: [text()] }))).replace(
      '"body":"Hallo"',
      '"body":"Hallo","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}',
    );
    const [message] = parseWebhook(JSON.parse(body)).items as InboundMessage[];
    expect(Object.getPrototypeOf(message?.payload)).toBe(Object.prototype);
    expect(message?.payload.polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(message?.text).toBe('Hallo');
  });

  it('names unreadable optional parts and keeps the message', () => {
    const message = onlyMessage(text({ context: 'x', referral: [], group_id: 5 }));
    expect(message.malformed).toEqual(['group_id', 'context', 'referral']);
    expect(message.opensWindow).toBe(false);
  });
});

describe('parseWebhook: statuses', () => {
  it('reads statuses with prices, our id, country and errors', () => {
    const parsed = parseWebhook(fixture('statuses'));
    expect(parsed.rejected).toEqual([]);
    expect(parsed.items).toEqual([
      {
        kind: 'status',
        path: '$.entry[0].changes[0].value.statuses[0]',
        address: NUMBER,
        dedupeKey: 'status:sent:wamid.OUT1',
        providerMessageId: 'wamid.OUT1',
        callbackData: '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f',
        status: 'sent',
        occurredAt: new Date('2026-11-20T21:00:01Z'),
        recipientCountry: 'DE',
        pricing: { model: 'PMP', category: 'service', type: 'free_customer_service', billable: false },
        errors: [],
      },
      expect.objectContaining({
        dedupeKey: 'status:delivered:wamid.OUT1',
        pricing: { model: 'PMP', category: 'service', type: 'regular', billable: true },
      }),
      expect.objectContaining({ status: 'read', recipientCountry: 'AT' }),
      expect.objectContaining({
        status: 'failed',
        recipientCountry: 'DE',
        errors: [
          {
            code: 131047,
            reason: 'window_closed',
            title: 'The 24-hour window is closed: only a template can be sent now.',
            details:
              'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
          },
        ],
      }),
    ]);
  });

  it('reads the end of a free entry point window, and spells categories in one way', () => {
    const [item] = statusesOf(parseWebhook(fixture('status-free-entry-point')));
    expect(item?.conversationExpiresAt).toEqual(new Date('2026-11-23T21:00:05Z'));
    expect(item?.pricing).toEqual({
      model: 'PMP',
      category: 'authentication_international',
      type: 'free_entry_point',
      billable: false,
    });
  });

  it.each([
    [{ status: 'deleted' }, 'status missing or unknown'],
    [{ status: undefined }, 'status missing or unknown'],
    [{ status: 'constructor' }, 'status missing or unknown'],
    [{ id: 7 }, 'id missing or malformed'],
    [{ timestamp: '99999999999' }, 'timestamp missing or out of range'],
  ])('rejects a status with %j', (parts, reason) => {
    const parsed = parseWebhook(change(value({ statuses: [status(parts)] })));
    expect(parsed).toEqual({ items: [], rejected: [{ path: '$.entry[0].changes[0].value.statuses[0]', reason }] });
  });

  it.each([
    ['pricing', { pricing: 'free' }],
    ['pricing', { pricing: { pricing_model: 'PMP' } }],
    ['pricing', { pricing: { pricing_model: 'PMP', category: 'a\0b' } }],
    ['pricing', { pricing: { pricing_model: 'PMP', category: 'service', type: 1 } }],
    ['errors', { errors: {} }],
    ['conversation', { conversation: { expiration_timestamp: 'never' } }],
  ])('keeps a status with unreadable %s and says so', (part, parts) => {
    const item = onlyStatus(status(parts));
    expect(item.status).toBe('sent');
    expect(item.malformed).toEqual([part]);
    expect(item.pricing).toBeUndefined();
  });

  it('keeps at most twenty errors and skips what is none', () => {
    const errors = [null, { code: '1' }, ...Array.from({ length: 30 }, (_, code) => ({ code, title: 'x' }))];
    expect(onlyStatus(status({ errors })).errors.map((error) => error.code)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
  });
});

describe('parseWebhook: envelope', () => {
  it.each([
    [undefined, '$'],
    [null, '$'],
    ['text', '$'],
    [[], '$'],
    [{}, '$.object'],
    [{ object: 'page', entry: [] }, '$.object'],
    [{ object: 'whatsapp_business_account' }, '$.entry'],
    [{ object: 'whatsapp_business_account', entry: {} }, '$.entry'],
    [{ object: 'whatsapp_business_account', entry: [7] }, '$.entry[0]'],
    [{ object: 'whatsapp_business_account', entry: [{ changes: 1 }] }, '$.entry[0].changes'],
    [{ object: 'whatsapp_business_account', entry: [{ changes: [null] }] }, '$.entry[0].changes[0]'],
    [change({}, 7), '$.entry[0].changes[0].field'],
    [change({}, 'no such field!'), '$.entry[0].changes[0].field'],
    [change('x'), '$.entry[0].changes[0].value'],
    [change(value({ messages: {} })), '$.entry[0].changes[0].value.messages'],
    [change(value({ metadata: {}, messages: [text()] })), '$.entry[0].changes[0].value.messages[0]'],
    [change(value({ metadata: 1, statuses: [status()] })), '$.entry[0].changes[0].value.statuses[0]'],
  ])('rejects %j at %s', (body, path) => {
    const parsed = parseWebhook(body);
    expect(parsed.items).toEqual([]);
    expect(parsed.rejected.map((element) => element.path)).toEqual([path]);
  });

  it('shows every other field, and the same one twice under one key', () => {
    const alert = change(value({ entity_type: 'PHONE' }), 'account_alerts');
    const [first] = parseWebhook(alert).items;
    const [again] = parseWebhook(structuredClone(alert)).items;
    const [another] = parseWebhook(change(value({ entity_type: 'WABA' }), 'account_alerts')).items;
    expect(first).toMatchObject({
      kind: 'other',
      field: 'account_alerts',
      account: '419561257915477',
      address: NUMBER,
    });
    expect(again?.dedupeKey).toBe(first?.dedupeKey);
    expect(another?.dedupeKey).not.toBe(first?.dedupeKey);
  });

  it('shows a messages change without any element', () => {
    expect(parseWebhook(change(value({ messages: [] }))).items).toMatchObject([{ kind: 'other', field: 'messages' }]);
  });

  it('ignores unknown keys at every level', () => {
    const body = change(value({ surprise: 1, messages: [text({ surprise: { a: [] } })] }));
    Object.assign(body, { surprise: true });
    expect(parseWebhook(body)).toMatchObject({ items: [{ text: 'Hallo' }], rejected: [] });
  });
});

describe('parseWebhook: any JSON', () => {
  const oneOf = (...values: unknown[]) => fc.constantFrom(...values);
  const junk = fc.jsonValue({ maxDepth: 3 });
  const key = fc.string({ maxLength: 8, unit: 'binary' });
  /** Right in shape, with any value replaced by junk now and then. */
  const mostly = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 6, arbitrary }, { weight: 1, arbitrary: junk });
  const record = (shape: Record<string, fc.Arbitrary<unknown>>) =>
    mostly(
      fc
        .tuple(fc.record(shape, { requiredKeys: [] }), fc.dictionary(key, junk, { maxKeys: 2 }))
        .map(([known, extra]) => ({ ...extra, ...known })),
    );
  const list = (element: fc.Arbitrary<unknown>) => mostly(fc.array(element, { maxLength: 4 }));
  const wamid = mostly(oneOf('wamid.1', 'wamid.2', ''));
  const seconds = mostly(oneOf('1795208400', 1795208400, '-1', '9'.repeat(40)));
  const messageElement = record({
    id: wamid,
    from: mostly(oneOf('4915112345678', '+4915112345678', '')),
    from_user_id: mostly(oneOf('DE.1', 'DE.ENT.2')),
    from_parent_user_id: mostly(oneOf('DE.ENT.1', '')),
    timestamp: seconds,
    type: mostly(oneOf('text', 'image', 'contacts', 'system', 'toString', '__proto__')),
    text: record({ body: fc.string({ unit: 'binary' }) }),
    image: record({ caption: fc.string({ unit: 'binary' }) }),
    contacts: list(junk),
    system: junk,
    context: record({ id: wamid }),
    referral: record({ source_id: junk }),
    errors: list(record({ code: junk })),
  });
  const statusElement = record({
    id: wamid,
    status: mostly(oneOf('sent', 'delivered', 'read', 'failed', 'played')),
    timestamp: seconds,
    recipient_id: mostly(oneOf('4915112345678', '12125550123', '999', '1')),
    recipient_user_id: mostly(oneOf('DE.1')),
    pricing: record({ pricing_model: oneOf('PMP'), category: oneOf('service'), type: oneOf('regular') }),
    conversation: record({ expiration_timestamp: seconds }),
    errors: list(record({ code: fc.integer() })),
  });
  const messagesValue = record({
    metadata: record({ phone_number_id: mostly(oneOf('1')) }),
    contacts: list(record({ user_id: oneOf('DE.1'), wa_id: oneOf('4915112345678'), profile: record({ name: junk }) })),
    messages: list(messageElement),
    statuses: list(statusElement),
    errors: list(record({ code: fc.integer() })),
  });
  const webhook = record({
    object: fc.constant('whatsapp_business_account'),
    entry: list(
      record({
        id: mostly(oneOf('9')),
        time: junk,
        changes: list(record({ field: mostly(oneOf('messages', 'messages', 'account_update')), value: messagesValue })),
      }),
    ),
  });

  const isRecord = (input: unknown): input is Record<string, unknown> =>
    typeof input === 'object' && input !== null && !Array.isArray(input);

  /** How many items and rejections a body must give, counted without reading any element. */
  function countElements(body: unknown): number {
    if (!isRecord(body) || body.object !== 'whatsapp_business_account' || !Array.isArray(body.entry)) return 1;
    let count = 0;
    for (const entry of body.entry) {
      if (!isRecord(entry) || !Array.isArray(entry.changes)) count += 1;
      else for (const one of entry.changes) count += countChange(one);
    }
    return count;
  }

  function countChange(one: unknown): number {
    if (!isRecord(one) || one.field !== 'messages' || !isRecord(one.value)) return 1;
    const { messages, statuses, errors } = one.value;
    const counts = [messages, statuses, errors].map((part) =>
      Array.isArray(part) ? part.length : part === undefined ? 0 : 1,
    );
    return Math.max(
      1,
      counts.reduce((sum, count) => sum + count, 0),
    );
  }

  it('accounts for every element of bodies that are almost right', () => {
    let items = 0;
    fc.assert(
      fc.property(webhook, (body) => {
        const transported: unknown = JSON.parse(JSON.stringify(body));
        const parsed = parseWebhook(transported);
        items += parsed.items.length;
        expect(parsed.items.length + parsed.rejected.length).toBe(countElements(transported));
        const paths = [...parsed.items, ...parsed.rejected].map((element) => element.path);
        expect(new Set(paths).size).toBe(paths.length);
        // What comes out can be stored as jsonb and text.
        expect(JSON.stringify(parsed.items)).not.toMatch(/\\u0000|\\ud[89a-f]/);
      }),
      { numRuns: 1_000 },
    );
    expect(items).toBeGreaterThan(100);
  });

  it('never throws for any value at all', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        const parsed = parseWebhook(body);
        expect(parsed.items.length + parsed.rejected.length).toBe(countElements(body));
      }),
      { numRuns: 500 },
    );
  });

  it('reads what is left of a body that was cut and mended', () => {
    const whole = readFileSync(new URL('./fixtures/batch.json', import.meta.url));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        const parsed = parseJson(damaged, { maxDepth: 32 });
        if (parsed.ok) expect(parseWebhook(parsed.value).items.length).toBeLessThanOrEqual(7);
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseWebhook: history', () => {
  const read = (parts: object) => parseWebhook(change(value(parts), 'history'));
  const chunk = (messages: object[], id = '4915112345678') => ({
    metadata: { phase: 1, chunk_order: 2, progress: 55 },
    threads: [{ id, messages }],
  });

  it('reads both sides of a thread as messages of its customer that open no window', () => {
    const parsed = read({
      history: [
        chunk([
          text({ history_context: { status: 'PENDING' } }),
          text({ id: 'wamid.B', from: '4930901820', to: '4915112345678', history_context: { status: 'read' } }),
          text({ id: 'wamid.C', from: '4930901820', history_context: { from_me: true, status: 'ERROR' } }),
        ]),
      ],
    });
    expect(parsed.rejected).toEqual([]);
    const identity = { phone: '+4915112345678' };
    const both = { identity, opensWindow: false, text: 'Hallo' };
    expect(messagesOf(parsed)).toMatchObject([
      { ...both, providerMessageId: 'wamid.A', imported: {} },
      { ...both, providerMessageId: 'wamid.B', isEcho: true, imported: { status: 'read' } },
      { ...both, providerMessageId: 'wamid.C', isEcho: true, imported: { status: 'failed' } },
    ]);
    expect(messagesOf(parsed)[0]).not.toHaveProperty('isEcho');
    expect(messagesOf(parsed)[0]!.imported).toEqual({});
  });

  it('reads threads of people without a phone number, and leaves what they were called once', () => {
    const system = { type: 'user_changed_number', wa_id: '4915199999999', user_id: 'DE.9', previous_user_id: 'DE.8' };
    const parsed = read({
      history: [
        chunk([text({ from: undefined }), text({ id: 'wamid.B', type: 'system', text: undefined, system })], 'DE.134'),
      ],
    });
    expect(messagesOf(parsed).map(({ identity, becomes }) => [identity, becomes])).toEqual([
      [{ bsuid: 'DE.134' }, undefined],
      [{ bsuid: 'DE.134' }, undefined],
    ]);
  });

  it('lets a file follow its placeholder, with the customer whom it names', () => {
    const placeholder = read({ history: [chunk([{ ...text(), type: 'media_placeholder', text: undefined }])] });
    const image = { id: '1', mime_type: 'image/jpeg', sha256: 'A'.repeat(43) };
    const ofCustomer = read({ messages: [text({ type: 'image', text: undefined, image })] });
    const ofBusiness = read({
      messages: [text({ from: '4930901820', to: '4915112345678', type: 'image', text: undefined, image })],
    });
    const [first, second, third] = [placeholder, ofCustomer, ofBusiness].map((parsed) => messagesOf(parsed)[0]);
    expect(first).toMatchObject({ type: 'unsupported', imported: { isPlaceholder: true } });
    expect(second).toMatchObject({ type: 'image', media: { providerMediaId: '1' }, imported: {} });
    expect(third).toMatchObject({ type: 'image', isEcho: true, identity: { phone: '+4915112345678' } });
    expect(second!.dedupeKey).not.toBe(first!.dedupeKey);
    expect(second!.dedupeKey).toBe(third!.dedupeKey);
  });

  it.each([
    ['how far it is', { metadata: { phase: 2, progress: '100' } }, { progress: 100 }],
    [
      'that it was declined',
      { errors: [{ code: 2593109, title: 'History sync is turned off' }] },
      { refusal: 2593109 },
    ],
  ])('tells %s', (_, element, historyImport) => {
    expect(read({ history: [element] }).items).toMatchObject([
      { kind: 'other', field: 'history', address: NUMBER, news: { of: 'number', facts: { historyImport } } },
    ]);
  });

  it('rejects what it cannot read, and that alone', () => {
    const parsed = read({
      history: [
        7,
        { threads: 8 },
        { threads: [9, { id: '4915112345678', messages: [10, text()] }] },
        chunk([text()], '?!'),
      ],
    });
    expect(parsed.rejected.map(({ path }) => path.replace('$.entry[0].changes[0].value.', ''))).toEqual([
      'history[0]',
      'history[1].threads',
      'history[2].threads[0]',
      'history[2].threads[1].messages[0]',
    ]);
    expect(messagesOf(parsed)).toHaveLength(2);
    expect(parseWebhook(change(value({}), 'history')).items).toMatchObject([{ kind: 'other', field: 'history' }]);
  });
});
