import type { MessageQueued } from '@fenster/contracts';
import { readLog, sql, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimDue } from '../delivery/claim-due.js';
import { recordStep } from '../delivery/outbound.commands.js';
import {
  body,
  demoNumber,
  queueMessages,
  SECRET_KEY,
  startChannels,
  statuses,
  until,
  type Channels,
  type EmittedEvent,
} from '../testing/channels.js';
import { startGraphStub, type GraphStub } from '../testing/graph-stub.js';
import { sealSecrets } from './credentials.js';
import { REFRESHED_AFTER_MS } from './refresh.js';

let channels: Channels;
let graph: GraphStub;
let other: string;
/** How far the service's clock is ahead. */
let ahead = 0;
const now = () => new Date(Date.now() + ahead);
const NUMBER = '106540352242922';
const WABA = '419561257915477';

beforeAll(async () => {
  graph = await startGraphStub();
  channels = await startChannels({ now, channel: { apiBaseUrl: graph.url } });
  const number = demoNumber(channels.workspaceId, { phoneNumberId: '300000000000001', apiBaseUrl: graph.url });
  other = (await channels.service.seedDemo(number)).channelId;
});
afterAll(async () => {
  await channels?.stop();
  await graph?.stop();
});
beforeEach(() => {
  graph.calls.length = 0;
  graph.profiles.length = 0;
  graph.uploads.length = 0;
  graph.refusesBytes = undefined;
  graph.onCall = (call) => call.accept();
  graph.refusesToRead = undefined;
  graph.nodes.clear();
  graph.nodes.set(NUMBER, { verified_name: 'Radhaus', quality_rating: 'GREEN' });
});

let seq = 0;
function reply(text: string, channelId = channels.channelId, threadId = newId()): MessageQueued {
  seq += 1;
  return {
    messageId: newId(),
    threadId,
    conversationId: newId(),
    channelId,
    seq,
    to: { phone: `+49151${1_000_000 + seq}` },
    type: 'text',
    text,
    authorId: newId(),
  };
}
const queue = (...messages: MessageQueued[]) => queueMessages(channels.natsUrl, channels.workspaceId, ...messages);
const stateOfMessage = async (id: string) => {
  const { rows } = await sql<{ state: string; waiting_for: string | null; attempts: number }>`
    select state, waiting_for, attempts from outbound_message where id = ${id}
  `.execute(channels.database.system().getKysely());
  return rows[0];
};
const accepted = (id: string) => until(async () => (await stateOfMessage(id))?.state === 'ACCEPTED');
const events = (name: string) =>
  readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000).then((all) =>
    (all as unknown as EmittedEvent[]).filter((event) => event.name === name),
  );

const FIELDS = `id state stateReason stateReasonCode stateChangedAt refreshedAt sendingPausedUntil messagesPerSecond quality
  messagingLimit { tier recipientsPerDay } throughput verifiedName nameStatus storageRegion accountStatus
  businessProfile { about address description email websites category pictureUrl }`;
const ADMIN = ['channel:read', 'channel:manage'] as const;
const show = async (id = channels.channelId) =>
  (await channels.graphql(`query ($id: ID!) { channel(id: $id) { ${FIELDS} } }`, ['channel:read'], { id })).data!
    .channel as Record<string, unknown>;
async function call(
  mutation: string,
  channelId = channels.channelId,
  permissions: readonly never[] | typeof ADMIN = ADMIN,
) {
  const text = `mutation ($id: ID!) {
    ${mutation}(channelId: $id) {
      __typename ... on Channel { ${FIELDS} } ... on UserError { code message }
      ${mutation === 'disableChannel' ? '' : '... on ProviderFailure { providerCode }'}
    }
  }`;
  const { data, errors } = await channels.graphql(text, permissions, { id: channelId });
  return (data?.[mutation] ?? errors) as Record<string, unknown>;
}
const audited = async () =>
  (await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000))
    .map(({ data, actor }) => ({ ...(data as { action?: string }), actor }))
    .filter(({ action }) => action === 'channel.state_change');

function testCtx(): Ctx {
  const origin = { actor: { kind: 'system' as const }, correlationId: 'test' };
  return { database: channels.database, now, log: createLogger('test', 'silent'), wakeRelay: () => {}, origin };
}

