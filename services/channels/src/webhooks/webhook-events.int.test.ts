import { channelPreferenceReceived, volumeTierReached } from '@fenster/contracts';
import { readLog, sql, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  body,
  count,
  deadLettersOf,
  demoNumber,
  eventsOf,
  messages,
  messagesFor,
  NUMBER,
  startChannels,
  statuses,
  type Channels,
} from '../testing/channels.js';
import { eraseOld } from './retention.js';

let channels: Channels;
/** How far the service's clock is ahead. */
let ahead = 0;
const now = () => new Date(Date.now() + ahead);
const DAY = 86_400_000;
beforeAll(async () => {
  channels = await startChannels({ now });
});
afterAll(() => channels?.stop());

const kysely = () => channels.database.system().getKysely();
const clear = async () => {
  for (const table of ['webhook_event', 'inbound_item', 'outbox_pending', 'outbox', 'dead_letter', 'channel_fact'])
    await sql`delete from ${sql.table(table)}`.execute(kysely());
};
beforeEach(clear);

const wamid = () => `wamid.${newId()}`;
const events = () => eventsOf(channels.database, channels.workspaceId);
const ctx = (): Ctx => ({
  database: channels.database,
  now,
  log: createLogger('test', 'silent'),
  wakeRelay: () => {},
  origin: { actor: { kind: 'system' }, correlationId: 'test' },
});

const TIME = 1_795_208_400;
/** A change of a field other than `messages`, at its time. */
const news = (field: string, value: object, time: number | undefined = TIME) => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '419561257915477', ...(time !== undefined && { time }), changes: [{ field, value }] }],
});
const phone = { display_phone_number: '4930901820' };

const LIST = `query ($first: Int! = 50, $after: String, $filter: WebhookEventFilter) {
  webhookEvents(first: $first, after: $after, filter: $filter) {
    nodes { id receivedAt fields itemCount outcome body channels { id } } nextPage
  }
}`;
interface Listed {
  id: string;
  fields: string[];
  itemCount: number;
  outcome: string;
  body: string | null;
  channels: { id: string }[];
}
const READS = ['webhook_event:read', 'channel:read', 'message:read', 'contact:read_phone'] as const;
async function list(variables: object = {}, permissions: readonly (typeof READS)[number][] = READS) {
  const { data } = await channels.graphql(LIST, permissions, variables);
  return data!.webhookEvents as { nodes: Listed[]; nextPage: string | null };
}
const channelNow = async () => {
  const { data } = await channels.graphql(
    '{ channels { id quality messagingLimit { tier recipientsPerDay } throughput verifiedName nameStatus username accountStatus } }',
    ['channel:read'],
  );
  return (data!.channels as { id: string }[]).find(({ id }) => id === channels.channelId)!;
};
async function replay(
  id: string,
  permissions: readonly ('webhook_event:read' | 'channel:manage')[] = ['webhook_event:read', 'channel:manage'],
) {
  const { data, errors } = await channels.graphql(
    'mutation ($id: ID!) { replayWebhookEvent(id: $id) { __typename ... on WebhookEvent { id outcome } ... on UserError { code } } }',
    permissions,
    { id },
  );
  return data?.replayWebhookEvent ?? errors;
}
const letters = async () => {
  const { data } = await channels.graphql('{ deadLetters { nodes { reason webhookEventId } } }', [
    'webhook_event:read',
  ]);
  return (data!.deadLetters as { nodes: { reason: string; webhookEventId: string }[] }).nodes;
};

