import {
  newsletterMessageDue,
  newsletterStarted,
  optOutWordsChosen,
  templateChanged,
  type NewsletterMessageDue,
  type NewsletterStarted,
} from '@fenster/contracts';
import { readLog, sql, transact } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { Permission } from '@fenster/auth';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { newsletterOptOutWordsConsumer } from './newsletter-opt-out-words.consumer.js';
import { newsletterTemplatesConsumer } from './newsletter-templates.consumer.js';
import { runNewsletters } from './newsletter-runner.js';

const contacts = new ContactsUnderTest();
let workspaceId: string;
let channelId: string;
let token: string;

const RIGHTS: Permission[] = ['contact:read', 'contact:read_phone', 'contact:update', 'contact:manage', 'message:send'];

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(() => {
  [workspaceId, channelId] = [newId(), newId()];
  token = contacts.token(workspaceId, ...RIGHTS);
});

const db = () => contacts.database.system().getKysely();
const run = (statement: ReturnType<typeof sql>) => statement.execute(db());

const [ANNA, BEA, CARA] = ['+4915112345671', '+4915112345672', '+4915112345673'];

async function meet(phone: string): Promise<string> {
  const contactId = newId();
  await contacts.publish(contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone } }));
  await contacts.settle();
  return contactId;
}

async function say(kind: 'CONFIRMED' | 'WITHDRAWN', contactId: string, phone: string): Promise<void> {
  const said = { contactId, channelId, identity: { phone }, kind, source: 'KEYWORD', purposes: ['marketing'] };
  await contacts.publish(contacts.stated(workspaceId, said as never, new Date()));
  await contacts.settle();
}

async function merge(keptId: string, mergedId: string): Promise<void> {
  const preview = await contacts.query(
    `query ($keptId: ID!, $mergedId: ID!) { contactMergePreview(keptId: $keptId, mergedId: $mergedId) {
      version conflicts { field } } }`,
    token,
    { keptId, mergedId },
  );
  const { version, conflicts } = preview.data!['contactMergePreview'] as {
    version: string;
    conflicts: { field: string }[];
  };
  const decisions = conflicts.map(({ field }) => ({ field, choice: 'KEPT' }));
  const { data } = await contacts.query(
    'mutation ($input: MergeContactsInput!) { mergeContacts(input: $input) { __typename } }',
    token,
    { input: { keptId, mergedId, version, decisions, idempotencyKey: newId() } },
  );
  expect(data).toEqual({ mergeContacts: { __typename: 'ContactsMerged' } });
}

async function insertNewsletter(state: string): Promise<string> {
  const id = newId();
  await run(sql`
    insert into newsletter (workspace_id, id, name, channel_id, segment_id, filter, content, state, starts_at,
      created_by_kind, created_by_id, created_at)
    values (${workspaceId}, ${id}, 'Herbst', ${channelId}, ${newId()}, '{}',
      ${JSON.stringify({ templateId: newId(), body: [], buttons: [] })}::jsonb, ${state}, now(), 'member', ${newId()}, now())
  `);
  return id;
}

/** No channel tells how fast it is, so nobody is handed over. */
async function prepare(): Promise<string> {
  const id = await insertNewsletter('SCHEDULED');
  await runNewsletters(contacts.asSystem());
  await eventually(async () => {
    const { rows } = await sql`select from newsletter where id = ${id} and state = 'RUNNING'`.execute(db());
    expect(rows).toHaveLength(1);
  });
  return id;
}

/** State and reason of each. */
async function handOver(newsletterId: string): Promise<Record<string, string>> {
  await run(sql`
    insert into sending_channel (workspace_id, id, messages_per_second) values (${workspaceId}, ${channelId}, 80)
  `);
  return eventually(async () => {
    await runNewsletters(contacts.asSystem());
    const { rows } = await sql<{ contact_id: string; state: string; reason: string | null }>`
      select contact_id, state, reason from newsletter_recipient where newsletter_id = ${newsletterId}
    `.execute(db());
    expect(rows.filter(({ state }) => state === 'PENDING')).toEqual([]);
    return Object.fromEntries(rows.map(({ contact_id, state, reason }) => [contact_id, reason ?? state]));
  });
}