describe('a token that the provider does not take any more', () => {
  it('stops sending over its channel and over no other, tells it, and nothing is lost', async () => {
    graph.onCall = (sent) => (sent.path.includes(NUMBER) ? sent.refuse(190, 401) : sent.accept());
    const threadId = newId();
    const [first, second] = [reply('Eins', undefined, threadId), reply('Zwei', undefined, threadId)];
    await queue(first, second);
    await until(async () => (await show()).state === 'ERROR');
    const elsewhere = reply('Anderswo', other);
    const third = reply('Drei');
    await queue(elsewhere, third);
    await accepted(elsewhere.messageId);

    expect(await show()).toMatchObject({
      state: 'ERROR',
      stateReason: 'The access of this number has expired; an administrator must renew it.',
      stateReasonCode: 'ACCESS_EXPIRED',
      stateChangedAt: expect.any(String) as string,
    });
    expect(await show(other)).toMatchObject({ state: 'ACTIVE', stateReason: null, stateReasonCode: null });
    expect(graph.texts()).toEqual(['Eins', 'Anderswo']);
    for (const { messageId } of [first, second, third])
      expect(await stateOfMessage(messageId)).toMatchObject({ state: 'QUEUED' });
    expect(await events('channels.channel.state_changed')).toMatchObject([
      { data: { channelId: channels.channelId, before: 'ACTIVE', state: 'ERROR', error: { code: 190 } } },
    ]);
    expect((await events('channels.channel.changed')).at(-1)).toMatchObject({
      data: {
        channelId: channels.channelId,
        state: 'ERROR',
        stateReason: expect.stringContaining('expired') as string,
        stateReasonCode: 'access_expired',
      },
    });
    expect(await audited()).toMatchObject([
      {
        actor: { kind: 'system' },
        changes: { state: { before: 'ACTIVE', after: 'ERROR' }, errorCode: { before: null, after: 190 } },
      },
    ]);
    // All learn what they wait for, also those that were never tried.
    ahead += 3_000;
    await until(async () => {
      const delayed = (await events('channels.message.delayed')).filter(({ data }) => data.reason === 'CHANNEL_DOWN');
      return [first, second, third].every(({ messageId }) => delayed.some(({ data }) => data.messageId === messageId));
    });
  });

  it('keeps the channel down as long as the provider refuses it or cannot be asked', async () => {
    graph.refusesToRead = 190;
    expect(await call('reactivateChannel')).toMatchObject({
      __typename: 'ProviderFailure',
      code: 'PROVIDER_REFUSED',
      providerCode: 190,
      message: expect.stringContaining('expired') as string,
    });
    const { port } = graph;
    await graph.stop();
    expect(await call('reactivateChannel')).toMatchObject({ code: 'PROVIDER_UNREACHABLE', providerCode: null });
    await graph.listen(port);
    expect(await show()).toMatchObject({ state: 'ERROR' });
    expect(graph.calls).toEqual([]);
  });

  it('is forgotten when an administrator reactivates the channel: what waited leaves in its order', async () => {
    expect(await call('reactivateChannel')).toMatchObject({
      state: 'ACTIVE',
      stateReason: null,
      stateReasonCode: null,
      quality: 'GREEN',
    });
    await until(() => graph.calls.length === 3);
    const texts = graph.texts();
    expect(texts.toSorted()).toEqual(['Drei', 'Eins', 'Zwei']);
    expect(texts.indexOf('Eins')).toBeLessThan(texts.indexOf('Zwei'));
    expect((await events('channels.channel.state_changed')).at(-1)).toMatchObject({
      data: { before: 'ERROR', state: 'ACTIVE' },
    });
    const { actor, ...entry } = (await audited()).at(-1)!;
    expect(actor).toMatchObject({ kind: 'member' });
    expect(entry).toMatchObject({ changes: { state: { before: 'ERROR', after: 'ACTIVE' } } });
    // Again there is nothing to do, and nothing to tell.
    const before = (await events('channels.channel.state_changed')).length;
    expect(await call('reactivateChannel')).toMatchObject({ state: 'ACTIVE' });
    expect((await events('channels.channel.state_changed')).length).toBe(before);
  });

  it('breaks nothing that was repaired since the attempt was made', async () => {
    graph.onCall = (sent) => sent.reset();
    const message = reply('Spät');
    await queue(message);
    await until(async () => (await stateOfMessage(message.messageId))?.attempts === 1);
    const attemptedAt = new Date(now().getTime() - 3_600_000);
    const claimed = { workspaceId: channels.workspaceId, id: newId(), channelId: channels.channelId, attemptedAt };
    const step = { kind: 'channel_broken', error: { code: 190, title: 'Expired.' } } as const;
    const late = { ...claimed, attempts: 1, isProbe: false, correlationId: 'late', causationId: newId() };
    await recordStep(testCtx(), late as Parameters<typeof recordStep>[1], step, true);
    expect(await show()).toMatchObject({ state: 'ACTIVE' });
    await recordStep(testCtx(), { ...late, attemptedAt: now() } as Parameters<typeof recordStep>[1], step, true);
    expect(await show()).toMatchObject({ state: 'ERROR' });
  });

  it('is forgotten when somebody connects the number with another one', async () => {
    const same = demoNumber(channels.workspaceId, { apiBaseUrl: graph.url });
    await channels.service.seedDemo(same);
    expect(await show()).toMatchObject({ state: 'ERROR' });
    await channels.service.seedDemo({ ...same, accessToken: 'a new one' });
    expect(await show()).toMatchObject({ state: 'ACTIVE' });
    await channels.service.seedDemo(same);
  });
});