describe('news of a number', () => {
  it.each<[string, object, object]>([
    [
      'phone_number_quality_update',
      { ...phone, event: 'THROUGHPUT_UPGRADE', max_daily_conversations_per_business: 'TIER_UNLIMITED' },
      { throughput: 'HIGH', messagingLimit: { tier: 'TIER_UNLIMITED', recipientsPerDay: null } },
    ],
    [
      'phone_number_quality_update',
      { ...phone, event: 'FLAGGED', current_limit: 'TIER_10K' },
      { quality: 'RED', messagingLimit: { tier: 'TIER_10K', recipientsPerDay: 10_000 } },
    ],
    [
      'business_capability_update',
      { max_daily_conversations_per_business: 2_000 },
      { messagingLimit: { tier: 'TIER_2K', recipientsPerDay: 2_000 } },
    ],
    [
      'business_capability_update',
      { max_daily_conversations_per_business: 'TIER_250' },
      { messagingLimit: { tier: 'TIER_250', recipientsPerDay: 250 } },
    ],
    [
      'phone_number_name_update',
      { ...phone, decision: 'APPROVED', requested_verified_name: 'Radhaus' },
      { nameStatus: 'APPROVED', verifiedName: 'Radhaus' },
    ],
    [
      'phone_number_name_update',
      { ...phone, decision: 'REJECTED', requested_verified_name: 'Radhaus' },
      { nameStatus: 'REJECTED', verifiedName: null },
    ],
    [
      'phone_number_username_update',
      { ...phone, decision: 'APPROVED', requested_username: 'radhaus' },
      { username: 'radhaus' },
    ],
    [
      'account_update',
      { event: 'ACCOUNT_RESTRICTION', restriction_info: [] },
      { accountStatus: 'ACCOUNT_RESTRICTION' },
    ],
    [
      'account_update',
      { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'REINSTATE' } },
      { accountStatus: 'REINSTATE' },
    ],
  ])('is known state: %s %j', async (field, value, expected) => {
    await channels.post(news(field, value));
    expect(await channelNow()).toMatchObject(expected);
    expect((await list()).nodes).toMatchObject([
      { fields: [field], outcome: 'HANDLED', channels: [{ id: channels.channelId }] },
    ]);
  });

  it('is the latest, whenever it comes', async () => {
    const limit = (max_daily_conversations_per_business: string, time: number) =>
      channels.post(news('business_capability_update', { max_daily_conversations_per_business }, time));
    await limit('TIER_10K', TIME + 10);
    await limit('TIER_2K', TIME);
    expect(await channelNow()).toMatchObject({ messagingLimit: { tier: 'TIER_10K' } });
    await limit('TIER_250', TIME + 11);
    expect(await channelNow()).toMatchObject({ messagingLimit: { tier: 'TIER_250' } });
  });

  it('is of no number of another account or app', async () => {
    const stranger = newId();
    const app = { appId: '999', appSecret: 'secret-of-the-stranger', phoneNumberId: '300000000000001' };
    await channels.service.seedDemo(demoNumber(stranger, { ...app, displayPhoneNumber: '4930901820' }));
    await channels.post(news('phone_number_quality_update', { ...phone, event: 'FLAGGED' }));
    await channels.post({
      ...news('account_update', { event: 'ACCOUNT_VIOLATION' }),
      entry: [{ id: '1', time: TIME, changes: [{ field: 'account_update', value: { event: 'ACCOUNT_VIOLATION' } }] }],
    });
    const { rows } = await sql<{
      workspace_id: string;
      name: string;
    }>`select workspace_id, name from channel_fact`.execute(kysely());
    expect(rows).toEqual([{ workspace_id: channels.workspaceId, name: 'quality' }]);
  });

  it('that makes no sense is kept and does no harm', async () => {
    for (const value of [
      { ...phone, event: 'ONBOARDING', current_limit: 'TIER_NOT_SET' },
      { ...phone, event: {}, current_limit: [] },
      [],
    ])
      expect(await channels.post(news('phone_number_quality_update', value))).toMatchObject({ status: 200 });
    expect((await list()).nodes.map(({ outcome }) => outcome)).toEqual(['KEPT', 'KEPT', 'KEPT']);
  });
});