describe('contacts that become one between preparing and sending', () => {
  it('get nothing if one of them has ended marketing', async () => {
    const [anna, bea] = [await meet(ANNA), await meet(BEA)];
    await say('WITHDRAWN', anna, ANNA);
    await say('CONFIRMED', bea, BEA);
    const id = await prepare();
    await merge(anna, bea);
    expect(await handOver(id)).toEqual({ [anna]: 'OPTED_OUT', [bea]: 'OPTED_OUT' });
  });

  it('get nothing more if the merged one has it already', async () => {
    const [anna, bea] = [await meet(ANNA), await meet(BEA)];
    await say('CONFIRMED', anna, ANNA);
    await say('CONFIRMED', bea, BEA);
    const id = await prepare();
    await run(sql`update newsletter_recipient set state = 'SENT', handed_at = now() where contact_id = ${bea}`);
    await merge(anna, bea);
    expect(await handOver(id)).toEqual({ [anna]: 'DUPLICATE', [bea]: 'SENT' });
  });

  it('get it once if both were merged into somebody who is no recipient', async () => {
    const [bea, cara] = [await meet(BEA), await meet(CARA)];
    await say('CONFIRMED', bea, BEA);
    await say('CONFIRMED', cara, CARA);
    const id = await prepare();
    const anna = await meet(ANNA);
    await say('CONFIRMED', anna, ANNA);
    await merge(anna, bea);
    await merge(anna, cara);
    expect(await handOver(id)).toEqual({ [bea]: 'HANDED_OVER', [cara]: 'DUPLICATE' });
  });

  it('get it as the one whom the conversation service knows by the address', async () => {
    const [anna, bea] = [await meet(ANNA), await meet(BEA)];
    await say('CONFIRMED', bea, BEA);
    const id = await prepare();
    await merge(anna, bea);
    expect(await handOver(id)).toEqual({ [anna]: 'CONSENT_MISSING', [bea]: 'HANDED_OVER' });
    const log = await readLog(contacts.database.forTenant(workspaceId), 0, 10_000);
    const due = log.filter(({ name }) => name === newsletterMessageDue.name);
    expect(due.map(({ data }) => data as NewsletterMessageDue)).toMatchObject([
      { contactId: bea, identity: { kind: 'PHONE', value: BEA } },
    ]);
  });
});

describe('a newsletter over a channel that is not of one’s teams', () => {
  const CHANGES = ['scheduleNewsletter', 'pauseNewsletter', 'resumeNewsletter', 'cancelNewsletter'];
  const STATES = ['DRAFT', 'SCHEDULED', 'PAUSED', 'SCHEDULED'];
  /** The code of each refusal, else the type. */
  async function attempt(as: string): Promise<unknown[]> {
    const segment = newId();
    await run(sql`
      insert into segment (workspace_id, id, name, filter, created_at, updated_at)
      values (${workspaceId}, ${segment}, ${segment}, '{}', now(), now())
    `);
    const answerOf = async (query: string, variables: object) => {
      const { data, errors } = await contacts.query(query, as, { ...variables });
      if (errors) return errors[0]!.extensions.code;
      const answer = Object.values(data!)[0] as { __typename: string };
      return 'code' in answer ? answer.code : answer.__typename;
    };
    const where = { channelId, segmentId: segment };
    const input = { name: 'Herbst', ...where, template: { templateId: newId() }, idempotencyKey: newId() };
    const answers = [
      await answerOf(
        `query ($channelId: ID!, $segmentId: ID!) {
          newsletterPreview(channelId: $channelId, segmentId: $segmentId) { __typename } }`,
        where,
      ),
      await answerOf(
        `mutation ($input: CreateNewsletterInput!) {
          createNewsletter(input: $input) { __typename ... on UserError { code } } }`,
        { input },
      ),
    ];
    for (const [index, change] of CHANGES.entries()) {
      const id = await insertNewsletter(STATES[index]!);
      // Not yet, whatever the runner does meanwhile.
      await run(sql`update newsletter set starts_at = now() + interval '1 day' where id = ${id}`);
      const isScheduling = change === 'scheduleNewsletter';
      answers.push(
        await answerOf(
          isScheduling
            ? `mutation ($input: ScheduleNewsletterInput!) {
                ${change}(input: $input) { __typename ... on UserError { code } } }`
            : `mutation ($id: ID!) { ${change}(id: $id) { __typename ... on UserError { code } } }`,
          isScheduling ? { input: { newsletterId: id, at: new Date(Date.now() + 86_400_000) } } : { id },
        ),
      );
    }
    return answers;
  }

  it('is refused, and so is every change of it', async () => {
    await run(sql`insert into sending_channel (workspace_id, id) values (${workspaceId}, ${channelId})`);
    const refused = Array.from({ length: 6 }, () => 'NOT_FOUND');
    expect(await attempt(contacts.tokenOf({ workspaceId, permissions: RIGHTS, channelIds: [newId()] }))).toEqual(
      refused,
    );
    const allowed = ['NewsletterPreview', ...Array.from({ length: 5 }, () => 'Newsletter')];
    expect(await attempt(contacts.tokenOf({ workspaceId, permissions: RIGHTS, channelIds: [channelId] }))).toEqual(
      allowed,
    );
    expect(await attempt(contacts.token(workspaceId, ...RIGHTS, 'conversation:read_all'))).toEqual(allowed);
  });
});