describe('a message that the provider took and that failed since', () => {
  const failed = (code: number, at = now()) =>
    channels.post(
      body(
        statuses({
          id: `wamid.${newId()}`,
          status: 'failed',
          timestamp: String(Math.floor(at.getTime() / 1_000)),
          pricing: undefined,
          errors: [{ code, title: 'Of Meta' }],
        }),
      ),
    );

  it('says nothing of its channel if it is about the message or the person', async () => {
    for (const code of [131_047, 131_050, 131_026, 131_000, 999_999]) await failed(code);
    expect(await show()).toMatchObject({ state: 'ACTIVE' });
  });

  it('says nothing of now if it failed long ago', async () => {
    await failed(131_042, new Date(now().getTime() - 2 * 3_600_000));
    expect(await show()).toMatchObject({ state: 'ACTIVE' });
  });

  it('stops sending over its channel if nothing can be sent over it, until that is repaired', async () => {
    ahead += 10_000;
    const before = now();
    await failed(131_042);
    expect(await show()).toMatchObject({
      state: 'ERROR',
      stateReason: expect.stringContaining('payment method') as string,
      stateReasonCode: 'PAYMENT_PROBLEM',
    });
    expect(await show(other)).toMatchObject({ state: 'ACTIVE' });
    expect((await events('channels.channel.state_changed')).at(-1)).toMatchObject({
      data: { before: 'ACTIVE', state: 'ERROR', error: { code: 131_042, reason: 'payment_problem' } },
    });
    const waiting = reply('Wartet');
    await queue(waiting);
    ahead += 10_000;
    await call('reactivateChannel');
    await accepted(waiting.messageId);
    // What failed before the repair, and is told after it.
    await failed(131_042, before);
    expect(await show()).toMatchObject({ state: 'ACTIVE' });
  });
});

describe('a channel that is switched off', () => {
  it('sends nothing, and takes what comes in', async () => {
    expect(await call('disableChannel')).toMatchObject({ state: 'DISABLED' });
    const message = reply('Feierabend');
    await queue(message);
    const elsewhere = reply('Offen', other);
    await queue(elsewhere);
    await accepted(elsewhere.messageId);
    expect((await claimDue(testCtx(), 10, 1_000)).messages).toEqual([]);
    expect(graph.texts()).toEqual(['Offen']);
    expect(await call('reactivateChannel')).toMatchObject({ state: 'ACTIVE' });
    await accepted(message.messageId);
  });
});

