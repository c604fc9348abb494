import { channelChanged } from '@fenster/contracts';
import { readLog, renewAll, RENEWED_AFTER_MS, sql, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capabilitiesOf } from '../providers/providers.js';
import { WHATSAPP_CLOUD } from '../providers/whatsapp-cloud/whatsapp-cloud.provider.js';
import {
  body,
  deadLettersOf,
  demoNumber,
  messagesFor,
  NUMBER,
  startChannels,
  type Channels,
} from '../testing/channels.js';
import { channelRenewal } from './announce-channels.js';

let channels: Channels;

const stranger = newId();
let strangersChannel: string;

beforeAll(async () => {
  channels = await startChannels({ channel: { name: 'Filiale Mitte' } });
  const { channelId } = await channels.service.seedDemo(
    demoNumber(stranger, { appId: '999', phoneNumberId: '300000000000001', appSecret: 'other' }),
  );
  strangersChannel = channelId;
});
afterAll(() => channels?.stop());

const CHANNELS = '{ channels { id name kind displayPhoneNumber currency timeZone } }';
const ENTITIES = 'query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Channel { id name } } }';
const LETTERS =
  'query ($first: Int! = 50, $after: String) { deadLetters(first: $first, after: $after) { nodes { id source reason occurredAt } nextPage } }';

describe('channels', () => {
  it('shows the workspace its own, and no credentials', async () => {
    expect(await channels.graphql(CHANNELS, ['channel:read'])).toEqual({
      data: {
        channels: [
          {
            id: channels.channelId,
            name: 'Filiale Mitte',
            kind: 'WHATSAPP_CLOUD',
            displayPhoneNumber: '+4930901820',
            currency: 'EUR',
            timeZone: 'Europe/Berlin',
          },
        ],
      },
    });
    const { data } = await channels.graphql('{ __type(name: "Channel") { fields { name } } }', []);
    const fields = (data!.__type as { fields: { name: string }[] }).fields.map((field) => field.name);
    expect(fields.filter((field) => /token|secret|app|waba|api/i.test(field))).toEqual([]);
  });

  it('needs a right', async () => {
    for (const query of [CHANNELS, `{ channel(id: "${channels.channelId}") { id } }`]) {
      expect((await channels.graphql(query, ['conversation:read'])).errors).toMatchObject([
        { extensions: { code: 'FORBIDDEN' } },
      ]);
    }
    expect((await channels.graphql(LETTERS, ['channel:read'])).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);
  });

  it('finds one by id, and nothing by the id of another workspace or of nobody', async () => {
    const find = async (id: string) =>
      (await channels.graphql(`{ channel(id: "${id}") { name } }`, ['channel:read'])).data;
    expect(await find(channels.channelId)).toEqual({ channel: { name: 'Filiale Mitte' } });
    for (const id of [strangersChannel, newId(), 'nonsense']) expect(await find(id)).toEqual({ channel: null });
  });
});

describe('references of other subgraphs', () => {
  const refs = () =>
    [channels.channelId, strangersChannel, 'nonsense', channels.channelId].map((id) => ({ __typename: 'Channel', id }));

  it('are answered together, and only for what may be seen', async () => {
    const mine = { id: channels.channelId, name: 'Filiale Mitte' };
    expect(await channels.graphql(ENTITIES, ['channel:read'], { refs: refs() })).toEqual({
      data: { _entities: [mine, null, null, mine] },
    });
    expect(await channels.graphql(ENTITIES, ['cost:read'], { refs: refs() })).toEqual({
      data: { _entities: [null, null, null, null] },
    });
  });
});

describe('deadLetters', () => {
  it('lists what had no effect, the latest first, page by page, to its own workspace', async () => {
    for (const n of [1, 2, 3]) await channels.post(body(messagesFor('400000000000001', { id: `wamid.${n}` })));
    const all = (await deadLettersOf(channels.database)).length;
    expect(all).toBe(3);
    const first = (await channels.graphql(LETTERS, ['webhook_event:read'], { first: 2 })).data!.deadLetters as Page;
    expect(first.nodes).toMatchObject([
      { source: 'webhook', reason: 'no channel has this number and app' },
      { source: 'webhook', reason: 'no channel has this number and app' },
    ]);
    const second = (await channels.graphql(LETTERS, ['webhook_event:read'], { first: 2, after: first.nextPage })).data!
      .deadLetters as Page;
    expect(second.nodes).toHaveLength(1);
    expect(second.nextPage).toBeNull();
    const ids = [...first.nodes, ...second.nodes].map((node) => node.id);
    expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
    const theirs = await channels.graphql(LETTERS, ['webhook_event:read'], {}, stranger);
    expect(theirs.data).toEqual({ deadLetters: { nodes: [], nextPage: null } });
  });

  it.each([
    ['first', { first: 0 }],
    ['first', { first: 101 }],
    ['after', { after: 'x' }],
  ])('refuses a wrong %s', async (field, variables) => {
    const { errors } = await channels.graphql(LETTERS, ['webhook_event:read'], variables);
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
  });
});