describe('what the provider posts', () => {
  const KEPT = [
    'message_template_status_update',
    'template_category_update',
    'message_template_quality_update',
    'message_template_components_update',
    'account_alerts',
    'account_review_update',
    'security',
    'partner_solutions',
    'payment_configuration_update',
    'automatic_events',
    'user_preferences',
    'history',
    'smb_app_state_sync',
    'messaging_handovers',
    'standby',
    'flows',
    'calls',
    'group_lifecycle_update',
    'group_participants_update',
    'group_settings_update',
    'group_status_update',
    'something_of_next_year',
  ];

  it('is all listed with its field, time and channel, also what Fenster makes nothing of', async () => {
    for (const field of KEPT) expect(await channels.post(news(field, { event: 'X' }))).toMatchObject({ status: 200 });
    await channels.post(body(messages(wamid()), statuses({ id: wamid() })));
    const { nodes } = await list();
    expect(nodes.map(({ fields }) => fields)).toEqual([['messages'], ...KEPT.toReversed().map((field) => [field])]);
    expect(nodes[0]).toMatchObject({ outcome: 'HANDLED', itemCount: 2, channels: [{ id: channels.channelId }] });
    for (const node of nodes.slice(1)) {
      expect(node).toMatchObject({ outcome: 'KEPT', itemCount: 1, channels: [{ id: channels.channelId }] });
    }
  });

  it('tells who has stopped marketing in WhatsApp, once for each webhook', async () => {
    const stop = {
      wa_id: '4915112345678',
      user_id: 'DE.1',
      category: 'marketing_messages',
      value: 'stop',
      timestamp: 1_795_255_200,
    };
    const posted = news('user_preferences', { metadata: { phone_number_id: NUMBER }, user_preferences: [stop] });
    await channels.post(posted);
    await channels.post(posted);
    const { nodes } = await list({ filter: { field: 'user_preferences' } });
    expect(nodes).toMatchObject([{ outcome: 'HANDLED', channels: [{ id: channels.channelId }] }]);
    const told = (await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000)).filter(
      ({ name }) => name === channelPreferenceReceived.name,
    );
    expect(told.map(({ data }) => data)).toMatchObject([
      { channelId: channels.channelId, identity: { phone: '+4915112345678', bsuid: 'DE.1' }, value: 'STOP' },
    ]);
  });

  it('tells from when on a volume has its price, once for each webhook', async () => {
    const info = { tier_update_time: TIME, pricing_category: 'UTILITY', effective_month: '2026-11', region: 'Germany' };
    const posted = news('account_update', {
      event: 'VOLUME_BASED_PRICING_TIER_UPDATE',
      volume_tier_info: { ...info, tier: '100001:200000' },
    });
    await channels.post(posted);
    await channels.post(posted);
    expect((await list({ filter: { field: 'account_update' } })).nodes).toMatchObject([{ outcome: 'HANDLED' }]);
    const told = (await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000)).filter(
      ({ name }) => name === volumeTierReached.name,
    );
    expect(told.map(({ data }) => data)).toMatchObject([
      { region: 'Germany', category: 'UTILITY', month: '2026-11', from: 100_001, to: 200_000 },
    ]);
  });

  it('is found by field and outcome, page by page', async () => {
    await channels.post(news('security', { event: 'PIN_CHANGED' }));
    for (let index = 0; index < 3; index += 1) await channels.post(news('account_alerts', { index }));
    await channels.post('<xml/>');
    const first = await list({ first: 2, filter: { field: 'account_alerts' } });
    expect(first.nodes).toHaveLength(2);
    const second = await list({ first: 2, after: first.nextPage, filter: { field: 'account_alerts' } });
    expect(second.nodes).toHaveLength(1);
    expect(second.nextPage).toBeNull();
    expect(new Set([...first.nodes, ...second.nodes].map(({ id }) => id)).size).toBe(3);
    expect((await list({ filter: { outcome: 'DEAD_LETTER' } })).nodes).toMatchObject([{ fields: [], channels: [] }]);
  });

  it('is shown as it was posted, to those who may read messages and numbers, of this workspace', async () => {
    const raw = JSON.stringify(body(messagesFor(NUMBER, { id: wamid(), text: { body: 'geheim' } })), null, 1);
    await channels.post(raw);
    expect((await list()).nodes).toMatchObject([{ body: raw }]);
    for (const less of [
      READS.filter((each) => each !== 'message:read'),
      READS.filter((each) => each !== 'contact:read_phone'),
    ])
      expect((await list({}, less)).nodes).toMatchObject([{ body: null }]);
    const stranger = await channels.graphql(LIST, READS, {}, newId());
    expect(stranger.data).toEqual({ webhookEvents: { nodes: [], nextPage: null } });
    expect((await channels.graphql(LIST, ['channel:read'])).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);
  });

  it.each([
    ['first', { first: 0 }],
    ['first', { first: 101 }],
    ['after', { after: 'x' }],
  ])('is not listed by a wrong %s', async (field, variables) => {
    const { errors } = await channels.graphql(LIST, READS, variables);
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
  });
});

