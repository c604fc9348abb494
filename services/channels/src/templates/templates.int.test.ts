import type { Permission } from '@fenster/auth';
import { templateCategoryChanged, templateChanged, type TemplateChanged } from '@fenster/contracts';
import { renewAll, RENEWED_AFTER_MS, sql, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProviders } from '../providers/providers.js';
import { body, demoNumber, eventsOf, SECRET_KEY, startChannels, until, type Channels } from '../testing/channels.js';
import { providerOptions } from '../testing/provider-options.js';
import { startTemplateStub, type TemplateStub } from '../testing/template-stub.js';
import { READ_AFTER_MS, readSome } from './read-templates.js';
import { templateRenewal } from './template-renewal.js';

let channels: Channels;
let graph: TemplateStub;
/** How far the clock is ahead. */
let ahead = 0;
const now = () => new Date(Date.now() + ahead);
const MANAGER: readonly Permission[] = ['channel:read', 'template:manage'];
const kysely = () => channels.database.system().getKysely();

beforeAll(async () => {
  graph = await startTemplateStub();
  channels = await startChannels({ now, channel: { apiBaseUrl: graph.url } });
  await until(async () => (await accounts()).every(({ read_at: read }) => read !== null));
});
afterAll(async () => {
  await channels?.stop();
  await graph?.stop();
});
beforeEach(async () => {
  graph.calls.length = 0;
  graph.templates = [];
  graph.onCall = () => undefined;
});
afterEach(async () => {
  ahead = 0;
  await sql`delete from template`.execute(kysely());
});

async function accounts(): Promise<{ account_id: string; read_at: Date | null }[]> {
  const { rows } = await sql<{ account_id: string; read_at: Date | null }>`
    select account_id, read_at from template_account
  `.execute(kysely());
  return rows;
}

const listed = (over: Record<string, unknown> = {}) => ({
  id: '101',
  name: 'termin',
  language: 'de',
  status: 'APPROVED',
  category: 'UTILITY',
  components: [{ type: 'BODY', text: 'Bis {{1}}, Anna!', example: { body_text: [['morgen']] } }],
  parameter_format: 'POSITIONAL',
  quality_score: { score: 'GREEN', date: 1 },
  rejected_reason: 'NONE',
  ...over,
});
const FIELDS = `id name language status category previousCategory quality parameterFormat
  rejection { reason advice } announcedCategory { category effectiveAt }
  channels { id }
  content { header { words { text } mediaKind isLocation } body { text variables { name example } } footer
    buttons { kind text value url } cards { buttons { kind } } limitedTimeOffer { text } unknownParts }`;

interface Shown {
  id: string;
  name: string;
  status: string;
  category: string;
  [field: string]: unknown;
}
async function ask<T>(query: string, variables: object = {}, permissions = MANAGER, workspace?: string): Promise<T> {
  const { data, errors } = await channels.graphql(query, permissions, variables, workspace);
  expect(errors).toBeUndefined();
  return Object.values(data!)[0] as T;
}
const shown = (filter: object = {}) =>
  ask<{ nodes: Shown[]; nextPage: string | null }>(
    `query ($filter: TemplateFilter) { templates(first: 100, filter: $filter) { nodes { ${FIELDS} } nextPage } }`,
    { filter },
  );
const one = async (filter: object = {}) => (await shown({ status: ALL, ...filter })).nodes[0]!;
const ALL = ['PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED', 'DELETED', 'OTHER', 'IN_APPEAL'];
const sync = (permissions = MANAGER) =>
  ask<{ __typename: string; count?: number; code?: string }>(
    `mutation ($id: ID!) { syncTemplates(channelId: $id) { __typename ... on TemplatesRead { count } ... on UserError { code } } }`,
    { id: channels.channelId },
    permissions,
  );
const REFUSAL =
  '... on UserError { code message } ... on InvalidInput { field } ... on ProviderFailure { providerCode }';
const create = (input: object) =>
  ask<Shown & { __typename: string; field?: string; code?: string; message?: string; templateId?: string }>(
    `mutation ($input: CreateTemplateInput!) {
      createTemplate(input: $input) { __typename ... on Template { ${FIELDS} } ${REFUSAL} ... on TemplateExists { templateId } }
    }`,
    { input: { channelId: channels.channelId, language: 'de', category: 'UTILITY', ...input } },
  );
