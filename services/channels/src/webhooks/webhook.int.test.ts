import { Readable } from 'node:stream';
import { sql, transact, type Ctx } from '@fenster/database';
import { createLogger, newId, seal, unsealBytes } from '@fenster/runtime';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secretContext } from '../provider-apps/app-directory.js';
import { createWhatsAppCloudProvider } from '../providers/whatsapp-cloud/whatsapp-cloud.provider.js';
import {
  body,
  count,
  deadLettersOf,
  demoNumber,
  eventsOf,
  messages,
  messagesFor,
  NUMBER,
  SECRET_KEY,
  sign,
  startChannels,
  statuses,
  VERIFY_TOKEN,
  until,
  type Channels,
} from '../testing/channels.js';
import { createIngest } from './ingest.js';
import { bodyContext, readWebhook } from './received-webhook.js';
import { MAX_BODY_BYTES } from './webhook.route.js';

let channels: Channels;
beforeAll(async () => {
  channels = await startChannels();
});
afterAll(() => channels?.stop());
beforeEach(() => clear());

const kysely = () => channels.database.system().getKysely();
const events = () => eventsOf(channels.database, channels.workspaceId);
const rows = (table: string) => count(channels.database, table);
const deadLetters = () => deadLettersOf(channels.database);
/** A message id that no other test uses. */
const wamid = () => `wamid.${newId()}`;

async function clear(): Promise<void> {
  for (const table of ['webhook_event', 'inbound_item', 'outbox_pending', 'outbox', 'dead_letter']) {
    await sql`delete from ${sql.table(table)}`.execute(kysely());
  }
}

function testCtx(): Ctx {
  const origin = { actor: { kind: 'system' as const }, correlationId: 'test' };
  return {
    database: channels.database,
    now: () => new Date(),
    log: createLogger('test', 'silent'),
    wakeRelay: () => {},
    origin,
  };
}

/** As the owner of the tables. */
async function asOwner(...statements: string[]): Promise<void> {
  await transact(testCtx(), async (tx) => {
    for (const statement of ['set local role channels', ...statements]) await sql.raw(statement).execute(tx.sql);
  });
}

const provider = createWhatsAppCloudProvider({ dispatcher: new Agent(), timeoutMs: 1, maxResponseBytes: 1 });

/** Stores bodies that come at the very same moment: they make up one group. */
async function ingestTogether(...bodies: (object | string)[]): Promise<void> {
  const { rows: apps } = await sql<{ app_id: string }>`
    select app_id from provider_app where workspace_id = ${channels.workspaceId}
  `.execute(kysely());
  const app = { appId: apps[0]!.app_id, kind: 'WHATSAPP_CLOUD', workspaceId: channels.workspaceId } as const;
  const ingest = createIngest(testCtx(), {
    secretKey: SECRET_KEY,
    wakeSender() {},
    wakeFetcher() {},
    wakeTemplateReader() {},
  });
  await Promise.all(
    bodies.map((each) => {
      const raw = Buffer.from(typeof each === 'string' ? each : JSON.stringify(each));
      return ingest.add(
        readWebhook({ raw, query: null, receivedAt: new Date() }, app, provider, SECRET_KEY),
        raw.length,
      );
    }),
  );
}

const countCommits = async () => {
  const { rows: commits } = await sql<{ n: string }>`
    select count(distinct xmin::text) as n from webhook_event
  `.execute(kysely());
  return Number(commits[0]!.n);
};

