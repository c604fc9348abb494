import { DEMO_NUMBER } from '@fenster/local';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, signIn, subscribe } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { askSandbox } from '../support/sandbox.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';

let stack: TestStack;
let owner: string;
let agent: string;
const { phoneNumberId } = DEMO_NUMBER;
const ANNA = { phone: '4915112345678', bsuid: 'DE.NEWS1', name: 'Anna Bauer' };
const BERND = { phone: '4915112345679', bsuid: 'DE.NEWS2', name: 'Bernd Groß' };
const CLARA = { phone: '4915112345680', bsuid: 'DE.NEWS3', name: 'Clara Klein' };
/** Nobody has ever written with her: she came with a file. */
const DORA = '+4915112345681';

beforeAll(async () => {
  stack = await startTestStack();
  const tokenOf = (role: string) =>
    signIn(
      stack.graphqlUrl,
      stack.demo.members.find((member) => member.role === role)!,
    );
  [owner, agent] = await Promise.all([tokenOf('owner'), tokenOf('agent')]);
  await prepare();
});
afterAll(() => stack?.stop());

async function ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await request<Record<string, T>>(stack.graphqlUrl, query, { variables, token: owner });
  expect(errors).toBeUndefined();
  return Object.values(data)[0]!;
}
const write = (from: object, text: string) => askSandbox(stack, 'POST', 'inbound', { phoneNumberId, from, text });
/** Of somebody whom the sandbox made up when the first message came. */
async function nameOf(phone: string): Promise<string> {
  const { phones } = await askSandbox<{ phones: { phone: string; bsuid: string }[] }>(stack, 'GET', 'state');
  return phones.find((each) => each.phone === phone)!.bsuid;
}
const phoneOf = async (key: string) => JSON.stringify(await askSandbox<object>(stack, 'GET', `phones/${key}`));
const offersOn = async (key: string) => (await phoneOf(key)).split('diese Woche 20 % auf alle').length - 1;

interface Newsletter {
  id: string;
  state: string;
  pausedBecause: string | null;
  report: Record<string, number> & { refusals: { reason: string; count: number }[] };
}
const NEWSLETTER = `id state pausedBecause report { recipients waiting queued sent delivered read replied optedOut failed
  refused refusals { reason count } }`;
const read = (id: string) => ask<Newsletter>(`query ($id: ID!) { newsletter(id: $id) { ${NEWSLETTER} } }`, { id });
const schedule = (newsletterId: string, time: object = {}) =>
  ask<Newsletter>(
    `mutation ($input: ScheduleNewsletterInput!) { scheduleNewsletter(input: $input) {
      ... on Newsletter { id state } ... on UserError { message } } }`,
    { input: { newsletterId, ...time } },
  );
const CREATE = `mutation ($input: CreateNewsletterInput!) { createNewsletter(input: $input) {
  ... on Newsletter { id state } ... on UserError { message } } }`;

let input: Record<string, unknown>;
let contacts: { id: string; name: string }[];