describe('a template that nobody could get', () => {
  const tell = async (templateId: string, over: object = {}) => {
    const like = contacts.event('opened', { workspaceId, contactId: newId(), channelId, identity: {} });
    const { name, version, dataClass } = templateChanged;
    const definition = {
      body: { text: 'Nur heute! STOP beendet Werbung.', examples: [] },
      buttons: [],
      unknownParts: [],
    };
    const data = { templateId, accountId: 'waba1', name: 'offer', language: 'de', status: 'APPROVED' };
    const rest = { category: 'MARKETING', quality: 'GREEN', parameterFormat: 'POSITIONAL', definition, ...over };
    const told = { ...like, entityId: templateId, name, version, dataClass, data: { ...data, ...rest } } as never;
    await transact(contacts.asSystem(), async (tx) => {
      for (const { event, handle } of newsletterTemplatesConsumer.subscriptions) {
        expect(event).toBe(templateChanged);
        await handle(tx, [told]);
      }
    });
  };
  const ask = (mutation: string, variables: object) =>
    contacts
      .query(mutation, contacts.token(workspaceId, ...RIGHTS, 'conversation:read_all'), { ...variables })
      .then(({ data }) => data!['result']);
  const schedule = (newsletterId: string) =>
    ask(
      `mutation ($input: ScheduleNewsletterInput!) { result: scheduleNewsletter(input: $input) {
        __typename ... on NewsletterTemplateRefused { code reason message } } }`,
      { input: { newsletterId, at: new Date(Date.now() + 86_400_000) } },
    );
  const resume = (id: string) =>
    ask(
      `mutation ($id: ID!) { result: resumeNewsletter(id: $id) {
        __typename ... on NewsletterTemplateRefused { reason } } }`,
      { id },
    );
  const templateOf = async (id: string) => {
    const { rows } = await sql<{ templateId: string; state: string; pausedBecause: string | null }>`
      select content->>'templateId' as "templateId", state, paused_because as "pausedBecause" from newsletter where id = ${id}
    `.execute(db());
    return rows[0]!;
  };

  it('is refused when it is scheduled or resumed, and allowed once it is mended', async () => {
    const [draft, paused] = [await insertNewsletter('DRAFT'), await insertNewsletter('PAUSED')];
    const { templateId } = await templateOf(draft);
    await run(sql`
      update newsletter set content = jsonb_set(content, '{templateId}', to_jsonb(${templateId}::text)) where id = ${paused}
    `);
    const taking = {
      body: { text: 'Hallo {{1}}! STOP beendet Werbung.', examples: [] },
      buttons: [],
      unknownParts: [],
    };
    for (const [over, reason] of [
      [{ status: 'PAUSED' }, 'TEMPLATE_NOT_USABLE'],
      [{ category: 'UTILITY' }, 'TEMPLATE_NOT_MARKETING'],
      [{ definition: taking }, 'INVALID_INPUT'],
      [{ definition: { ...taking, body: { text: 'Nur heute!', examples: [] } } }, 'OPT_OUT_HINT_MISSING'],
    ] as const) {
      await tell(templateId, over);
      expect(await schedule(draft)).toMatchObject({
        __typename: 'NewsletterTemplateRefused',
        code: 'NEWSLETTER_TEMPLATE',
        reason,
      });
      expect(await resume(paused)).toEqual({ __typename: 'NewsletterTemplateRefused', reason });
    }
    expect(await templateOf(draft)).toMatchObject({ state: 'DRAFT' });
    await tell(templateId);
    expect(await schedule(draft)).toMatchObject({ __typename: 'Newsletter' });
    expect(await resume(paused)).toEqual({ __typename: 'Newsletter' });
  });

  it('tells how to end marketing by the words that the workspace has chosen, and not those of another one', async () => {
    const draft = await insertNewsletter('DRAFT');
    const { templateId } = await templateOf(draft);
    const body = { text: 'Nur heute! KEINE POST beendet Werbung.', examples: [] };
    await tell(templateId, { definition: { body, buttons: [], unknownParts: [] } });
    const choose = (of: string) => {
      const { name, version, dataClass } = optOutWordsChosen;
      const words = [{ word: 'keine post', locale: 'de', isEveryday: false, isActive: true }];
      const event = {
        ...contacts.event('opened', { workspaceId: of, contactId: newId(), channelId, identity: {} }),
        name,
        version,
        dataClass,
        data: { words },
      };
      return transact(contacts.asSystem(), (tx) =>
        newsletterOptOutWordsConsumer.subscriptions[0]!.handle(tx, [event as never]),
      );
    };
    await choose(newId());
    expect(await schedule(draft)).toMatchObject({ reason: 'OPT_OUT_HINT_MISSING' });
    await choose(workspaceId);
    expect(await schedule(draft)).toMatchObject({ __typename: 'Newsletter' });
  });

  it('is seen before: why nobody would get it, and for how many its placeholders have no value', async () => {
    const anna = await meet(ANNA);
    await say('CONFIRMED', anna, ANNA);
    const [templateId, segmentId] = [newId(), newId()];
    await run(sql`
      insert into segment (workspace_id, id, name, filter, created_at, updated_at)
      values (${workspaceId}, ${segmentId}, 'all', '{}', now(), now())
    `);
    await run(sql`insert into sending_channel (workspace_id, id) values (${workspaceId}, ${channelId})`);
    const look = async (template?: object) => {
      const { data, errors } = await contacts.query(
        `query ($channelId: ID!, $segmentId: ID!, $template: NewsletterTemplateInput) {
          result: newsletterPreview(channelId: $channelId, segmentId: $segmentId, template: $template) {
            reachable missingValues { attribute count } templateProblem { reason } } }`,
        contacts.token(workspaceId, ...RIGHTS, 'conversation:read_all'),
        { channelId, segmentId, template },
      );
      return errors?.[0]?.extensions ?? data!['result'];
    };
    const seen = { reachable: 1, missingValues: [], templateProblem: null };
    expect(await look()).toEqual(seen);
    expect(await look({ templateId })).toEqual(seen);
    await tell(templateId, {
      definition: { body: { text: 'Ja {{1}}!', examples: [] }, buttons: [], unknownParts: [] },
    });
    const template = { templateId, body: [{ placeholder: {} }] };
    expect(await look(template)).toEqual({
      ...seen,
      missingValues: [{ attribute: null, count: 1 }],
      templateProblem: { reason: 'OPT_OUT_HINT_MISSING' },
    });
    expect(await look({ ...template, body: [{}] })).toMatchObject({ code: 'INVALID_INPUT', field: 'template.body.0' });
    await tell(templateId);
    expect(await look({ templateId })).toEqual(seen);
  });

  it('is none of another workspace', async () => {
    const draft = await insertNewsletter('DRAFT');
    const { templateId } = await templateOf(draft);
    const mine = workspaceId;
    workspaceId = newId();
    await tell(templateId, { status: 'PAUSED' });
    workspaceId = mine;
    expect(await schedule(draft)).toMatchObject({ __typename: 'Newsletter' });
  });

  it('pauses what is due to begin, before anybody is written to', async () => {
    const anna = await meet(ANNA);
    await say('CONFIRMED', anna, ANNA);
    const id = await insertNewsletter('DRAFT');
    await tell((await templateOf(id)).templateId, { status: 'PAUSED' });
    await run(sql`update newsletter set state = 'SCHEDULED' where id = ${id}`);
    await runNewsletters(contacts.asSystem());
    await eventually(async () =>
      expect(await templateOf(id)).toMatchObject({ state: 'PAUSED', pausedBecause: 'TEMPLATE_NOT_USABLE' }),
    );
    const log = await readLog(contacts.database.forTenant(workspaceId), 0, 10_000);
    expect(log.filter(({ name }) => name === newsletterStarted.name)).toEqual([]);
  });
});