describe('the handshake', () => {
  const ask = async (query: Record<string, string>) => {
    const response = await request(`${channels.url}/webhooks/whatsapp?${new URLSearchParams(query).toString()}`);
    return { status: response.statusCode, text: await response.body.text(), type: response.headers['content-type'] };
  };
  const right = { 'hub.mode': 'subscribe', 'hub.verify_token': VERIFY_TOKEN, 'hub.challenge': '1158201444' };

  it('echoes the challenge as plain text', async () => {
    expect(await ask(right)).toEqual({ status: 200, text: '1158201444', type: 'text/plain; charset=utf-8' });
  });

  it.each([
    ['a wrong token', { 'hub.verify_token': 'guess' }],
    ['no token', { 'hub.verify_token': '' }],
    ['another mode', { 'hub.mode': 'unsubscribe' }],
    ['no challenge', { 'hub.challenge': '' }],
    ['a challenge that is too long', { 'hub.challenge': 'x'.repeat(257) }],
  ])('refuses %s with 403', async (_case, change) => {
    expect(await ask({ ...right, ...change })).toMatchObject({ status: 403, text: 'wrong handshake' });
  });
});

describe('a webhook that is refused', () => {
  const good = JSON.stringify(body(messages('wamid.refused')));

  it.each([
    ['unsigned', { 'x-hub-signature-256': undefined }],
    ['signed with another secret', { 'x-hub-signature-256': sign(good, 'another') }],
    ['signed by the older header only', { 'x-hub-signature-256': undefined, 'x-hub-signature': sign(good) }],
    ['signed in upper case', { 'x-hub-signature-256': sign(good).toUpperCase() }],
    ['signed with half a signature', { 'x-hub-signature-256': sign(good).slice(0, 40) }],
    [
      'signed over other bytes of the same JSON',
      { 'x-hub-signature-256': sign(JSON.stringify(JSON.parse(good), null, 1)) },
    ],
  ])('answers 401 when %s', async (_case, headers) => {
    expect(await channels.post(good, headers)).toMatchObject({ status: 401, text: 'signature missing or wrong' });
    expect(await rows('webhook_event')).toBe(0);
  });

  it('answers 401 when it was cut after it was signed', async () => {
    const cut = good.slice(0, -10);
    expect(await channels.post(cut, { 'x-hub-signature-256': sign(good) })).toMatchObject({ status: 401 });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', undefined])(
    'answers 415 to the content type %s',
    async (type) => {
      const answer = await channels.post(good, { 'content-type': type });
      expect(answer).toMatchObject({ status: 415, text: 'content-type must be application/json, not encoded' });
      expect(await rows('webhook_event')).toBe(0);
    },
  );

  it('answers 415 to a compressed body', async () => {
    expect(await channels.post(good, { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
  });

  it('answers 413 to more than 3 MB, announced or not', async () => {
    const large = Buffer.alloc(MAX_BODY_BYTES + 1, ' ');
    const announced = await channels.post(large);
    expect(announced).toMatchObject({ status: 413, text: `the body exceeds ${MAX_BODY_BYTES} bytes` });
    const response = await request(`${channels.url}/webhooks/whatsapp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': sign(large) },
      body: Readable.from(Array.from({ length: 50 }, () => large.subarray(0, 65_536))),
    });
    expect(response.statusCode).toBe(413);
    await response.body.dump();
    expect(await rows('webhook_event')).toBe(0);
  });

  it('answers 405 to other methods', async () => {
    const response = await request(`${channels.url}/webhooks/whatsapp`, { method: 'PUT', body: '{}' });
    await response.body.dump();
    expect(response.statusCode).toBe(405);
  });
});

describe('a signed webhook', () => {
  it('becomes an event, and its raw bytes are kept sealed', async () => {
    const raw = JSON.stringify(body(messages('wamid.kept')));
    expect(await channels.post(raw, { 'content-type': 'application/json; charset=utf-8' })).toMatchObject({
      status: 200,
      text: 'stored',
    });
    expect(await events()).toMatchObject([
      {
        name: 'channels.message.received',
        occurredAt: '2026-11-20T21:00:00.000Z',
        actor: { kind: 'provider' },
        data: {
          channelId: channels.channelId,
          identity: { phone: '+4915112345678', bsuid: 'DE.1349', profileName: 'Anna Bauer' },
          providerMessageId: 'wamid.kept',
          type: 'text',
          text: 'Grüß Gott',
          opensWindow: true,
        },
      },
    ]);
    const { rows: stored } = await sql<{
      body_hash: Buffer;
      body: Buffer;
      item_count: number;
    }>`select * from webhook_event`.execute(kysely());
    const hash = stored[0]!.body_hash.toString('hex');
    expect(stored[0]!.body.includes('Gott')).toBe(false);
    expect(unsealBytes(SECRET_KEY, stored[0]!.body, bodyContext(hash)).toString()).toBe(raw);
    expect(stored[0]!.item_count).toBe(1);
    // From the event to what caused it.
    expect((await events())[0]!.correlationId).toBe(hash);
  });

  it('may be as large as 3 MB', async () => {
    const json = JSON.stringify(body(messages(wamid())));
    const padded = Buffer.concat([Buffer.from(json), Buffer.alloc(MAX_BODY_BYTES - Buffer.byteLength(json), ' ')]);
    expect(await channels.post(padded)).toMatchObject({ status: 200 });
    expect(await events()).toHaveLength(1);
  });

  it('is accepted with escaped and with UTF-8 characters alike', async () => {
    const plain = JSON.stringify(body(messages(wamid())));
    const escaped = JSON.stringify(body(messages(wamid()))).replaceAll('ü', '\\u00fc');
    expect(await channels.post(plain)).toMatchObject({ status: 200 });
    expect(await channels.post(escaped)).toMatchObject({ status: 200 });
    expect((await events()).map((event) => event.data.text)).toEqual(['Grüß Gott', 'Grüß Gott']);
  });

  it('is accepted with either of two secrets while the secret is being changed', async () => {
    const { rows: apps } = await sql<{ app_id: string }>`select app_id from provider_app`.execute(kysely());
    const { app_id: appId } = apps[0]!;
    const next = seal(SECRET_KEY, 'next-secret', secretContext(appId));
    await sql`update provider_app set secrets = secrets || ${next}::bytea where app_id = ${appId}`.execute(kysely());
    const raw = JSON.stringify(body(messages(wamid())));
    // Another process made the change: this one finds it within seconds.
    await until(
      async () => (await channels.post(raw, { 'x-hub-signature-256': sign(raw, 'next-secret') })).status === 200,
    );
    expect(await channels.post(body(messages(wamid())), {})).toMatchObject({ status: 200 });
    await sql`update provider_app set secrets = secrets[:1] where app_id = ${appId}`.execute(kysely());
  });

  it('with a thousand updates becomes a thousand events, in order', async () => {
    const ids = Array.from({ length: 1_000 }, wamid);
    expect(await channels.post(body(messages(...ids.slice(0, 600)), messages(...ids.slice(600))))).toMatchObject({
      status: 200,
    });
    expect((await events()).map((event) => event.data.providerMessageId)).toEqual(ids);
  });

  it('with one bad element loses only that one, visibly', async () => {
    const id = wamid();
    const answer = await channels.post(
      body(messagesFor(NUMBER, { id: 7 }, { id }, { id: wamid(), timestamp: 'soon' })),
    );
    expect(answer).toMatchObject({ status: 200 });
    expect((await events()).map((event) => event.data.providerMessageId)).toEqual([id]);
    const letters = await deadLetters();
    expect(letters.map(({ reason, workspace_id: workspaceId }) => ({ reason, workspaceId }))).toEqual([
      { reason: 'id missing or malformed', workspaceId: channels.workspaceId },
      { reason: 'timestamp missing or out of range', workspaceId: channels.workspaceId },
    ]);
    expect(JSON.parse(letters[0]!.payload)).toMatchObject({ paths: ['$.entry[0].changes[0].value.messages[0]'] });
  });

  it('with a type that nobody knows becomes a placeholder', async () => {
    await channels.post(body(messagesFor(NUMBER, { id: wamid(), type: 'hologram', hologram: { id: '77' } })));
    expect(await events()).toMatchObject([
      { data: { type: 'unsupported', payload: { type: 'hologram', content: { id: '77' } } } },
    ]);
    expect(await deadLetters()).toEqual([]);
  });

  it('of a field without use yet is kept raw and named', async () => {
    const change = { field: 'account_alerts', value: { alert_info: {} } };
    expect(await channels.post(body(change))).toMatchObject({ status: 200 });
    const { rows: stored } = await sql<{
      fields: string[];
      outcome: string;
    }>`select fields, outcome from webhook_event`.execute(kysely());
    expect(stored).toMatchObject([{ fields: ['account_alerts'], outcome: 'KEPT' }]);
    expect(await events()).toEqual([]);
  });

  it('from a group stays out of private threads', async () => {
    await channels.post(body(messagesFor(NUMBER, { id: wamid(), group_id: 'g1' })));
    expect(await events()).toEqual([]);
    expect(await deadLetters()).toMatchObject([{ reason: 'written in a group', workspace_id: channels.workspaceId }]);
  });

  it.each([
    ['not JSON', Buffer.from('<xml/>'), 'the body is not JSON'],
    ['empty', Buffer.alloc(0), 'the body is not JSON'],
    ['cut in the middle', Buffer.from('{"object":"whatsapp_business_account","entry":[{'), 'the body is not JSON'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'the body is not UTF-8'],
    ['not an object', Buffer.from('[1]'), 'the body is not an object'],
    [
      'nested a little too deep',
      Buffer.from(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`),
      'the body is nested deeper than 64',
    ],
    ['nested a million deep', Buffer.from('['.repeat(1_000_000)), 'the body is nested deeper than 64'],
    ['for another product', Buffer.from('{"object":"page","entry":[]}'), 'not a WhatsApp webhook'],
  ])('that is %s is kept and shown, and not asked for again', async (_case, raw, reason) => {
    expect(await channels.post(raw)).toMatchObject({ status: 200, text: 'stored' });
    expect(await deadLetters()).toMatchObject([{ reason, workspace_id: channels.workspaceId }]);
    const { rows: stored } = await sql<{
      body_hash: Buffer;
      body: Buffer;
    }>`select body_hash, body from webhook_event`.execute(kysely());
    expect(unsealBytes(SECRET_KEY, stored[0]!.body, bodyContext(stored[0]!.body_hash.toString('hex')))).toEqual(raw);
  });

  it('shows each problem once, however often the provider repeats it', async () => {
    const raw = '<xml/>';
    await ingestTogether(raw, raw);
    await channels.post(raw);
    expect(await deadLetters()).toHaveLength(1);
  });
});

describe('a number', () => {
  it('that nobody connected has no effect, visibly, and works from the moment it is connected', async () => {
    const other = '200000000000001';
    expect(await channels.post(body(messagesFor(other, { id: wamid() }, { id: wamid() })))).toMatchObject({
      status: 200,
    });
    expect(await events()).toEqual([]);
    expect(await deadLetters()).toMatchObject([
      { reason: 'no channel has this number and app', workspace_id: channels.workspaceId },
    ]);
    const { channelId } = await channels.service.seedDemo(demoNumber(channels.workspaceId, { phoneNumberId: other }));
    await channels.post(body(messagesFor(other, { id: wamid() })));
    expect(await events()).toMatchObject([{ data: { channelId } }]);
  });

  it('gets nothing that another app signed', async () => {
    const stranger = newId();
    const app = { appId: '999', appSecret: 'secret-of-the-stranger', phoneNumberId: '300000000000001' };
    await channels.service.seedDemo(demoNumber(stranger, app));
    const raw = JSON.stringify(body(messages(wamid()), statuses({ id: wamid() })));
    expect(await channels.post(raw, { 'x-hub-signature-256': sign(raw, app.appSecret) })).toMatchObject({
      status: 200,
    });
    expect(await events()).toEqual([]);
    expect(await eventsOf(channels.database, stranger)).toEqual([]);
    expect(await deadLetters()).toMatchObject([
      { reason: 'no channel has this number and app', workspace_id: stranger },
    ]);
  });

  it('or an app cannot be taken over by another workspace', async () => {
    const stranger = newId();
    const takeNumber = channels.service.seedDemo(demoNumber(stranger, { appId: '998' }));
    await expect(takeNumber).rejects.toMatchObject({ code: 'NUMBER_TAKEN' });
    const takeApp = channels.service.seedDemo(demoNumber(stranger, { phoneNumberId: '300000000000002' }));
    await expect(takeApp).rejects.toMatchObject({ code: 'APP_TAKEN' });
  });

  it('is connected once, however often that is asked', async () => {
    const again = await channels.service.seedDemo(demoNumber(channels.workspaceId));
    expect(again).toEqual({ channelId: channels.channelId });
    expect(await channels.post(body(messages(wamid())))).toMatchObject({ status: 200 });
  });
});

describe('repetition', () => {
  it('of a body has no effect', async () => {
    const raw = body(messages(wamid()), statuses({ id: 'wamid.repeated' }));
    for (let time = 0; time < 3; time += 1) expect(await channels.post(raw)).toMatchObject({ status: 200 });
    expect((await events()).map((event) => event.name)).toEqual([
      'channels.message.received',
      'channels.status.received',
    ]);
    expect(await rows('webhook_event')).toBe(1);
  });

  it('of an element in another body has no effect', async () => {
    const [first, second] = [wamid(), wamid()];
    await channels.post(body(messages(first)));
    await channels.post(body(messages(first, second)));
    await channels.post(body(messages(second, second), messages(first)));
    expect((await events()).map((event) => event.data.providerMessageId)).toEqual([first, second]);
  });

  it('within one commit has no effect', async () => {
    const [first, second] = [wamid(), wamid()];
    const once = body(messages(first));
    await ingestTogether(
      once,
      once,
      body(messages(first), { field: 'history', value: {} }),
      body(messages(second, first)),
    );
    expect(await countCommits()).toBe(1);
    expect(await rows('webhook_event')).toBe(3);
    expect((await events()).map((event) => event.data.providerMessageId)).toEqual([first, second]);
  });

  it('of a status differs from another status of the same message', async () => {
    const id = wamid();
    await channels.post(body(statuses({ id }, { id, status: 'delivered' }, { id })));
    expect((await events()).map((event) => event.data.status)).toEqual(['sent', 'delivered']);
  });
});

describe('group commit', () => {
  it('stores what comes at the same time in one transaction, in the order in which it came', async () => {
    const ids = Array.from({ length: 50 }, wamid);
    await ingestTogether(...ids.map((id) => body(messages(id))));
    expect(await countCommits()).toBe(1);
    expect((await events()).map((event) => event.data.providerMessageId)).toEqual(ids);
  });

  it('lets requests share commits', async () => {
    const ids = Array.from({ length: 100 }, wamid);
    const posts = await Promise.all(ids.map((id) => channels.post(body(messages(id)))));
    expect(posts.every((answer) => answer.status === 200)).toBe(true);
    expect(await countCommits()).toBeLessThan(100);
    expect((await events()).map((event) => event.data.providerMessageId).toSorted()).toEqual(ids.toSorted());
  });

  it('does not let one that cannot be stored fail the others', async () => {
    await asOwner(
      `create function refuse_poison() returns trigger language plpgsql as $$
         begin raise exception 'poison' using errcode = '22000'; end $$`,
      `create trigger refuse_poison before insert on outbox for each row
         when (new.envelope like '%poison%') execute function refuse_poison()`,
    );
    try {
      const [before, after] = [wamid(), wamid()];
      const poison = body(messagesFor(NUMBER, { id: wamid(), text: { body: 'poison' } }));
      await ingestTogether(body(messages(before)), poison, body(messages(after)));
      expect((await events()).map((event) => event.data.providerMessageId)).toEqual([before, after]);
      expect(await deadLetters()).toMatchObject([
        { reason: 'could not be handled', workspace_id: channels.workspaceId },
      ]);
      expect(await rows('webhook_event')).toBe(3);
      expect(await channels.post(poison)).toMatchObject({ status: 200 });
    } finally {
      await asOwner('drop trigger refuse_poison on outbox', 'drop function refuse_poison');
    }
  });
});