const plain = { name: 'termin', body: { text: 'Bis {{1}}, Anna!', examples: [{ value: 'morgen' }] } };

/** What was told since the events before. */
async function told(from = 0, name: string = templateChanged.name): Promise<Record<string, unknown>[]> {
  const events = await eventsOf(channels.database, channels.workspaceId);
  return events
    .filter((event) => event.name === name)
    .slice(from)
    .map(({ data }) => data);
}
const toldCount = async (name: string = templateChanged.name) => (await told(0, name)).length;

let seconds = 1_795_300_000;
const webhook = (field: string, value: object, time = (seconds += 1)) => {
  const { object, entry } = body({ field, value });
  return { object, entry: entry.map((each) => ({ ...each, time })) };
};
const about = { message_template_id: 101, message_template_name: 'termin', message_template_language: 'de' };
const status = (event: string, over: object = {}) => ({ event, ...about, reason: null, ...over });

describe('templates of an account', () => {
  it('are read from the provider, page by page, and told', async () => {
    graph.pageSize = 2;
    graph.templates = [
      listed(),
      listed({ id: '102', language: 'en-US' }),
      listed({ id: '103', name: 'angebot', category: 'MARKETING', status: 'REJECTED', rejected_reason: 'PROMOTIONAL' }),
    ];
    const before = await toldCount();
    expect(await sync()).toEqual({ __typename: 'TemplatesRead', count: 3 });
    graph.pageSize = 100;
    const { nodes } = await shown();
    expect(nodes).toHaveLength(3);
    expect(nodes.find(({ name, language }) => name === 'termin' && language === 'de')).toMatchObject({
      status: 'APPROVED',
      category: 'UTILITY',
      quality: 'GREEN',
      channels: [{ id: channels.channelId }],
    });
    const { nodes: german } = await shown({ name: 'termin', language: 'de' });
    expect(german[0]!['content']).toMatchObject({
      body: { text: 'Bis {{1}}, Anna!', variables: [{ name: '1', example: 'morgen' }] },
      buttons: [],
      unknownParts: [],
    });
    expect((await shown({ language: 'en_US' })).nodes).toMatchObject([{ language: 'en_US' }]);
    expect((await one({ name: 'angebot' }))['rejection']).toEqual({ reason: 'PROMOTIONAL', advice: null });
    const events = (await told(before)) as TemplateChanged[];
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({ accountId: '419561257915477', definition: { unknownParts: [] } });
  });

  it('are told again only if something is new, and after days', async () => {
    graph.templates = [listed()];
    await sync();
    const before = await toldCount();
    await sync();
    expect(await toldCount()).toBe(before);
    const ctx = { ...testCtx(), now: () => new Date(Date.now() + RENEWED_AFTER_MS + 60_000) };
    await renewAll(ctx, templateRenewal);
    await renewAll(ctx, templateRenewal);
    expect(await toldCount()).toBe(before + 1);
  });

  it('are deleted when the provider lists them no longer, and are not when it lists nothing readable', async () => {
    graph.templates = [listed()];
    await sync();
    graph.onCall = ({ method }) => (method === 'GET' ? { status: 200, body: { success: true } } : undefined);
    ahead = 2_000;
    expect(await sync()).toMatchObject({ code: 'PROVIDER_UNREACHABLE' });
    expect(await one()).toMatchObject({ status: 'APPROVED' });
    graph.onCall = () => undefined;
    graph.templates = [];
    expect(await sync()).toMatchObject({ count: 0 });
    expect((await shown()).nodes).toEqual([]);
    expect(await one()).toMatchObject({ status: 'DELETED' });
  });

  it('are filtered and shown page by page', async () => {
    graph.templates = [1, 2, 3, 4, 5].map((number) =>
      listed({ id: `10${number}`, name: `t_${number}`, category: number % 2 ? 'UTILITY' : 'MARKETING' }),
    );
    await sync();
    const page = (after: string | null) =>
      ask<{ nodes: Shown[]; nextPage: string | null }>(
        `query ($after: String) { templates(first: 2, after: $after) { nodes { name } nextPage } }`,
        { after },
      );
    const seen: string[] = [];
    for (let next: string | null = null, isFirst = true; isFirst || next !== null; isFirst = false) {
      const { nodes, nextPage } = await page(next);
      seen.push(...nodes.map(({ name }) => name));
      next = nextPage;
    }
    expect(seen.toSorted()).toEqual(['t_1', 't_2', 't_3', 't_4', 't_5']);
    const names = async (filter: object) => (await shown(filter)).nodes.map(({ name }) => name).toSorted();
    expect(await names({ category: ['MARKETING'] })).toEqual(['t_2', 't_4']);
    expect(await names({ name: '_3' })).toEqual(['t_3']);
    // No wildcard, whatever SQL makes of it.
    expect(await names({ name: 't%' })).toEqual([]);
    expect(await names({ name: 'tx1' })).toEqual([]);
    expect(await names({ channelId: channels.channelId })).toHaveLength(5);
    expect(await names({ channelId: newId() })).toEqual([]);
    expect(await names({ status: ['PAUSED'] })).toEqual([]);
  });

  it('are nobody else’s, and changed by nobody without the right', async () => {
    graph.templates = [listed()];
    await sync();
    const { id } = await one();
    const query = `{ template(id: "${id}") { id } }`;
    expect(await ask(query)).toEqual({ id });
    expect(await ask(query, {}, MANAGER, newId())).toBeNull();
    expect((await channels.graphql(query, ['message:read'])).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);
    const mutations = [
      `deleteTemplate(id: "${id}") { __typename }`,
      `editTemplate(input: { templateId: "${id}" }) { __typename }`,
      `syncTemplates(channelId: "${channels.channelId}") { __typename }`,
      `createTemplate(input: { channelId: "${channels.channelId}", name: "x", language: "de", category: UTILITY }) { __typename }`,
    ];
    for (const mutation of mutations) {
      const { errors } = await channels.graphql(`mutation { ${mutation} }`, ['channel:read', 'channel:manage']);
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    const foreign = await ask<object>(`mutation { deleteTemplate(id: "${id}") { __typename } }`, {}, MANAGER, newId());
    expect(foreign).toEqual({ __typename: 'NotFound' });
    expect(graph.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('are read by one process at a time, daily, and at once where a webhook leaves questions', async () => {
    const app = { providers: providers(), secretKey: SECRET_KEY };
    const at = (ms: number): Ctx => ({ ...testCtx(), now: () => new Date(Date.now() + ms) });
    const calls = () => graph.calls.filter(({ method }) => method === 'GET').length;
    expect(await readSome(at(0), app)).toBe(0);
    const results = await Promise.all([
      readSome(at(READ_AFTER_MS + 60_000), app),
      readSome(at(READ_AFTER_MS + 60_000), app),
    ]);
    expect(results.toSorted()).toEqual([0, 1]);
    expect(calls()).toBe(1);
    graph.templates = [listed({ components: [{ type: 'BODY', text: 'Neu' }] })];
    ahead = READ_AFTER_MS + 120_000;
    await channels.post(
      webhook(
        'message_template_components_update',
        { ...about, message_template_element: 'Neu' },
        Math.floor(now().getTime() / 1_000),
      ),
    );
    await until(async () => (await one())?.['content'] !== null && (await one()) !== undefined);
    expect((await one())['content']).toMatchObject({ body: { text: 'Neu' } });
    await sql`update template_account set read_at = ${new Date()}, wanted_at = null, next_try_at = null`.execute(
      kysely(),
    );
  });
});

describe('webhooks about templates', () => {
  it('say what became of one: status, why it was refused, quality', async () => {
    graph.templates = [listed({ status: 'PENDING' })];
    await sync();
    ahead = 60_000;
    const time = Math.floor(now().getTime() / 1_000);
    await channels.post(
      webhook(
        'message_template_status_update',
        status('REJECTED', {
          reason: 'GAME',
          rejection_info: { reason: 'It is a game.', recommendation: 'Change it.' },
        }),
        time,
      ),
    );
    await channels.post(
      webhook(
        'message_template_quality_update',
        { ...about, previous_quality_score: 'GREEN', new_quality_score: 'RED' },
        time,
      ),
    );
    expect(await one()).toMatchObject({
      status: 'REJECTED',
      quality: 'RED',
      rejection: { reason: 'It is a game.', advice: 'Change it.' },
    });
    await channels.post(webhook('message_template_status_update', status('REINSTATED'), time + 1));
    expect(await one()).toMatchObject({ status: 'APPROVED', rejection: null });
    await channels.post(webhook('message_template_status_update', status('FLAGGED'), time + 2));
    expect(await one()).toMatchObject({ status: 'APPROVED' });
    const { rows } = await sql<{ outcome: string }>`
      select outcome from webhook_event where 'message_template_status_update' = any(fields) order by received_at desc limit 1
    `.execute(kysely());
    expect(rows).toHaveLength(1);
  });

  it('announce another category and do it: a drift of which subscribers hear, once each', async () => {
    graph.templates = [listed()];
    await sync();
    const before = await toldCount(templateCategoryChanged.name);
    const time = Math.floor(now().getTime() / 1_000) + 60;
    const announced = webhook(
      'template_category_update',
      { ...about, new_category: 'UTILITY', correct_category: 'MARKETING', category_update_timestamp: time + 86_400 },
      time,
    );
    await channels.post(announced);
    expect(await one()).toMatchObject({
      category: 'UTILITY',
      announcedCategory: { category: 'MARKETING', effectiveAt: new Date((time + 86_400) * 1_000).toISOString() },
    });
    const done = { ...about, previous_category: 'UTILITY', new_category: 'MARKETING' };
    await channels.post(webhook('template_category_update', done, time + 86_400));
    await channels.post(announced);
    await channels.post(webhook('template_category_update', done, time + 86_400));
    expect(await one()).toMatchObject({ category: 'MARKETING', previousCategory: 'UTILITY', announcedCategory: null });
    expect(await told(before, templateCategoryChanged.name)).toMatchObject([
      { from: 'UTILITY', to: 'MARKETING', phase: 'ANNOUNCED', name: 'termin' },
      { from: 'UTILITY', to: 'MARKETING', phase: 'DONE', name: 'termin' },
    ]);
    expect((await told()).at(-1)).toMatchObject({ category: 'MARKETING' });
  });

  it('of one that nobody knows make it known, and let it be read', async () => {
    graph.templates = [listed()];
    // Of the second in which it is read, or the next: what comes later in its life counts.
    await channels.post(
      webhook('message_template_status_update', status('PAUSED'), Math.ceil(now().getTime() / 1_000)),
    );
    await until(async () => (await one())?.['content'] != null);
    expect(await one()).toMatchObject({ status: 'PAUSED', category: 'UTILITY' });
  });

  it('say nothing of accounts of others', async () => {
    const stranger = newId();
    await channels.service.seedDemo(
      demoNumber(stranger, {
        appId: '77',
        phoneNumberId: '200000000000007',
        appSecret: 'other',
        apiBaseUrl: graph.url,
        wabaId: '500000000000007',
      }),
    );
    const theirs = webhook('message_template_status_update', status('APPROVED'));
    theirs.entry[0]!.id = '500000000000007';
    await channels.post(theirs);
    const { rows } = await sql`select from template`.execute(kysely());
    expect(rows).toEqual([]);
    await sql`delete from channel where workspace_id = ${stranger}`.execute(kysely());
  });

  const events = fc.array(
    fc.oneof(
      fc.record({
        field: fc.constant('message_template_status_update'),
        value: fc
          .constantFrom('PENDING', 'APPROVED', 'REJECTED', 'PAUSED', 'DISABLED', 'DELETED')
          .map((event) => status(event)),
      }),
      fc.record({
        field: fc.constant('message_template_quality_update'),
        value: fc.constantFrom('GREEN', 'YELLOW', 'RED').map((new_quality_score) => ({ ...about, new_quality_score })),
      }),
      fc.record({
        field: fc.constant('template_category_update'),
        value: fc.constantFrom(
          {
            ...about,
            new_category: 'UTILITY',
            correct_category: 'MARKETING',
            category_update_timestamp: 1_795_400_000,
          },
          { ...about, previous_category: 'UTILITY', new_category: 'MARKETING' },
          { ...about, previous_category: 'MARKETING', new_category: 'UTILITY' },
        ),
      }),
    ),
    { minLength: 1, maxLength: 5 },
  );

  it('leave the same end state in any order, however often they are repeated, alone or together', async () => {
    // Nobody reads meanwhile.
    await sql`update template_account set next_try_at = ${new Date(Date.now() + 3_600_000)}`.execute(kysely());
    graph.onCall = () => ({ status: 500, body: {} });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(events, fc.infiniteStream(fc.nat()), async (all, luck) => {
        const play = async (order: readonly (typeof all)[number][], times: readonly number[], together: boolean) => {
          const name = `round_${(round += 1)}`;
          const posts = order.map(({ field, value }, index) =>
            webhook(field, { ...value, message_template_name: name }, times[index]!),
          );
          if (together) await channels.post({ ...posts[0]!, entry: posts.flatMap(({ entry }) => entry) });
          else for (const post of posts) await channels.post(post);
          const { rows } = await sql<Record<string, unknown>>`
            select status, status_as_of, rejection, category, previous_category, category_as_of, announced_category,
              announced_for, quality, quality_as_of, provider_template_id from template where name = ${name}
          `.execute(kysely());
          return rows;
        };
        const times = all.map(() => 1_795_300_000 + (luck.next().value % 3));
        const timed = all.map((event, index) => ({ event, time: times[index]! }));
        const shuffled = [...timed, ...timed.slice(0, 2)]
          .map((each) => ({ each, place: luck.next().value }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ each }) => each);
        const first = await play(all, times, false);
        const mixed = shuffled.map(({ event }) => event);
        const mixedTimes = shuffled.map(({ time }) => time);
        expect(await play(mixed, mixedTimes, false)).toEqual(first);
        expect(await play(mixed, mixedTimes, true)).toEqual(first);
      }),
      { numRuns: 25 },
    );
    await sql`update template_account set next_try_at = null, wanted_at = null`.execute(kysely());
  });
});

describe('a template that somebody submits', () => {
  it('goes to the provider as Meta wants it, and is PENDING', async () => {
    const created = await create({
      ...plain,
      name: 'rechnung',
      language: 'en-US',
      header: { text: { text: 'Your invoice' } },
      footer: 'Your bike shop',
      buttons: [
        { kind: 'QUICK_REPLY', text: 'Paid' },
        { kind: 'URL', text: 'Show', url: 'https://a.example/{{1}}', example: 'https://a.example/7' },
      ],
      timeToLiveSeconds: 3_600,
    });
    expect(created).toMatchObject({
      __typename: 'Template',
      status: 'PENDING',
      language: 'en_US',
      category: 'UTILITY',
    });
    const call = graph.calls.find(({ method }) => method === 'POST')!;
    expect(call).toMatchObject({ path: '419561257915477/message_templates', authorization: 'Bearer access-token' });
    expect(call.body).toEqual({
      name: 'rechnung',
      language: 'en_US',
      category: 'UTILITY',
      parameter_format: 'POSITIONAL',
      message_send_ttl_seconds: 3_600,
      components: [
        { type: 'HEADER', format: 'TEXT', text: 'Your invoice' },
        { type: 'BODY', text: 'Bis {{1}}, Anna!', example: { body_text: [['morgen']] } },
        { type: 'FOOTER', text: 'Your bike shop' },
        {
          type: 'BUTTONS',
          buttons: [
            { type: 'QUICK_REPLY', text: 'Paid' },
            { type: 'URL', text: 'Show', url: 'https://a.example/{{1}}', example: ['https://a.example/7'] },
          ],
        },
      ],
    });
    expect(created['content']).toMatchObject({
      buttons: [
        { kind: 'QUICK_REPLY', value: 'OPTIONAL' },
        { kind: 'URL', value: 'REQUIRED' },
      ],
    });
    const audit = await auditOf(created.id);
    expect(audit).toEqual(['template.create']);
  });

  it('is submitted once, however often it is asked for; other words are another template', async () => {
    const first = await create(plain);
    expect(await create(plain)).toMatchObject({ __typename: 'Template', id: first.id });
    expect(graph.calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(await create({ ...plain, footer: 'Ihr Radladen' })).toMatchObject({
      __typename: 'TemplateExists',
      code: 'TEMPLATE_EXISTS',
      templateId: first.id,
    });
  });

  it('that the provider has already, because the answer was lost, is that one', async () => {
    graph.templates = [listed()];
    graph.onCall = ({ method }) =>
      method === 'POST'
        ? { status: 400, body: { error: { code: 100, error_subcode: 2_388_024, message: 'Invalid parameter' } } }
        : undefined;
    expect(await create(plain)).toMatchObject({ __typename: 'Template', status: 'APPROVED' });
    expect(await create({ ...plain, name: 'termin', footer: 'anders' })).toMatchObject({ code: 'TEMPLATE_EXISTS' });
  });

  it('is refused by field and limit before it leaves, and in the provider’s words after', async () => {
    expect(await create({ ...plain, body: { text: 'x'.repeat(1_025) } })).toMatchObject({
      __typename: 'InvalidInput',
      field: 'body.text',
      message: 'must have at most 1024 characters.',
    });
    expect(await create({ name: 'leer' })).toMatchObject({ field: 'body' });
    expect(graph.calls).toEqual([]);
    graph.onCall = () => ({
      status: 400,
      body: {
        error: {
          code: 100,
          error_subcode: 2_388_299,
          message: 'Invalid parameter',
          error_user_msg: 'Too many variables.',
        },
      },
    });
    expect(await create(plain)).toMatchObject({
      __typename: 'ProviderFailure',
      code: 'PROVIDER_REFUSED',
      message: 'Too many variables.',
      providerCode: 100,
    });
    expect((await shown({ status: ALL })).nodes).toEqual([]);
  });

  it('that the provider takes for something else tells of that', async () => {
    const before = await toldCount(templateCategoryChanged.name);
    graph.onCall = ({ method }) =>
      method === 'POST' ? { status: 200, body: { id: '900', status: 'PENDING', category: 'MARKETING' } } : undefined;
    expect(await create(plain)).toMatchObject({ category: 'MARKETING' });
    expect(await told(before, templateCategoryChanged.name)).toMatchObject([
      { from: 'UTILITY', to: 'MARKETING', phase: 'DONE' },
    ]);
  });

  it('shows the reviewers an example of its file', async () => {
    const pdf = Buffer.from('%PDF-1.7 Beispiel');
    const upload = await ask<{ media: { id: string }; url: string }>(
      `mutation ($input: CreateMediaUploadInput!) { createMediaUpload(input: $input) { ... on MediaUpload { media { id } url } } }`,
      {
        input: {
          channelId: channels.channelId,
          mimeType: 'application/pdf',
          sizeBytes: pdf.length,
          fileName: 'Beispiel.pdf',
          idempotencyKey: newId(),
        },
      },
      ['message:send', 'message:read', 'channel:read'],
    );
    const media = { mediaKind: 'DOCUMENT', exampleMediaId: upload.media.id };
    expect(await create({ ...plain, header: { media } })).toMatchObject({ field: 'header.media.exampleMediaId' });
    expect((await request(upload.url, { method: 'PUT', body: pdf })).statusCode).toBe(201);
    expect(await create({ ...plain, header: { media: { ...media, mediaKind: 'IMAGE' } } })).toMatchObject({
      field: 'header.media.exampleMediaId',
    });
    expect(await create({ ...plain, header: { media } })).toMatchObject({ __typename: 'Template' });
    const [session, bytes, submitted] = graph.calls.filter(({ method }) => method === 'POST');
    expect(session).toMatchObject({
      path: '670843887433847/uploads',
      query: { file_length: String(pdf.length), file_type: 'application/pdf', file_name: 'Beispiel.pdf' },
    });
    expect(bytes).toMatchObject({ path: 'upload:1?sig=a.b', bytes: pdf });
    expect(submitted!.body!['components']).toContainEqual({
      type: 'HEADER',
      format: 'DOCUMENT',
      example: { header_handle: [`handle-${pdf.length}`] },
    });
  });

  it('has a one-time password, whose words WhatsApp writes', async () => {
    const created = await create({
      name: 'code',
      category: 'AUTHENTICATION',
      authentication: { addsSecurityAdvice: true, codeExpiresInMinutes: 10 },
      buttons: [{ kind: 'OTP', otpType: 'COPY_CODE' }],
    });
    expect(created).toMatchObject({ __typename: 'Template', category: 'AUTHENTICATION' });
    expect(graph.calls[0]!.body!['components']).toEqual([
      { type: 'BODY', add_security_recommendation: true },
      { type: 'FOOTER', code_expiration_minutes: 10 },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
    ]);
  });
});

describe('a template that is there', () => {
  const edit = (input: object) =>
    ask<Shown & { __typename: string; field?: string; templateStatus?: string }>(
      `mutation ($input: EditTemplateInput!) {
        editTemplate(input: $input) { __typename ... on Template { ${FIELDS} } ${REFUSAL} ... on TemplateNotEditable { templateStatus } }
      }`,
      { input },
    );
  const remove = (id: string) =>
    ask<Shown & { __typename: string }>(
      `mutation ($id: ID!) { deleteTemplate(id: $id) { __typename ... on Template { status } ${REFUSAL} } }`,
      { id },
    );

  it('gets other words, and is reviewed again', async () => {
    graph.templates = [listed()];
    await sync();
    const { id } = await one();
    ahead = 60_000;
    const edited = await edit({ templateId: id, body: { text: 'Bis bald!' } });
    expect(edited).toMatchObject({
      __typename: 'Template',
      status: 'PENDING',
      content: { body: { text: 'Bis bald!' } },
    });
    expect(graph.calls.at(-1)).toMatchObject({
      method: 'POST',
      path: '101',
      body: { category: 'UTILITY', components: [{ type: 'BODY', text: 'Bis bald!' }] },
    });
    expect(await auditOf(id)).toEqual(['template.update']);
    expect(await edit({ templateId: id, body: { text: 'Bis bald!' } })).toMatchObject({
      __typename: 'TemplateNotEditable',
      templateStatus: 'PENDING',
    });
  });

  it('keeps its category while it is approved', async () => {
    graph.templates = [listed()];
    await sync();
    const { id } = await one();
    expect(await edit({ templateId: id, category: 'MARKETING', body: { text: 'Bis bald!' } })).toMatchObject({
      field: 'category',
    });
  });

  it('is deleted at the provider in its language, and stays to be seen', async () => {
    graph.templates = [listed()];
    await sync();
    const { id } = await one();
    ahead = 60_000;
    expect(await remove(id)).toMatchObject({ __typename: 'Template', status: 'DELETED' });
    expect(graph.calls.at(-1)).toMatchObject({ method: 'DELETE', query: { name: 'termin', hsm_id: '101' } });
    expect((await told()).at(-1)).toMatchObject({ status: 'DELETED' });
    const calls = graph.calls.length;
    expect(await remove(id)).toMatchObject({ status: 'DELETED' });
    expect(graph.calls).toHaveLength(calls);
    expect(await auditOf(id)).toEqual(['template.delete']);
  });

  it('counts as deleted if it is not there any more', async () => {
    graph.templates = [listed()];
    await sync();
    ahead = 60_000;
    graph.onCall = () => ({
      status: 400,
      body: { error: { code: 100, error_subcode: 2_593_002, message: 'Invalid parameter' } },
    });
    expect(await remove((await one()).id)).toMatchObject({ status: 'DELETED' });
  });
});

async function auditOf(templateId: string): Promise<string[]> {
  const rows = await channels.database
    .forTenant(channels.workspaceId)
    .execute<{ envelope: string }[]>(
      `select envelope from outbox where name = 'channels.audit_entry.recorded' order by seq`,
    );
  return rows
    .map(({ envelope }) => (JSON.parse(envelope) as { data: { action: string; objectIds: string[] } }).data)
    .filter(({ objectIds }) => objectIds.includes(templateId))
    .map(({ action }) => action);
}

function providers() {
  return createProviders(providerOptions());
}

function testCtx(): Ctx {
  return {
    database: channels.database,
    now,
    log: createLogger('test', 'silent'),
    wakeRelay: () => {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  };
}