describe('a draft', () => {
  const change = (input: object, as = editor()) =>
    contacts
      .query(
        `mutation ($input: UpdateNewsletterInput!) { result: updateNewsletter(input: $input) { __typename
          ... on Newsletter { name state purpose templateId } ... on UserError { code } ... on InvalidInput { field } } }`,
        as,
        { input },
      )
      .then(({ data }) => data!['result']);
  const remove = (id: string) =>
    contacts
      .query(
        `mutation ($id: ID!) { result: deleteNewsletter(id: $id) { __typename ... on UserError { code } } }`,
        editor(),
        { id },
      )
      .then(({ data }) => data!['result']);
  const editor = () => contacts.token(workspaceId, ...RIGHTS, 'conversation:read_all');

  it('is changed until it begins; what is left out stays', async () => {
    const newsletterId = await insertNewsletter('DRAFT');
    const templateId = newId();
    expect(await change({ newsletterId, name: 'Winter' })).toMatchObject({ name: 'Winter', purpose: 'marketing' });
    expect(await change({ newsletterId, template: { templateId } })).toEqual({
      __typename: 'Newsletter',
      name: 'Winter',
      state: 'DRAFT',
      purpose: 'marketing',
      templateId,
    });
    expect(await change({ newsletterId, purpose: 'service' })).toMatchObject({ field: 'purpose' });
    expect(await change({ newsletterId, segmentId: newId() })).toMatchObject({ code: 'NOT_FOUND' });
    // Who may not use the channel does not find it.
    expect(await change({ newsletterId, name: 'x' }, token)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await change({ newsletterId: await insertNewsletter('RUNNING'), name: 'x' })).toMatchObject({
      code: 'NEWSLETTER_STATE',
    });
  });

  it('may have placeholders of names and attributes that may leave, and tells of how many they are not known', async () => {
    for (const [key, retentionClass] of [
      ['city', 'PREFERENCE'],
      ['health', 'SENSITIVE'],
    ]) {
      await run(sql`
        insert into contact_attribute (workspace_id, key, name, type, purpose, retention_class, created_at)
        values (${workspaceId}, ${key}, ${key}, 'TEXT', 'sending', ${retentionClass}, now())
      `);
    }
    const newsletterId = await insertNewsletter('DRAFT');
    const put = (...body: object[]) => change({ newsletterId, template: { templateId: newId(), body } });
    expect(await put({ text: 'x' }, { placeholder: { attribute: 'city' } })).toMatchObject({
      __typename: 'Newsletter',
    });
    const { rows } = await sql`select placeholders from newsletter where id = ${newsletterId}`.execute(db());
    expect(rows).toEqual([{ placeholders: [{ part: 'body', index: 1, attribute: 'city' }] }]);
    expect(await put({})).toMatchObject({ field: 'template.body.0' });
    expect(await put({ text: 'x', placeholder: {} })).toMatchObject({ field: 'template.body.0' });
    const press = (...buttons: object[]) => change({ newsletterId, template: { templateId: newId(), buttons } });
    const code = { index: 1, placeholder: { attribute: 'city', fallback: 'ULM' } };
    expect(await press({ index: 0, value: 'rad' }, code)).toMatchObject({ __typename: 'Newsletter' });
    const { rows: stored } = await sql`select placeholders, content->'buttons' as buttons from newsletter
      where id = ${newsletterId}`.execute(db());
    expect(stored).toEqual([
      {
        placeholders: [{ part: 'buttons', index: 1, attribute: 'city', fallback: 'ULM' }],
        buttons: [
          { index: 0, value: 'rad' },
          { index: 1, value: 'ULM' },
        ],
      },
    ]);
    expect(await press({ index: 0 })).toMatchObject({ field: 'template.buttons.0' });
    expect(await press({ ...code, value: 'x' })).toMatchObject({ field: 'template.buttons.0' });
    expect(await press({ index: 0, placeholder: { attribute: 'health' } })).toMatchObject({
      field: 'template.placeholder',
    });
    for (const placeholder of [{ attribute: 'health' }, { attribute: 'none' }, { fallback: ' ' }]) {
      expect(await put({ placeholder })).toMatchObject({ field: 'template.placeholder' });
    }

    const [anna, bea, cara] = [await meet(ANNA), await meet(BEA), await meet(CARA)];
    await say('CONFIRMED', anna, ANNA);
    await say('CONFIRMED', bea, BEA);
    await run(sql`update contact set given_name = 'Anna' where id = ${anna}`);
    for (const contactId of [anna, cara]) {
      await run(sql`
        insert into contact_attribute_value (workspace_id, contact_id, key, value, changed_at)
        values (${workspaceId}, ${contactId}, 'city', 'Ulm', now())
      `);
    }
    await run(sql`update contact_attribute_value set value = ' ' where contact_id = ${anna}`);
    const segmentId = newId();
    await run(sql`
      insert into segment (workspace_id, id, name, filter, created_at, updated_at)
      values (${workspaceId}, ${segmentId}, 'all', '{}', now(), now())
    `);
    await run(sql`insert into sending_channel (workspace_id, id) values (${workspaceId}, ${channelId})`);
    const { data } = await contacts.query(
      `query ($channelId: ID!, $segmentId: ID!, $placeholders: [NewsletterPlaceholderInput!]) {
        newsletterPreview(channelId: $channelId, segmentId: $segmentId, placeholders: $placeholders) {
          reachable missingValues { attribute count } } }`,
      editor(),
      { channelId, segmentId, placeholders: [{}, { attribute: 'city' }, { attribute: 'city', fallback: 'hier' }] },
    );
    expect(data!['newsletterPreview']).toEqual({
      reachable: 2,
      missingValues: [
        { attribute: null, count: 1 },
        { attribute: 'city', count: 2 },
      ],
    });
  });

  it('is deleted, and nothing else is', async () => {
    const draft = await insertNewsletter('DRAFT');
    expect(await remove(await insertNewsletter('SCHEDULED'))).toMatchObject({ code: 'NEWSLETTER_STATE' });
    expect(await remove(draft)).toEqual({ __typename: 'NewsletterDeleted' });
    expect(await remove(draft)).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('recipients', () => {
  it('are listed in pages, with what came of it for each, by who is who now', async () => {
    const [anna, bea, cara] = [await meet(ANNA), await meet(BEA), await meet(CARA)];
    await say('CONFIRMED', anna, ANNA);
    await say('CONFIRMED', bea, BEA);
    const newsletterId = await prepare();
    await run(sql`update newsletter_recipient set state = 'READ', queued_at = now() where contact_id = ${bea}`);
    await merge(anna, cara);
    const list = async (variables: object) => {
      const { data, errors } = await contacts.query(
        `query ($newsletterId: ID!, $first: Int, $after: String, $state: NewsletterRecipientState) {
          result: newsletterRecipients(newsletterId: $newsletterId, first: $first, after: $after, state: $state) {
            nodes { contact { id } state reason queuedAt } nextPage } }`,
        token,
        { newsletterId, ...variables },
      );
      expect(errors).toBeUndefined();
      return data!['result'] as { nodes: { contact: { id: string }; state: string }[]; nextPage: string | null };
    };
    const first = await list({ first: 2 });
    const second = await list({ first: 2, after: first.nextPage });
    expect(second.nextPage).toBeNull();
    const all = [...first.nodes, ...second.nodes].map(({ contact, state }) => `${contact.id} ${state}`);
    expect(all.toSorted()).toEqual([`${anna} WAITING`, `${bea} READ`, `${anna} REFUSED`].toSorted());
    expect((await list({ state: 'REFUSED' })).nodes).toMatchObject([{ reason: 'CONSENT_MISSING', queuedAt: null }]);
    const { errors } = await contacts.query(
      'query ($id: ID!) { newsletterRecipients(newsletterId: $id) { nextPage } }',
      contacts.token(newId(), ...RIGHTS),
      { id: newsletterId },
    );
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });
});

describe('what other services refer to', () => {
  it('is found by its id: a newsletter that costs were counted for, and a preview', async () => {
    const newsletterId = await insertNewsletter('RUNNING');
    await meet(ANNA);
    const segmentId = newId();
    await run(sql`
      insert into segment (workspace_id, id, name, filter, created_at, updated_at)
      values (${workspaceId}, ${segmentId}, 'all', '{}', now(), now())
    `);
    await run(sql`insert into sending_channel (workspace_id, id) values (${workspaceId}, ${channelId})`);
    const find = async (references: object[]) => {
      const { data } = await contacts.query(
        `query ($references: [_Any!]!) { _entities(representations: $references) {
          ... on Newsletter { name } ... on NewsletterPreview { contacts quoteFacts } } }`,
        contacts.token(workspaceId, ...RIGHTS, 'conversation:read_all'),
        { references },
      );
      return data!['_entities'];
    };
    const preview = (id: string) => ({ __typename: 'NewsletterPreview', id });
    expect(
      await find([
        { __typename: 'Newsletter', id: newsletterId },
        { __typename: 'Newsletter', id: newId() },
        preview(`${segmentId} ${channelId} marketing`),
        preview('x'),
      ]),
    ).toEqual([
      { name: 'Herbst' },
      null,
      { contacts: 1, quoteFacts: JSON.stringify({ channelId, recipients: [] }) },
      null,
    ]);
  });
});

describe('a newsletter that a budget holds', () => {
  const approve = async (id: string, as: string) => {
    const { data, errors } = await contacts.query(
      `mutation ($id: ID!) { approveNewsletter(id: $id) { __typename ... on UserError { code }
        ... on Newsletter { state approvedAt approvedBy { id } pausedBecause } } }`,
      as,
      { id },
    );
    return errors ? errors[0]!.extensions.code : data!['approveNewsletter'];
  };
  const hold = async (createdById: string) => {
    const id = await insertNewsletter('PAUSED');
    await run(sql`
      update newsletter set paused_because = 'BUDGET_HELD', started_at = now(), prepared_at = now(),
        created_by_id = ${createdById} where id = ${id}
    `);
    return id;
  };

  it('goes on once another member approves it, and not by whoever made it, a program, or without the right', async () => {
    const [ada, bob] = [newId(), newId()];
    const id = await hold(ada);
    const permissions: Permission[] = [...RIGHTS, 'message:approve', 'conversation:read_all'];
    const as = (rights: object) => contacts.tokenOf({ workspaceId, permissions, ...rights });
    const without = as({ id: bob, permissions: [...RIGHTS, 'conversation:read_all'] });
    expect(await approve(id, without)).toBe('FORBIDDEN');
    expect(await approve(id, as({ id: ada }))).toMatchObject({ code: 'NOT_YOURS_TO_DECIDE' });
    expect(await approve(id, as({ id: bob, kind: 'api_key' }))).toMatchObject({ code: 'BEYOND_API_KEY' });
    // Who decides what it says decides nothing more.
    const cleo = newId();
    const changed = await insertNewsletter('PAUSED');
    await run(sql`update newsletter set paused_because = 'TEMPLATE', paused_message = 'Other' where id = ${changed}`);
    const { data } = await contacts.query(
      `mutation ($input: UpdateNewsletterInput!) { updateNewsletter(input: $input) {
        ... on Newsletter { name state pausedBecause } } }`,
      as({ id: cleo }),
      { input: { newsletterId: changed, name: 'Winter' } },
    );
    expect(data!['updateNewsletter']).toEqual({ name: 'Winter', state: 'PAUSED', pausedBecause: 'TEMPLATE' });
    await run(sql`update newsletter set paused_because = 'BUDGET_HELD', started_at = now() where id = ${changed}`);
    expect(await approve(changed, as({ id: cleo }))).toMatchObject({ code: 'NOT_YOURS_TO_DECIDE' });
    expect(await approve(id, as({ id: bob }))).toMatchObject({
      state: 'RUNNING',
      approvedBy: { id: bob },
      pausedBecause: null,
    });
    expect(await approve(id, as({ id: bob }))).toMatchObject({ code: 'NEWSLETTER_STATE' });
    const log = await readLog(contacts.database.forTenant(workspaceId), 0, 10_000);
    const started = log.filter(({ name }) => name === newsletterStarted.name);
    expect(started.map(({ data }) => (data as NewsletterStarted).isApproved)).toEqual([true]);
  });
});
