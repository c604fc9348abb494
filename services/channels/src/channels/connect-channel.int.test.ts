import type { Permission } from '@fenster/auth';
import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  body,
  deadLettersOf,
  messagesFor,
  post,
  SECRET_KEY,
  sign,
  startChannels,
  until,
  type Channels,
} from '../testing/channels.js';
import { startGraphStub, type GraphStub } from '../testing/graph-stub.js';
import { startThreemaPeer, textOf, type Person, type ThreemaPeer } from '../testing/threema-peer.js';
import { startTwilioPeer, type TwilioPeer } from '../testing/twilio-peer.js';

let channels: Channels;
let graph: GraphStub;
let twilio: TwilioPeer;
let threema: ThreemaPeer;

beforeAll(async () => {
  [graph, twilio, threema] = await Promise.all([startGraphStub(), startTwilioPeer(), startThreemaPeer()]);
  channels = await startChannels({
    env: {
      WEBHOOK_URL: 'https://hooks.example/webhooks',
      WHATSAPP_API_URL: graph.url,
      DIALOG360_API_URL: graph.url,
      TWILIO_API_URL: twilio.url,
      THREEMA_API_URL: threema.url,
    },
  });
});
afterAll(async () => {
  await channels.stop();
  await Promise.all([graph.stop(), twilio.stop(), threema.stop()]);
});
beforeEach(() => {
  graph.refusesToRead = undefined;
  graph.nodes.clear();
  for (const id of ['300000000000010', '300000000000011']) {
    graph.nodes.set(id, { verified_name: 'Radhaus', quality_rating: 'GREEN' });
  }
  graph.nodes.set('whatsapp_business_profile', { data: [{ about: 'Räder' }] });
});

const FIELDS = `id name kind state displayPhoneNumber currency quality setUp { webhookUrl steps }
  messagesPerSecond capabilities { serviceWindow contentKinds maxTextCharacters statuses pricesMessages }`;
type Answer = Record<string, unknown> & { id: string; setUp: { webhookUrl: string; steps: string[] } };
async function connect(kind: string, input: object, permissions = ADMIN, workspaceId?: string): Promise<Answer> {
  const field = `connect${kind}Channel`;
  const text = `mutation ($input: Connect${kind}ChannelInput!) { ${field}(input: $input) {
    __typename ... on Channel { ${FIELDS} } ... on UserError { code message }
    ... on InvalidInput { field } ... on ChannelTaken { field } ... on ProviderFailure { field providerCode } } }`;
  const { data, errors } = await channels.graphql(
    text,
    permissions,
    { input: { idempotencyKey: newId(), name: 'Filiale', ...input } },
    workspaceId,
  );
  return (data?.[field] ?? errors) as Answer;
}
const ADMIN = ['channel:read', 'channel:manage'] as const;
async function update(input: object): Promise<Answer> {
  const text = `mutation ($input: UpdateChannelCredentialsInput!) { updateChannelCredentials(input: $input) {
    __typename ... on Channel { ${FIELDS} } ... on UserError { code message }
    ... on InvalidInput { field } ... on ProviderFailure { field } } }`;
  return (await channels.graphql(text, ADMIN, { input })).data!.updateChannelCredentials as Answer;
}
const whatsApp = { phoneNumber: '+4930901830', currency: 'EUR', timeZone: 'Europe/Berlin' };
const cloud = (more: object = {}) => ({
  ...whatsApp,
  phoneNumberId: '300000000000010',
  wabaId: '4711',
  appId: '815',
  credentials: { accessToken: 'EAAtoken', appSecret: 'app-secret-2', verifyToken: 'verify-2' },
  ...more,
});
const dialog360 = (more: object = {}) => ({
  ...whatsApp,
  phoneNumberId: '300000000000020',
  wabaId: '4712',
  credentials: { apiKey: 'key-1', secretHeader: { name: 'X-Fenster', value: 'nobody-can-guess-it' } },
  ...more,
});
const sms = (more: object = {}) => ({
  phoneNumber: '+4930901820',
  accountSid: twilio.accountSid,
  credentials: { authToken: twilio.authToken },
  ...more,
});
const events = async (name: string) =>
  (await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000)).filter((event) => event.name === name);