describe('the body of a webhook', () => {
  it('is erased when its time is over; a duplicate that comes seven days late has no effect all the same', async () => {
    const start = ahead;
    const raw = JSON.stringify(body(messages(wamid()), messagesFor('400000000000009', { id: wamid() })));
    await channels.post(raw);
    const before = await events();
    ahead = start + DAY - 1_000;
    await eraseOld(ctx(), 1);
    expect((await list()).nodes[0]!.body).toBe(raw);
    ahead = start + DAY + 60_000;
    await eraseOld(ctx(), 1);
    const [event] = (await list()).nodes;
    expect(event).toMatchObject({ body: null, outcome: 'DEAD_LETTER' });
    expect(await replay(event!.id)).toEqual({ __typename: 'WebhookBodyErased', code: 'WEBHOOK_BODY_ERASED' });

    ahead = start + 8 * DAY;
    await eraseOld(ctx(), 1);
    expect(await channels.post(raw)).toMatchObject({ status: 200 });
    const sameElement = JSON.stringify(JSON.parse(raw), null, 1);
    expect(await channels.post(sameElement)).toMatchObject({ status: 200 });
    expect(await events()).toEqual(before);
    expect((await list()).nodes.map(({ id }) => id)).toContain(event!.id);

    ahead = start + 30 * DAY;
    await eraseOld(ctx(), 1);
    expect([await count(channels.database, 'webhook_event'), await count(channels.database, 'inbound_item')]).toEqual([
      0, 0,
    ]);
    ahead = start;
  });
});