/** Anna, Clara and Dora have agreed; Bernd has not. */
async function prepare(): Promise<void> {
  const { hash } = await ask<{ hash: string }>(
    `mutation ($input: PublishConsentTextInput!) { publishConsentText(input: $input) { ... on ConsentText { hash } } }`,
    {
      input: {
        purpose: 'marketing',
        locale: 'de',
        body: 'Ich möchte Angebote der Muster GmbH per WhatsApp bekommen. Widerruf jederzeit mit STOP.',
        privacyNoticeUrl: 'https://muster.example/datenschutz',
        privacyNoticeVersion: '2026-11',
      },
    },
  );
  for (const person of [ANNA, BERND, CLARA]) await write(person, 'Hallo');
  contacts = await eventually(async () => {
    const { nodes } = await ask<{ nodes: { id: string; name: string }[] }>(
      '{ contacts(first: 10) { nodes { id name } } }',
    );
    expect(nodes.map(({ name }) => name)).toEqual(expect.arrayContaining([ANNA.name, BERND.name, CLARA.name]));
    return nodes;
  });
  const [{ id: channelId }] = await ask<[{ id: string }]>('{ channels { id } }');
  const agree = (who: object) =>
    ask<{ __typename: string }>(
      `mutation ($input: RecordConsentInput!) { recordConsent(input: $input) { __typename ... on UserError { message } } }`,
      {
        input: {
          subject: who,
          channelId,
          purpose: 'marketing',
          kind: 'CONFIRMED',
          source: 'AGENT',
          textHash: hash,
          evidence: { note: 'Signed at the fair.', document: { kind: 'PAPER', reference: 'folder 7' } },
          idempotencyKey: newId(),
        },
      },
    );
  const idOf = (name: string) => contacts.find((contact) => contact.name === name)!.id;
  for (const name of [ANNA.name, CLARA.name])
    expect(await agree({ contactId: idOf(name) })).not.toHaveProperty('message');
  expect(await agree({ phone: DORA })).not.toHaveProperty('message');
  const templateId = await eventually(async () => {
    const { nodes } = await ask<{ nodes: { id: string; name: string; status: string }[] }>(
      '{ templates(first: 20) { nodes { id name status } } }',
    );
    const found = nodes.find(({ name }) => name === 'angebot');
    expect(found?.status).toBe('APPROVED');
    return found!.id;
  });
  const { id: segmentId } = await ask<{ id: string }>(
    `mutation ($input: CreateSegmentInput!) { createSegment(input: $input) { ... on Segment { id } ... on UserError { message } } }`,
    { input: { name: 'Alle', filter: { created: { withinDays: 1 } }, idempotencyKey: newId() } },
  );
  const template = {
    templateId,
    body: [
      { name: 'name', text: 'zusammen' },
      { name: 'rabatt', text: '20 %' },
    ],
    buttons: [{ index: 0, value: 'fahrrad' }],
  };
  input = { name: 'Herbst', channelId, segmentId, template };
}