describe('a number', () => {
  const profile = {
    about: 'Räder aller Art',
    address: 'Hauptstr. 1',
    email: 'hallo@radhaus.example',
    websites: ['https://radhaus.example'],
    vertical: 'RETAIL',
    profile_picture_url: 'https://cdn.example/p.jpg',
  };
  function givenNumber(overrides: object = {}): void {
    graph.nodes.set(NUMBER, {
      verified_name: 'Radhaus',
      name_status: 'APPROVED',
      quality_rating: 'YELLOW',
      throughput: { level: 'HIGH' },
      whatsapp_business_manager_messaging_limit: 'TIER_2K',
      ...overrides,
    });
    graph.nodes.set(`${NUMBER}/whatsapp_business_profile`, { data: [profile] });
    graph.nodes.set(`${NUMBER}/settings`, { storage_configuration: { data_localization_region: 'DE' } });
    graph.nodes.set(WABA, { owner_business_info: { id: '4711', name: 'Radhaus' } });
  }

  beforeAll(async () => {
    givenNumber({ quality_rating: 'GREEN' });
    await call('refreshChannel');
  });

  it('is read from its provider when somebody asks for it', async () => {
    givenNumber();
    expect(await call('refreshChannel')).toMatchObject({
      __typename: 'Channel',
      quality: 'YELLOW',
      messagingLimit: { tier: 'TIER_2K', recipientsPerDay: 2_000 },
      throughput: 'HIGH',
      messagesPerSecond: 1_000,
      verifiedName: 'Radhaus',
      nameStatus: 'APPROVED',
      storageRegion: 'DE',
      accountStatus: null,
      refreshedAt: expect.any(String) as string,
      businessProfile: {
        about: 'Räder aller Art',
        address: 'Hauptstr. 1',
        description: null,
        email: 'hallo@radhaus.example',
        websites: ['https://radhaus.example'],
        category: 'RETAIL',
        pictureUrl: 'https://cdn.example/p.jpg',
      },
    });
  });

  it('is read again every day, without anybody asking', async () => {
    givenNumber({ quality_rating: 'RED' });
    ahead += REFRESHED_AFTER_MS + 1;
    await channels.pause();
    await channels.resume();
    await until(async () => (await show()).quality === 'RED');
    expect((await show()).state).toBe('ACTIVE');
  });

  it('keeps what is known where the provider does not tell everything', async () => {
    graph.nodes.set(NUMBER, { quality_rating: 'GREEN' });
    expect(await call('refreshChannel')).toMatchObject({ quality: 'GREEN', throughput: 'HIGH', storageRegion: 'DE' });
  });

  it('turns to ERROR when the provider does not let anybody read it', async () => {
    graph.refusesToRead = 190;
    expect(await call('refreshChannel')).toMatchObject({ __typename: 'ProviderFailure', providerCode: 190 });
    expect(await show()).toMatchObject({ state: 'ERROR', stateReasonCode: 'ACCESS_EXPIRED' });
    graph.refusesToRead = undefined;
    expect(await call('reactivateChannel')).toMatchObject({ state: 'ACTIVE' });
  });

  it('sends as fast as somebody decided', async () => {
    const set = async (messagesPerSecond: number | null, permissions: typeof ADMIN | readonly never[] = ADMIN) => {
      const text = `mutation ($input: SetSendRateInput!) {
        setSendRate(input: $input) { __typename ... on Channel { messagesPerSecond } ... on InvalidInput { field } }
      }`;
      const input = { channelId: channels.channelId, messagesPerSecond };
      return (await channels.graphql(text, permissions, { input })).data?.setSendRate;
    };
    expect(await set(20)).toEqual({ __typename: 'Channel', messagesPerSecond: 20 });
    for (const wrong of [0, 1_001])
      expect(await set(wrong)).toEqual({ __typename: 'InvalidInput', field: 'messagesPerSecond' });
    expect(await set(null)).toEqual({ __typename: 'Channel', messagesPerSecond: 1_000 });
    const log = await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000);
    const changes = log.flatMap(({ data }) => (data as { changes?: Record<string, unknown> }).changes ?? []);
    expect(changes.filter((change) => 'messagesPerSecond' in (change as object))).toEqual([
      { messagesPerSecond: { before: null, after: 20 } },
      { messagesPerSecond: { before: 20, after: null } },
    ]);
  });

  describe('has a business profile that', () => {
    const update = async (input: object) => {
      const text = `mutation ($input: UpdateBusinessProfileInput!) {
        updateBusinessProfile(input: $input) {
          __typename ... on Channel { businessProfile { about description websites category pictureUrl } }
          ... on InvalidInput { field message } ... on ProviderFailure { providerCode field }
        }
      }`;
      const variables = { input: { channelId: channels.channelId, ...input } };
      return (await channels.graphql(text, ADMIN, variables)).data!.updateBusinessProfile;
    };

    it('is changed at the provider, and shown as it is afterwards', async () => {
      const changed = await update({ description: ' Verkauf und Werkstatt ', websites: [], category: 'AUTO' });
      expect(graph.profiles).toEqual([
        { messaging_product: 'whatsapp', description: 'Verkauf und Werkstatt', websites: [], vertical: 'AUTO' },
      ]);
      expect(changed).toEqual({
        __typename: 'Channel',
        businessProfile: {
          about: 'Räder aller Art',
          description: 'Verkauf und Werkstatt',
          websites: [],
          category: 'AUTO',
          pictureUrl: 'https://cdn.example/p.jpg',
        },
      });
      const log = await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000);
      const entry = log
        .map(({ data }) => data as { action?: string })
        .find(({ action }) => action === 'channel.profile_update');
      expect(entry).toMatchObject({
        changes: {
          profileFields: { before: null, after: ['description', 'websites', 'category'] },
          description: { before: null, after: 'Verkauf und Werkstatt' },
          category: { before: 'RETAIL', after: 'AUTO' },
        },
      });
    });

    it.each([
      ['about', { about: '' }],
      ['about', { about: 'x'.repeat(140) }],
      ['address', { address: 'x'.repeat(257) }],
      ['description', { description: '🚲'.repeat(513) }],
      ['email', { email: 'nobody' }],
      ['websites', { websites: ['https://a.example', 'https://b.example', 'https://c.example'] }],
      ['websites', { websites: ['javascript:alert(1)'] }],
      ['channelId', {}],
    ])('is not changed by a wrong %s', async (field, input) => {
      expect(await update(input)).toMatchObject({ __typename: 'InvalidInput', field });
      expect(graph.profiles).toEqual([]);
    });

    it('is not changed where the provider refuses it', async () => {
      const before = await show();
      graph.refusesToRead = 131009;
      expect(await update({ about: 'Neu' })).toMatchObject({ __typename: 'ProviderFailure', providerCode: 131009 });
      expect((await show()).businessProfile).toEqual(before.businessProfile);
    });

    describe('has a picture that', () => {
      const PNG = Buffer.concat([
        Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
        Buffer.alloc(300_000, 7),
      ]);
      const announce = async (mimeType: string, bytes: Buffer) => {
        const text = `mutation ($input: CreateMediaUploadInput!) {
          createMediaUpload(input: $input) { ... on MediaUpload { media { id } url } }
        }`;
        const input = { channelId: channels.channelId, mimeType, sizeBytes: bytes.length, fileName: 'Logo.png' };
        const variables = { input: { ...input, idempotencyKey: newId() } };
        const { data } = await channels.graphql(text, ['message:send', 'message:read', 'channel:read'], variables);
        const { media, url } = data!.createMediaUpload as { media: { id: string }; url: string };
        return { id: media.id, bring: () => fetch(url, { method: 'PUT', body: new Uint8Array(bytes) }) };
      };
      const upload = async (mimeType: string, bytes: Buffer) => {
        const { id, bring } = await announce(mimeType, bytes);
        expect((await bring()).status).toBe(201);
        return id;
      };

      it('is brought to the provider, and shown where the provider then has it', async () => {
        givenNumber();
        const pictureMediaId = await upload('image/png', PNG);
        profile.profile_picture_url = 'https://cdn.example/new.jpg';
        givenNumber();
        expect(await update({ about: 'Räder', pictureMediaId })).toMatchObject({
          businessProfile: { pictureUrl: 'https://cdn.example/new.jpg' },
        });
        expect(graph.uploads).toEqual([
          {
            path: '670843887433847/uploads',
            query: { file_length: String(PNG.length), file_type: 'image/png', file_name: 'Logo.png' },
            authorization: 'Bearer access-token',
            session: 'upload:1?sig=a.b',
            offset: '0',
            bytes: PNG,
          },
        ]);
        expect(graph.profiles).toEqual([
          { messaging_product: 'whatsapp', about: 'Räder', profile_picture_handle: `handle-${PNG.length}` },
        ]);
        const log = await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000);
        const entries = log.map(({ data }) => data as { action?: string; changes: object });
        expect(entries.findLast(({ action }) => action === 'channel.profile_update')).toMatchObject({
          changes: { profileFields: { before: null, after: ['about', 'picture'] } },
        });
      });

      it('may be all that changes; where it is then, nobody knows until it is read again', async () => {
        const pictureMediaId = await upload('image/png', PNG);
        graph.nodes.delete(`${NUMBER}/whatsapp_business_profile`);
        expect(await update({ pictureMediaId })).toMatchObject({
          businessProfile: { about: 'Räder aller Art', pictureUrl: null },
        });
        expect(graph.profiles).toEqual([
          { messaging_product: 'whatsapp', profile_picture_handle: `handle-${PNG.length}` },
        ]);
      });

      it('is no file that nobody brought, that is of another type, or of another workspace', async () => {
        const received = newId();
        const pdf = await upload('application/pdf', Buffer.from('%PDF-1.7'));
        const { id: pending, bring } = await announce('image/png', PNG);
        const kysely = channels.database.system().getKysely();
        const theirs = await upload('image/png', PNG);
        await sql`update media set workspace_id = ${newId()} where id = ${theirs}`.execute(kysely);
        const ours = await upload('image/png', PNG);
        await sql`update media set origin = 'RECEIVED' where id = ${ours}`.execute(kysely);
        for (const pictureMediaId of [received, pdf, pending, theirs, ours, 'nonsense']) {
          expect(await update({ pictureMediaId })).toMatchObject({
            __typename: 'InvalidInput',
            field: 'pictureMediaId',
          });
        }
        expect([graph.uploads, graph.profiles]).toEqual([[], []]);
        await bring();
        expect(await update({ pictureMediaId: pending })).toMatchObject({ __typename: 'Channel' });
      });

      it('goes through the partner’s own app where a partner connects the number', async () => {
        const number = demoNumber(channels.workspaceId, { phoneNumberId: '300000000000002', apiBaseUrl: graph.url });
        const { channelId } = await channels.service.seedDemo(number);
        await sql`
          update channel set kind = 'WHATSAPP_360DIALOG', secrets = ${sealSecrets(SECRET_KEY, channelId, { apiKey: 'key' })}
          where id = ${channelId}
        `.execute(channels.database.system().getKysely());
        const pictureMediaId = await upload('image/png', PNG);
        expect(await update({ channelId, pictureMediaId })).toMatchObject({ __typename: 'Channel' });
        expect(graph.uploads).toMatchObject([{ path: 'uploads', session: 'upload:1?sig=a.b', bytes: PNG }]);
        expect(graph.profiles).toEqual([
          { messaging_product: 'whatsapp', profile_picture_handle: `handle-${PNG.length}` },
        ]);
      });

      it('changes nothing where the provider refuses it', async () => {
        const pictureMediaId = await upload('image/png', PNG);
        graph.refusesBytes = 100;
        expect(await update({ about: 'Neu', pictureMediaId })).toEqual({
          __typename: 'ProviderFailure',
          providerCode: 100,
          field: 'pictureMediaId',
        });
        expect(graph.profiles).toEqual([]);
      });
    });
  });
});

describe('whoever may not manage channels', () => {
  it.each(['refreshChannel', 'reactivateChannel', 'disableChannel'])('may not %s', async (mutation) => {
    expect(await call(mutation, channels.channelId, [])).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it.each(['refreshChannel', 'reactivateChannel', 'disableChannel'])(
    'of this workspace: no %s of another workspace’s number',
    async (mutation) => {
      const number = demoNumber(newId(), { appId: '999', phoneNumberId: '400000000000001', appSecret: 'other' });
      const { channelId } = await channels.service.seedDemo(number).catch(() => ({ channelId: newId() }));
      for (const id of [channelId, newId(), 'nonsense'])
        expect(await call(mutation, id)).toMatchObject({ __typename: 'NotFound' });
    },
  );
});