describe('a webhook that is replayed', () => {
  it('has the effect that it did not have before its number was connected, once', async () => {
    const number = '500000000000001';
    const ids = [wamid(), wamid()];
    await channels.post(body(messagesFor(number, ...ids.map((id) => ({ id }))), messages(wamid())));
    expect(await events()).toHaveLength(1);
    const [letter] = await letters();
    expect(letter).toMatchObject({ reason: 'no channel has this number and app' });
    const { nodes } = await list({ filter: { outcome: 'DEAD_LETTER' } });
    expect(nodes.map(({ id }) => id)).toEqual([letter!.webhookEventId]);

    // As long as nothing is different, nothing is.
    expect(await replay(letter!.webhookEventId)).toMatchObject({ outcome: 'DEAD_LETTER' });
    expect(await letters()).toMatchObject([
      { reason: 'no channel has this number and app', webhookEventId: letter!.webhookEventId },
    ]);
    expect(await events()).toHaveLength(1);

    await channels.service.seedDemo(demoNumber(channels.workspaceId, { phoneNumberId: number }));
    await clearAnnouncements();
    for (let time = 0; time < 3; time += 1)
      expect(await replay(letter!.webhookEventId)).toEqual({
        __typename: 'WebhookEvent',
        id: letter!.webhookEventId,
        outcome: 'HANDLED',
      });
    const received = (await events()).filter(({ name }) => name === 'channels.message.received');
    expect(received.map(({ data }) => data.providerMessageId)).toEqual([expect.any(String), ...ids]);
    expect(await letters()).toEqual([]);
    const log = await readLog(channels.database.forTenant(channels.workspaceId), 0, 1_000);
    expect(
      log.map(({ data }) => data as { action?: string }).filter(({ action }) => action === 'webhook_event.replay'),
    ).toHaveLength(4);
  });

  it('may have the effect that a version before could not give it', async () => {
    await channels.post(body(messagesFor(NUMBER, { id: wamid(), group_id: 'g' }, { id: wamid() })));
    const [letter] = await letters();
    expect(letter).toMatchObject({ reason: 'written in a group' });
    const known = await count(channels.database, 'inbound_item');
    // Still written in a group; what matters is that nothing remembers it as done.
    await replay(letter!.webhookEventId);
    expect(await letters()).toMatchObject([{ reason: 'written in a group' }]);
    expect(await count(channels.database, 'inbound_item')).toBe(known);
    expect(await deadLettersOf(channels.database)).toHaveLength(2);
    expect((await events()).filter(({ name }) => name === 'channels.message.received')).toHaveLength(1);
  });

  it('can be replayed by those alone who manage channels, and not from another workspace', async () => {
    await channels.post(body(messages(wamid())));
    const [event] = (await list()).nodes;
    expect(await replay(event!.id, ['webhook_event:read'])).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    for (const id of [newId(), 'nonsense']) expect(await replay(id)).toMatchObject({ code: 'NOT_FOUND' });
    const { data } = await channels.graphql(
      'mutation ($id: ID!) { replayWebhookEvent(id: $id) { __typename } }',
      ['webhook_event:read', 'channel:manage'],
      { id: event!.id },
      newId(),
    );
    expect(data).toEqual({ replayWebhookEvent: { __typename: 'NotFound' } });
  });

  const clearAnnouncements = () => sql`delete from outbox where name = 'channels.channel.changed'`.execute(kysely());
});

describe('any order and repetition of webhooks', () => {
  it('leaves the same behind', async () => {
    const [first, second, group] = [wamid(), wamid(), wamid()];
    const webhooks: object[] = [
      body(messages(first)),
      body(messages(first, second), statuses({ id: 'wamid.OURS' })),
      body(
        statuses(
          { id: 'wamid.OURS', status: 'delivered' },
          { id: 'wamid.OURS', status: 'read', timestamp: '1795208500' },
        ),
      ),
      body(messagesFor(NUMBER, { id: group, group_id: 'g' })),
      body(messagesFor('600000000000001', { id: wamid() })),
      body({ field: 'messages', value: 7 }),
      news('phone_number_quality_update', { ...phone, event: 'FLAGGED' }, TIME),
      news('phone_number_quality_update', { ...phone, event: 'UNFLAGGED', current_limit: 'TIER_1K' }, TIME + 60),
      news('business_capability_update', { max_daily_conversations_per_business: 'TIER_2K' }, TIME + 60),
      news('business_capability_update', { max_daily_conversations_per_business: 'TIER_250' }, TIME + 30),
      news('account_update', { event: 'ACCOUNT_RESTRICTION' }, TIME),
      news('account_update', { event: 'ACCOUNT_VIOLATION' }, TIME),
      news('account_alerts', { alert_info: {} }),
    ];
    const reference = await endState(
      webhooks.map((_webhook, index) => index),
      webhooks,
    );
    expect(reference.received).toHaveLength(2);
    expect(reference.facts).toHaveLength(3);
    expect(reference.letters).toHaveLength(3);
    const order = fc
      .tuple(
        fc.shuffledSubarray(
          webhooks.map((_webhook, index) => index),
          { minLength: webhooks.length },
        ),
        fc.array(fc.nat(webhooks.length - 1), { maxLength: 12 }),
      )
      .chain(([all, more]) => fc.shuffledSubarray([...all, ...more], { minLength: all.length + more.length }));
    await fc.assert(
      fc.asyncProperty(
        order,
        fc.boolean(),
        fc.array(fc.nat(20), { maxLength: 3 }),
        async (sequence, together, replayed) => {
          expect(await endState(sequence, webhooks, { together, replayed })).toEqual(reference);
        },
      ),
      { numRuns: 25 },
    );
  });

  /** What is there after the webhooks came in this order, some at the same time, and some were replayed. */
  async function endState(
    sequence: readonly number[],
    webhooks: readonly object[],
    { together = false, replayed = [] }: { together?: boolean; replayed?: readonly number[] } = {},
  ) {
    await clear();
    const posts = sequence.map((index) => () => channels.post(webhooks[index]!));
    if (together) await Promise.all(posts.map((post) => post()));
    else for (const post of posts) await post();
    const { nodes } = await list({ first: 100 });
    for (const index of replayed) await replay(nodes[index % nodes.length]!.id);
    const all = (await events()).filter(({ name }) => name.startsWith('channels.'));
    const { rows: facts } = await sql`
      select name, value, as_of from channel_fact where channel_id = ${channels.channelId} order by name
    `.execute(kysely());
    const listed = (await list({ first: 100 })).nodes;
    return {
      received: all
        .filter(({ name }) => name === 'channels.message.received')
        .map(({ data }) => JSON.stringify(data))
        .toSorted(),
      statuses: all
        .filter(({ name }) => name === 'channels.status.received')
        .map(({ data }) => JSON.stringify(data))
        .toSorted(),
      facts,
      letters: (await letters()).map(({ reason }) => reason).toSorted(),
      listed: listed.map(({ id: _id, ...rest }) => JSON.stringify({ ...rest, receivedAt: undefined })).toSorted(),
      known: await count(channels.database, 'inbound_item'),
    };
  }
});