describe('connecting a number', () => {
  it('is in the audit log, with the settings that changed, and that credentials did, but not which', async () => {
    const workspaceId = newId();
    const number = demoNumber(workspaceId, { appId: '998', phoneNumberId: '300000000000002', name: 'Mitte' });
    const { channelId } = await channels.service.seedDemo(number);
    await channels.service.seedDemo(number);
    await channels.service.seedDemo({ ...number, name: 'Nord', apiBaseUrl: 'http://user:pass@127.0.0.1:10/secret' });
    await channels.service.seedDemo({
      ...number,
      name: 'Nord',
      apiBaseUrl: 'http://127.0.0.1:10',
      appSecret: 'another secret',
    });
    const all = await readLog(channels.database.forTenant(workspaceId), 0, 100);
    const log = all.filter(({ dataClass }) => dataClass === 'audit');
    expect(log.map(({ data }) => data)).toMatchObject([
      { action: 'channel.connect', objectIds: [channelId], changes: { name: { before: null, after: 'Mitte' } } },
      {
        action: 'channel.update',
        changes: {
          name: { before: 'Mitte', after: 'Nord' },
          apiOrigin: { before: 'http://127.0.0.1:9', after: 'http://127.0.0.1:10' },
        },
      },
      { action: 'channel.credentials_change', objectIds: [channelId] },
    ]);
    const text = JSON.stringify(log);
    for (const secret of ['secret', 'pass', 'access-token', 'verify-token', '4930901820'])
      expect(text).not.toContain(secret);
  });
});

describe('what a customer writes', () => {
  it('is not in the audit log: nobody of the workspace did anything', async () => {
    const names = async () =>
      (await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000)).map(({ name }) => name);
    const before = await names();
    await channels.post(body(messagesFor(NUMBER, { id: 'wamid.audit' })));
    expect((await names()).slice(before.length)).toEqual(['channels.message.received']);
  });
});

describe('credentials', () => {
  it('are stored sealed', async () => {
    const { rows } = await sql<{ text: string }>`
      select concat(encode(channel.secrets, 'escape'), settings, (select string_agg(encode(provider_app.secrets[1], 'escape') || encode(verify_token_hash, 'escape'), ' ') from provider_app)) as text
      from channel
    `.execute(channels.database.system().getKysely());
    for (const { text } of rows)
      for (const secret of ['access-token', 'app-secret', 'verify-token']) expect(text).not.toContain(secret);
    expect(rows.length).toBe(3);
  });
});

describe('other services are told of a channel', () => {
  const now = { at: new Date('2026-11-22T09:00:00Z') };
  const ctx = (): Ctx => ({
    database: channels.database,
    now: () => now.at,
    log: createLogger('test', 'silent'),
    wakeRelay() {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  });
  const toldIn = async (workspaceId: string) =>
    (await readLog(channels.database.forTenant(workspaceId), 0, 100))
      .filter(({ name }) => name === channelChanged.name)
      .map(({ data }) => data);

  it('when it is connected and when it is called something else, and not when nothing has changed', async () => {
    const workspaceId = newId();
    const number = demoNumber(workspaceId, { appId: '997', phoneNumberId: '300000000000003', name: 'Mitte' });
    const { channelId } = await channels.service.seedDemo(number);
    await channels.service.seedDemo(number);
    await channels.service.seedDemo({ ...number, name: 'Nord' });
    const about = {
      channelId,
      accountId: '419561257915477',
      account: { portfolioId: '419561257915477', currency: 'EUR', timeZone: 'Europe/Berlin' },
      state: 'ACTIVE',
      capabilities: capabilitiesOf('WHATSAPP_CLOUD'),
      limits: { messagesPerSecond: 80 },
      chatUrl: 'https://wa.me/4930901820?text=',
      processors: WHATSAPP_CLOUD.processors,
    };
    expect(await toldIn(workspaceId)).toEqual([
      { ...about, name: 'Mitte' },
      { ...about, name: 'Nord' },
    ]);
  });

  it('again after days, once, whoever looks', async () => {
    const workspaceId = newId();
    const number = demoNumber(workspaceId, { appId: '996', phoneNumberId: '300000000000004', name: 'Mitte' });
    await channels.service.seedDemo(number);
    now.at = new Date(Date.now() + RENEWED_AFTER_MS - 60_000);
    await renewAll(ctx(), channelRenewal);
    expect(await toldIn(workspaceId)).toHaveLength(1);
    now.at = new Date(Date.now() + RENEWED_AFTER_MS + 1);
    await Promise.all([renewAll(ctx(), channelRenewal), renewAll(ctx(), channelRenewal)]);
    expect(await toldIn(workspaceId)).toHaveLength(2);
  });
});

interface Page {
  nodes: { id: string }[];
  nextPage: string | null;
}