const received = () => events('channels.message.received');

describe('a number at Meta', () => {
  let connected: Answer;
  it('is connected once Meta has taken its token, and is known at once', async () => {
    connected = await connect('WhatsAppCloud', cloud());
    expect(connected).toMatchObject({
      __typename: 'Channel',
      kind: 'WHATSAPP_CLOUD',
      state: 'ACTIVE',
      displayPhoneNumber: '+4930901830',
      quality: 'GREEN',
      messagesPerSecond: 80,
      setUp: { webhookUrl: 'https://hooks.example/webhooks/whatsapp' },
      capabilities: { serviceWindow: true, maxTextCharacters: 4_096, pricesMessages: true },
    });
    expect(connected.setUp.steps[0]).toContain('https://hooks.example/webhooks/whatsapp');
    const raw = JSON.stringify(body(messagesFor('300000000000010', { id: 'wamid.connected' })));
    const { status } = await post(channels.url, raw, { 'x-hub-signature-256': sign(raw, 'app-secret-2') });
    expect(status).toBe(200);
    await until(async () =>
      (await received()).some(({ data }) => (data as { channelId: string }).channelId === connected.id),
    );
  });

  it('is one channel, whoever asks again', async () => {
    expect(await connect('WhatsAppCloud', cloud())).toMatchObject({ code: 'CHANNEL_EXISTS', field: 'phoneNumberId' });
    expect(await connect('WhatsAppCloud', cloud({ appId: '816' }), ADMIN, newId())).toMatchObject({
      code: 'NUMBER_TAKEN',
      field: 'phoneNumberId',
    });
    expect(await connect('WhatsAppCloud', cloud({ phoneNumberId: '300000000000011' }), ADMIN, newId())).toMatchObject({
      code: 'APP_TAKEN',
      field: 'appId',
    });
    const [one, other] = await Promise.all(
      [1, 2].map(() => connect('WhatsAppCloud', cloud({ phoneNumberId: '300000000000011' }))),
    );
    expect([one!.__typename, other!.__typename].toSorted()).toEqual(['Channel', 'ChannelTaken']);
  });

  it('is the same for the same key', async () => {
    graph.nodes.set('300000000000012', { verified_name: 'Radhaus' });
    const input = cloud({ phoneNumberId: '300000000000012', idempotencyKey: 'once' });
    const first = await connect('WhatsAppCloud', input);
    expect((await connect('WhatsAppCloud', input)).id).toBe(first.id);
    const other = { ...input, credentials: { ...cloud().credentials, appSecret: 'another' } };
    expect(await connect('WhatsAppCloud', other)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('takes no secret from other numbers of its app', async () => {
    graph.nodes.set('300000000000013', { verified_name: 'Radhaus' });
    const credentials = { ...cloud().credentials, appSecret: 'mistyped' };
    expect(await connect('WhatsAppCloud', cloud({ phoneNumberId: '300000000000013', credentials }))).toMatchObject({
      kind: 'WHATSAPP_CLOUD',
    });
    const raw = JSON.stringify(body(messagesFor('300000000000010', { id: 'wamid.still' })));
    expect((await post(channels.url, raw, { 'x-hub-signature-256': sign(raw, 'app-secret-2') })).status).toBe(200);
  });

  it('is not connected while Meta refuses it or cannot be asked, and who asks learns which field it is', async () => {
    const input = cloud({ phoneNumberId: '300000000000014' });
    graph.refusesToRead = 190;
    expect(await connect('WhatsAppCloud', input)).toMatchObject({
      code: 'PROVIDER_REFUSED',
      field: 'credentials.accessToken',
      providerCode: 190,
    });
    const { port } = graph;
    await graph.stop();
    expect(await connect('WhatsAppCloud', input)).toMatchObject({
      code: 'PROVIDER_UNREACHABLE',
      message: expect.stringContaining('Try again') as string,
    });
    await graph.listen(port);
    const { rows } = await sql<{
      n: string;
    }>`select count(*) as n from channel where address = '300000000000014'`.execute(
      channels.database.system().getKysely(),
    );
    expect(rows[0]!.n).toBe('0');
  });

  it('gets another token, and sends again', async () => {
    await sql`update channel set state = 'ERROR' where id = ${connected.id}`.execute(
      channels.database.system().getKysely(),
    );
    const whatsAppCloud = { accessToken: 'EAAnew', appSecret: 'app-secret-3', verifyToken: 'verify-3' };
    graph.refusesToRead = 190;
    expect(await update({ channelId: connected.id, whatsAppCloud })).toMatchObject({
      code: 'PROVIDER_REFUSED',
      field: 'whatsAppCloud.accessToken',
    });
    graph.refusesToRead = undefined;
    expect(await update({ channelId: connected.id, whatsAppCloud })).toMatchObject({ state: 'ACTIVE' });
    const raw = JSON.stringify(body(messagesFor('300000000000010', { id: 'wamid.rotated' })));
    const posted = (secret: string) => post(channels.url, raw, { 'x-hub-signature-256': sign(raw, secret) });
    expect((await posted('app-secret-2')).status).toBe(401);
    expect((await posted('app-secret-3')).status).toBe(200);
  });

  it('takes no credentials of another kind', async () => {
    expect(await update({ channelId: connected.id, twilioSms: { authToken: 'x' } })).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'twilioSms',
    });
    expect(await update({ channelId: connected.id })).toMatchObject({ code: 'INVALID_INPUT', field: 'whatsAppCloud' });
    expect(await update({ channelId: newId(), twilioSms: { authToken: 'x' } })).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a number at 360dialog', () => {
  it('has webhooks of its own, which need its secret header', async () => {
    const connected = await connect('Dialog360', dialog360());
    const { webhookUrl } = connected.setUp;
    expect(webhookUrl).toMatch(/^https:\/\/hooks\.example\/webhooks\/360dialog\?app=[0-9a-f-]{36}$/);
    const there = (name: string, value: string, to = webhookUrl) => {
      const raw = JSON.stringify(body(messagesFor('300000000000020', { id: 'wamid.360' })));
      return fetch(to.replace('https://hooks.example', channels.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', [name]: value },
        body: raw,
      });
    };
    expect((await there('x-fenster', 'nobody-can-guess-it!')).status).toBe(401);
    expect((await there('x-other', 'nobody-can-guess-it')).status).toBe(401);
    expect((await there('x-fenster', 'nobody-can-guess-it', webhookUrl.replace(/app=.*/, ''))).status).toBe(401);
    expect((await there('x-fenster', 'nobody-can-guess-it', webhookUrl.replace('360dialog', 'twilio'))).status).toBe(
      415,
    );
    expect((await there('x-fenster', 'nobody-can-guess-it')).status).toBe(200);
    await until(async () =>
      (await received()).some(({ data }) => (data as { channelId: string }).channelId === connected.id),
    );
  });

  it('is not posted to by an app of Meta, whose secret signs in the same way', async () => {
    const raw = JSON.stringify(body(messagesFor('300000000000010', { id: 'wamid.elsewhere' })));
    const { status } = await fetch(`${channels.url}/webhooks/360dialog?app=815`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-360dialog-signature': sign(raw, 'app-secret-3') },
      body: raw,
    });
    expect(status).toBe(401);
  });

  it.each([
    ['neither secret', { apiKey: 'key-1' }],
    ['both secrets', { apiKey: 'key-1', platformSecret: 'x', secretHeader: { name: 'X-A', value: 'x'.repeat(16) } }],
  ])('is refused with %s', async (_name, credentials) => {
    expect(await connect('Dialog360', dialog360({ credentials }))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'credentials.platformSecret',
    });
  });
});

describe('a number at Twilio', () => {
  let connected: Answer;
  it('is connected once Twilio has taken the token', async () => {
    expect(await connect('TwilioSms', sms({ credentials: { authToken: 'wrong' } }))).toMatchObject({
      code: 'PROVIDER_REFUSED',
      field: 'credentials.authToken',
      providerCode: 20003,
    });
    expect(await connect('TwilioSms', sms({ phoneNumber: '+4930111111' }))).toMatchObject({
      code: 'PROVIDER_REFUSED',
      field: 'phoneNumber',
    });
    connected = await connect('TwilioSms', sms());
    expect(connected).toMatchObject({
      kind: 'TWILIO_SMS',
      displayPhoneNumber: '+4930901820',
      messagesPerSecond: 1,
      currency: null,
      capabilities: { serviceWindow: false, contentKinds: ['text'], maxTextCharacters: 1_600, pricesMessages: false },
    });
  });

  it('takes what Twilio has signed for the address that it was told, and nothing else', async () => {
    const { webhookUrl } = connected.setUp;
    const here = webhookUrl.replace('https://hooks.example', channels.url);
    const message = twilio.inbound('+4915112345678', 'Grüß Gott');
    expect(await twilio.post(here, message)).toBe(401);
    expect(await twilio.post(here, message, webhookUrl)).toBe(200);
    expect(await twilio.post(here, message, webhookUrl)).toBe(200);
    const mine = (await received()).filter(({ data }) => (data as { channelId: string }).channelId === connected.id);
    expect(mine.map(({ data }) => data)).toMatchObject([
      { identity: { phone: '+4915112345678' }, text: 'Grüß Gott', opensWindow: true, isWindowless: true },
    ]);
  });
});

describe('an id of Threema', () => {
  const given = (more: object = {}) => ({
    gatewayId: threema.gatewayId,
    credentials: { apiSecret: threema.apiSecret, privateKey: `private:${threema.privateKey}` },
    ...more,
  });
  let connected: Answer;
  const outcomes = async () => {
    const { rows } = await sql<{ outcome: string; replayed: boolean | null }>`
      select e.outcome, d.replayed_at is not null as replayed from webhook_event e
      join provider_app a on a.app_id = e.app_id and a.kind = 'THREEMA'
      left join dead_letter d on d.workspace_id = e.workspace_id and d.event_id = e.id order by e.id
    `.execute(channels.database.system().getKysely());
    return rows;
  };
  const mine = async () =>
    (await received()).filter(({ data }) => (data as { channelId: string }).channelId === connected.id);

  it('is connected with the key pair that it has at Threema, and no other', async () => {
    const { apiSecret, privateKey } = threema;
    expect(await connect('Threema', given({ credentials: { apiSecret, privateKey: '11'.repeat(32) } }))).toMatchObject({
      code: 'PROVIDER_REFUSED',
      field: 'credentials.privateKey',
    });
    expect(await connect('Threema', given({ credentials: { apiSecret: 'x', privateKey } }))).toMatchObject({
      code: 'PROVIDER_REFUSED',
      field: 'credentials.apiSecret',
    });
    expect(await connect('Threema', given({ gatewayId: 'RADHAUS1' }))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'gatewayId',
    });
    connected = await connect('Threema', given());
    expect(connected).toMatchObject({
      kind: 'THREEMA',
      displayPhoneNumber: null,
      capabilities: { serviceWindow: false, contentKinds: ['text'], statuses: ['DELIVERED', 'READ'] },
    });
  });

  it('gets what people write to it, once', async () => {
    const url = connected.setUp.webhookUrl.replace('https://hooks.example', channels.url);
    const anna = threema.add('ECHOECHO');
    const callback = threema.callback(anna, textOf('Grüezi'), { nickname: 'Anna' });
    expect(await threema.post(url, callback.replace(/mac=\w/, 'mac=z'))).toBe(401);
    expect(await threema.post(url, callback)).toBe(200);
    expect(await threema.post(url, callback)).toBe(200);
    expect((await mine()).map(({ data }) => data)).toMatchObject([
      { identity: { threemaId: 'ECHOECHO', profileName: 'Anna' }, text: 'Grüezi', isWindowless: true },
    ]);
  });

  it('keeps what it cannot open yet, asks for it again, and forgets the trouble once it is open', async () => {
    const url = connected.setUp.webhookUrl.replace('https://hooks.example', channels.url);
    const bert = threema.add('BERTBERT');
    const callback = threema.callback(bert, textOf('Hoi'));
    threema.isAway = true;
    expect(await threema.post(url, callback)).toBe(503);
    expect((await outcomes()).at(-1)).toEqual({ outcome: 'DEAD_LETTER', replayed: false });
    threema.isAway = false;
    expect(await threema.post(url, callback)).toBe(200);
    expect((await mine()).at(-1)!.data).toMatchObject({ identity: { threemaId: 'BERTBERT' }, text: 'Hoi' });
    expect((await outcomes()).at(-1)).toEqual({ outcome: 'HANDLED', replayed: true });
  });

  it('opens nothing of somebody who has another key than before', async () => {
    const url = connected.setUp.webhookUrl.replace('https://hooks.example', channels.url);
    const before = (await mine()).length;
    const impostor = threema.add('ECHOECHO');
    expect(await threema.post(url, threema.callback(impostor, textOf('Ich bin Anna')))).toBe(200);
    expect((await outcomes()).at(-1)).toEqual({ outcome: 'DEAD_LETTER', replayed: false });
    const letters = await deadLettersOf(channels.database);
    expect(letters.at(-1)!.reason).toBe('the key of its sender is another one than before');
    expect(await mine()).toHaveLength(before);
  });

  const RIGHTS = ['webhook_event:read', 'channel:manage', 'channel:read'] as const;
  const accept = async (input: object, permissions: readonly Permission[] = RIGHTS, workspaceId?: string) => {
    const text = `mutation ($input: AcceptThreemaKeyInput!) { acceptThreemaKey(input: $input) {
      __typename ... on InvalidInput { field } ... on ProviderFailure { field } } }`;
    const { data, errors } = await channels.graphql(text, permissions, { input }, workspaceId);
    return (data?.acceptThreemaKey ?? errors) as object;
  };
  const keyOf = ({ keys }: Person) => Buffer.from(keys.publicKey).toString('hex');

  it('opens what somebody with another key wrote once it was compared with them, and is the one that Threema names', async () => {
    const url = connected.setUp.webhookUrl.replace('https://hooks.example', channels.url);
    const { id: channelId } = connected;
    const before = threema.add('DORADORA');
    expect(await threema.post(url, threema.callback(before, textOf('Alt')))).toBe(200);
    const after = threema.add('DORADORA');
    expect(await threema.post(url, threema.callback(after, textOf('Neu')))).toBe(200);
    expect((await mine()).at(-1)!.data).toMatchObject({ text: 'Alt' });
    const { data } = await channels.graphql('{ webhookEvents(first: 1) { nodes { id outcome } } }', RIGHTS);
    const [{ id }] = (data!.webhookEvents as { nodes: [{ id: string }] }).nodes;
    const replay = async () =>
      channels.graphql(
        'mutation ($id: ID!) { replayWebhookEvent(id: $id) { ... on WebhookEvent { outcome } } }',
        RIGHTS,
        {
          id,
        },
      );

    const given = { channelId, threemaId: 'DORADORA', publicKey: keyOf(after) };
    const refused = [
      [
        { ...given, publicKey: keyOf(before) },
        { __typename: 'InvalidInput', field: 'publicKey' },
      ],
      [
        { ...given, publicKey: 'abc' },
        { __typename: 'InvalidInput', field: 'publicKey' },
      ],
      [
        { ...given, threemaId: 'NOBODY00' },
        { __typename: 'ProviderFailure', field: 'threemaId' },
      ],
      [
        { ...given, threemaId: '../DORA' },
        { __typename: 'InvalidInput', field: 'threemaId' },
      ],
      [
        { ...given, channelId: channels.channelId },
        { __typename: 'InvalidInput', field: 'channelId' },
      ],
    ] as const;
    for (const [input, answer] of refused) expect(await accept(input)).toEqual(answer);
    expect(await accept(given, RIGHTS, newId())).toEqual({ __typename: 'NotFound' });
    expect(await accept(given, ['channel:read'])).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    await replay();
    expect((await mine()).at(-1)!.data).toMatchObject({ text: 'Alt' });

    expect(await accept({ ...given, publicKey: keyOf(after).toUpperCase() })).toEqual({ __typename: 'Channel' });
    expect((await replay()).data).toEqual({ replayWebhookEvent: { outcome: 'HANDLED' } });
    expect((await mine()).at(-1)!.data).toMatchObject({ text: 'Neu', identity: { threemaId: 'DORADORA' } });
    expect(await threema.post(url, threema.callback(before, textOf('Wieder alt')))).toBe(200);
    expect((await mine()).at(-1)!.data).toMatchObject({ text: 'Neu' });
    const log = await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000);
    expect(JSON.stringify(log)).toContain('channel.peer_key_accept');
  });

  it('can be given by an administrator what was never posted again', async () => {
    const url = connected.setUp.webhookUrl.replace('https://hooks.example', channels.url);
    const callback = threema.callback(threema.add('CARLCARL'), textOf('Salü'));
    threema.isAway = true;
    expect(await threema.post(url, callback)).toBe(503);
    threema.isAway = false;
    const rights = ['webhook_event:read', 'channel:manage', 'channel:read'] as const;
    const { data } = await channels.graphql('{ webhookEvents(first: 1) { nodes { id outcome } } }', rights);
    const [event] = (data!.webhookEvents as { nodes: { id: string; outcome: string }[] }).nodes;
    expect(event!.outcome).toBe('DEAD_LETTER');
    const replay = 'mutation ($id: ID!) { replayWebhookEvent(id: $id) { ... on WebhookEvent { outcome } } }';
    expect((await channels.graphql(replay, rights, { id: event!.id })).data).toEqual({
      replayWebhookEvent: { outcome: 'HANDLED' },
    });
    expect((await mine()).at(-1)!.data).toMatchObject({ text: 'Salü' });
  });
});