describe('a newsletter', () => {
  it('is seen before it is sent: who would get it, what that would cost, and who would not, and why', async () => {
    const preview = await ask<{ contacts: number; reachable: number; refused: object[] }>(
      `query ($channelId: ID!, $segmentId: ID!) { newsletterPreview(channelId: $channelId, segmentId: $segmentId) {
        contacts reachable refused { reason count } expectedCost { lines { category market messages } } } }`,
      input,
    );
    expect(preview).toEqual({
      contacts: contacts.length + 1,
      reachable: 3,
      refused: [{ reason: 'CONSENT_MISSING', count: contacts.length - 2 }],
      expectedCost: { lines: [{ category: 'marketing', market: 'Germany', messages: 3 }] },
    });
  });

  it('is nobody’s to send who may only answer', async () => {
    const { errors } = await request(stack.graphqlUrl, CREATE, {
      variables: { input: { ...input, idempotencyKey: newId() } },
      token: agent,
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('goes to everybody who has agreed, once, is watched while it goes, and counts what comes of it', async () => {
    const draft = await ask<Newsletter>(CREATE, { input: { ...input, idempotencyKey: 'herbst' } });
    expect(await ask<Newsletter>(CREATE, { input: { ...input, idempotencyKey: 'herbst' } })).toEqual(draft);
    const { received, stop } = subscribe<{ contactEvents: { newsletter?: { state: string } } }>(
      stack.graphqlUrl,
      'subscription { contactEvents { __typename ... on NewsletterProgressed { newsletter { state } } } }',
      owner,
    );
    await eventually(() => expect(received).toContainEqual({ contactEvents: { __typename: 'ContactsLiveStarted' } }));
    expect(await schedule(draft.id)).toMatchObject({ state: 'SCHEDULED' });
    await eventually(async () => expect(await read(draft.id)).toMatchObject({ state: 'COMPLETED' }));
    for (const key of [ANNA.bsuid, CLARA.bsuid, await eventually(() => nameOf(DORA.slice(1)))]) {
      await eventually(async () => expect(await offersOn(key)).toBe(1));
    }
    expect(await offersOn(BERND.bsuid)).toBe(0);
    await write(ANNA, 'Klingt gut, ist das noch da?');
    await write(CLARA, 'STOP');
    await eventually(async () => {
      const { report } = await read(draft.id);
      expect(report).toMatchObject({ queued: 3, delivered: 3, replied: 1, optedOut: 1, waiting: 0, failed: 0 });
      expect(report.refusals).toEqual([{ reason: 'CONSENT_MISSING', count: report['refused'] }]);
    });
    await eventually(() => {
      const states = received.flatMap(({ contactEvents }) => contactEvents.newsletter?.state ?? []);
      expect(states).toContain('COMPLETED');
    });
    await stop();
  });

  it('that a budget holds pauses before anybody gets it, and goes on once a second person has approved it', async () => {
    const supervisor = await signIn(
      stack.graphqlUrl,
      stack.demo.members.find(({ role }) => role === 'supervisor')!,
    );
    // What the newsletter before has cost is beyond it from the start.
    const budgetId = (
      await ask<{ id: string }>(
        `mutation ($input: CreateBudgetInput!) { createBudget(input: $input) {
          ... on Budget { id } ... on UserError { message } } }`,
        {
          input: {
            name: 'Werbung',
            category: 'marketing',
            currency: 'EUR',
            limitMicros: 1,
            atLimit: 'HOLD',
            idempotencyKey: newId(),
          },
        },
      )
    ).id;
    await eventually(async () => {
      const budgets = await ask<{ id: string; months: { enforcement: string }[] }[]>(
        '{ budgets { id months { enforcement } } }',
      );
      expect(budgets).toContainEqual({ id: budgetId, months: [{ enforcement: 'HOLD' }] });
    });
    const { nodes } = await ask<{ nodes: { id: string; contact: { name: string } }[] }>(
      '{ conversations(first: 10) { nodes { id contact { name } } } }',
    );
    const conversationId = nodes.find(({ contact }) => contact.name === ANNA.name)!.id;
    await eventually(async () => {
      const { reasons } = await ask<{ reasons: object[] }>(
        'query ($input: CheckSendInput!) { checkSend(input: $input) { reasons { code } } }',
        { input: { conversationId, content: { template: input['template'] } } },
      );
      expect(reasons).toEqual([{ code: 'BUDGET_HELD' }]);
    });

    const template = { ...(input['template'] as object), buttons: [{ index: 0, placeholder: { fallback: 'alle' } }] };
    const { id } = await ask<Newsletter>(CREATE, {
      input: { ...input, name: 'Winter', template, idempotencyKey: newId() },
    });
    const offers = async () => Promise.all([ANNA, CLARA].map(({ bsuid }) => offersOn(bsuid)));
    const before = await offers();
    expect(await schedule(id)).toMatchObject({ state: 'SCHEDULED' });
    await eventually(async () =>
      expect(await read(id)).toMatchObject({
        state: 'PAUSED',
        pausedBecause: 'BUDGET_HELD',
        report: { waiting: 2, queued: 0, sent: 0 },
      }),
    );
    expect(await offers()).toEqual(before);

    const approve = async (token: string) => {
      const { data } = await request<{ approveNewsletter: object }>(
        stack.graphqlUrl,
        `mutation ($id: ID!) { approveNewsletter(id: $id) {
          ... on Newsletter { approvedBy { name } } ... on UserError { code } } }`,
        { variables: { id }, token },
      );
      return data?.approveNewsletter;
    };
    expect(await approve(owner)).toEqual({ code: 'NOT_YOURS_TO_DECIDE' });
    expect(await read(id)).toMatchObject({ state: 'PAUSED' });
    expect(await approve(supervisor)).toEqual({ approvedBy: { name: 'Selma Kaya' } });
    await eventually(async () =>
      expect(await read(id)).toMatchObject({
        state: 'COMPLETED',
        pausedBecause: null,
        report: { queued: 2, failed: 0 },
      }),
    );
    await eventually(async () => expect(await offers()).toEqual([before[0]! + 1, before[1]]));
    expect(await phoneOf(ANNA.bsuid)).toContain('Anna%20Bauer');
  });
});