describe('history of a number that was used by a phone app', () => {
  const chunk = (progress: number, ...ids: string[]) => ({
    metadata: { phase: 0, chunk_order: 1, progress },
    threads: [
      {
        id: '4915112345678',
        messages: ids.map((id) => ({
          from: '4915112345678',
          id,
          timestamp: '1795000000',
          type: 'text',
          text: { body: id },
        })),
      },
    ],
  });
  const history = (value: object) =>
    body({ field: 'history', value: { metadata: { ...phone, phone_number_id: NUMBER }, ...value } });
  const importNow = async () => {
    const { data } = await channels.graphql('{ channels { historyImport { state progress } } }', ['channel:read']);
    return (data!.channels as { historyImport: unknown }[])[0]!.historyImport;
  };

  it('becomes an event for each message, once, of which none looks as if it came now', async () => {
    const [a, b] = [wamid(), wamid()];
    await channels.post(history({ history: [chunk(10, a, b)] }));
    await channels.post(history({ history: [chunk(20, b, a)] }));
    expect(await events()).toMatchObject([
      { name: 'channels.message.imported', data: { providerMessageId: a, by: 'customer', text: a } },
      { name: 'channels.message.imported', data: { providerMessageId: b } },
    ]);
    const [event] = (await list({ filter: { field: 'history' } })).nodes;
    expect(event).toMatchObject({ fields: ['history'], outcome: 'HANDLED' });
  });

  it('is shown on its channel as far as it has come, in whatever order that is told', async () => {
    expect(await importNow()).toBeNull();
    await channels.post(history({ history: [chunk(55, wamid())] }));
    await channels.post(history({ history: [chunk(100, wamid())] }));
    await channels.post(history({ history: [chunk(40, wamid())] }));
    expect(await importNow()).toEqual({ state: 'COMPLETE', progress: 100 });
  });

  it('is shown to be refused, if somebody keeps it to themselves, until they think better of it', async () => {
    await channels.post(history({ history: [{ errors: [{ code: 2593109, title: 'declined' }] }] }));
    expect(await importNow()).toEqual({ state: 'REFUSED', progress: null });
    await channels.post(history({ history: [chunk(5, wamid())] }));
    expect(await importNow()).toEqual({ state: 'RUNNING', progress: 5 });
  });
});