describe('what is given', () => {
  it.each<[string, string, () => object, string]>([
    ['an empty name', 'TwilioSms', () => sms({ name: ' ' }), 'name'],
    ['a number without a plus', 'TwilioSms', () => sms({ phoneNumber: '4930901820' }), 'phoneNumber'],
    ['an account that is none', 'TwilioSms', () => sms({ accountSid: 'AC1/../../x' }), 'accountSid'],
    ['an id of a number that is none', 'WhatsAppCloud', () => cloud({ phoneNumberId: '../1' }), 'phoneNumberId'],
    ['a time zone that is none', 'WhatsAppCloud', () => cloud({ timeZone: 'Europe/Nowhere' }), 'timeZone'],
    ['a currency that is none', 'Dialog360', () => dialog360({ currency: 'Euro' }), 'currency'],
  ])('is refused by its field: %s', async (_name, kind, input, field) => {
    expect(await connect(kind, input())).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it('needs a right', async () => {
    expect(await connect('TwilioSms', sms(), ['channel:read'] as never)).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);
    const { data } = await channels.graphql('{ channels { setUp { webhookUrl } } }', ['channel:read']);
    expect((data!.channels as { setUp: null }[]).every(({ setUp }) => setUp === null)).toBe(true);
  });

  it('is audited without its secrets, and stored sealed', async () => {
    const secrets = [
      'EAAtoken',
      'EAAnew',
      'app-secret-2',
      'key-1',
      'nobody-can-guess-it',
      twilio.authToken,
      threema.apiSecret,
      threema.privateKey,
    ];
    const audited = JSON.stringify(await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000));
    expect(audited).toContain('channel.connect');
    expect(audited).toContain('channel.credentials_change');
    const { rows } = await sql<{ text: string }>`
      select string_agg(t.text, ' ') as text from (
        select to_jsonb(c)::text || encode(secrets, 'escape') as text from channel c
        union all select to_jsonb(a)::text || array_to_string(array(select encode(s, 'escape') from unnest(secrets) s), ' ') from provider_app a
        union all select to_jsonb(k)::text from idempotency_key k
      ) t
    `.execute(channels.database.system().getKysely());
    for (const secret of [...secrets, SECRET_KEY.toString('base64')]) {
      expect(audited).not.toContain(secret);
      expect(rows[0]!.text).not.toContain(secret);
    }
  });
});
