import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { billingUnderTest, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';
import { REGULAR_SERVICE, status, testMessage } from '../testing/events.js';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';
import { REPORT_DIMENSIONS, type CostReportInput } from './cost-report.types.js';

let billing: BillingUnderTest;
const workspaceId = newId();
const [members, teams, channels, newsletters, contacts, conversations] = [2, 2, 2, 2, 3, 5].map((size) =>
  Array.from({ length: size }, () => newId()),
) as [string[], string[], string[], string[], string[], string[]];
const CATEGORIES = ['service', 'utility', 'marketing'];
const everybody = personOf(workspaceId, [
  'cost:read',
  'conversation:read',
  'conversation:read_all',
  'contact:read',
  'team:read',
]);

beforeAll(async () => {
  billing = await billingUnderTest();
  for (let index = 0; index < 60; index += 1) {
    const of = (list: readonly string[]) => list[index % list.length]!;
    const message = testMessage({
      workspaceId,
      channelId: of(channels),
      conversationId: of(conversations),
      contactId: of(contacts),
    });
    const occurredAt = new Date(Date.UTC(2026, 9, 1 + (index % 50), 12)).toISOString();
    const pricing = {
      ...REGULAR_SERVICE,
      category: of(CATEGORIES),
      type: index % 4 === 0 ? 'free_entry_point' : 'regular',
    };
    await billing.deliver(
      message,
      {
        occurredAt,
        pricing,
        recipientCountry: index % 3 === 0 ? 'AT' : 'DE',
        account: { currency: index % 7 === 0 ? 'USD' : 'EUR', timeZone: 'Europe/Berlin' },
      },
      {
        authorId: of(members),
        teamId: index % 5 === 0 ? null : of(teams),
        newsletterId: index % 4 === 1 ? of(newsletters) : undefined,
      },
    );
    if (index % 10 === 0) {
      const earlier = { occurredAt: new Date(Date.parse(occurredAt) - 1_000).toISOString() };
      const corrected = { ...REGULAR_SERVICE, category: 'authentication' };
      await billing.handle(
        statusReceivedConsumer(billing.books),
        status(message, 'sent', { ...earlier, pricing: corrected, account: undefined }),
        status(message, 'sent', { ...earlier, pricing: corrected }),
      );
    }
  }
});
afterAll(() => billing?.stop());

const REPORT = `query ($input: CostReportInput!) { costReport(input: $input) {
  rows {
    keys { dimension value }
    figures { amount { amountMicros currency } expected { amountMicros } paidMessages freeMessages }
    earlier { amount { amountMicros } paidMessages freeMessages }
  }
  nextPage
} }`;
const ALL = { from: '2026-10-01', to: '2026-12-31' };
const OCTOBER = { from: '2026-10-01', to: '2026-10-31' };
const NOVEMBER = { from: '2026-11-01', to: '2026-11-30' };

interface Row {
  keys: { dimension: string; value: string | null }[];
  figures: { amount: { amountMicros: number; currency: string }; paidMessages: number; freeMessages: number };
  earlier: { amount: { amountMicros: number }; paidMessages: number; freeMessages: number } | null;
}

interface Answer {
  data: { costReport: { rows: Row[]; nextPage: string | null } };
  errors: unknown[] | undefined;
}

async function rowsOf(input: Partial<CostReportInput>, actor = everybody): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | null = null;
  do {
    const variables = { input: { period: ALL, groupBy: [], ...input, after } };
    const answer: Answer = await billing.ask(actor, REPORT, variables);
    expect(answer.errors).toBeUndefined();
    rows.push(...answer.data.costReport.rows);
    after = answer.data.costReport.nextPage;
  } while (after !== null);
  return rows;
}

async function entriesBy(where = 'true'): Promise<Record<string, { amount: number; messages: number }>> {
  const rows = await billing.database
    .system()
    .execute<{ currency: string; amount: string; messages: string }[]>(
      `select currency, sum(amount_micros) as amount, sum(messages) as messages from charge where workspace_id = ? and ${where} group by currency`,
      [workspaceId],
    );
  return Object.fromEntries(
    rows.map((row) => [row.currency, { amount: Number(row.amount), messages: Number(row.messages) }]),
  );
}

function sumsOf(rows: readonly Row[], of: 'figures' | 'earlier' = 'figures') {
  const sums: Record<string, { amount: number; messages: number }> = {};
  for (const row of rows) {
    const figures = row[of]!;
    const sum = (sums[row.figures.amount.currency] ??= { amount: 0, messages: 0 });
    sum.amount += figures.amount.amountMicros;
    sum.messages += figures.paidMessages + figures.freeMessages;
  }
  return sums;
}

describe('a cost report', () => {
  it('sums up to the entries of the ledger by any combination of dimensions, page by page', async () => {
    const entries = await entriesBy();
    const combinations = fc.record({
      groupBy: fc.uniqueArray(fc.constantFrom(...REPORT_DIMENSIONS.filter((each) => each !== 'LABEL')), {
        maxLength: 6,
      }),
      first: fc.integer({ min: 3, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(combinations, async ({ groupBy, first }) => {
        const rows = await rowsOf({ groupBy, first });
        expect(sumsOf(rows)).toEqual(entries);
        const names = rows.map(({ keys, figures }) => JSON.stringify([keys, figures.amount.currency]));
        expect(new Set(names).size).toBe(names.length);
        for (const { keys } of rows) expect(keys.map(({ dimension }) => dimension)).toEqual(groupBy);
      }),
      { numRuns: 40 },
    );
  });

  it('shows what was paid beside what was free', async () => {
    const rows = await rowsOf({ groupBy: ['TYPE'] });
    const free = rows.filter(({ keys }) => keys[0]!.value === 'FREE_ENTRY_POINT');
    expect(free.every(({ figures }) => figures.amount.amountMicros === 0 && figures.paidMessages === 0)).toBe(true);
    expect(free.reduce((sum, { figures }) => sum + figures.freeMessages, 0)).toBeGreaterThan(0);
    const [euro] = (await rowsOf({})).filter(({ figures }) => figures.amount.currency === 'EUR');
    expect(euro!.figures.paidMessages).toBeGreaterThan(0);
    expect(euro!.figures.freeMessages).toBeGreaterThan(0);
  });

  it('compares with an earlier period', async () => {
    const rows = await rowsOf({ period: NOVEMBER, comparedWith: OCTOBER, groupBy: ['CATEGORY', 'MARKET'], first: 3 });
    expect(sumsOf(rows)).toEqual(await entriesBy(`booked_on >= '2026-11-01'`));
    expect(sumsOf(rows, 'earlier')).toEqual(await entriesBy(`booked_on < '2026-11-01'`));
  });

  it.each<[string, Partial<CostReportInput>, string]>([
    ['a member', { filters: [{ dimension: 'MEMBER', values: [members[0]!] }] }, `author_id = '${members[0]}'`],
    [
      'no team, or one',
      { filters: [{ dimension: 'TEAM', values: ['', teams[0]!] }] },
      `(team_id is null or team_id = '${teams[0]}')`,
    ],
    [
      'a newsletter',
      { filters: [{ dimension: 'NEWSLETTER', values: [newsletters[1]!] }] },
      `newsletter_id = '${newsletters[1]}'`,
    ],
    [
      'a conversation and a category',
      {
        groupBy: ['DAY'],
        filters: [
          { dimension: 'CONVERSATION', values: [conversations[1]!] },
          { dimension: 'CATEGORY', values: ['service', 'marketing'] },
        ],
      },
      `conversation_id = '${conversations[1]}' and category in ('service', 'marketing')`,
    ],
  ])('is of %s only', async (_name, input, where) => {
    const entries = await entriesBy(where);
    expect(Object.keys(entries).length).toBeGreaterThan(0);
    expect(sumsOf(await rowsOf(input))).toEqual(entries);
  });

  it('is of what is of no contact, if asked for that', async () => {
    const message = testMessage();
    await billing.deliver(message);
    await billing.deliver({ ...testMessage(), workspaceId: message.workspaceId }, {}, { contactId: undefined });
    const actor = { ...everybody, workspaceId: message.workspaceId };
    const messagesOf = async (...values: string[]) =>
      sumsOf(await rowsOf({ filters: [{ dimension: 'CONTACT', values }] }, actor))['EUR']?.messages;
    expect(await messagesOf('')).toBe(1);
    expect(await messagesOf(message.contactId)).toBe(1);
    expect(await messagesOf('', message.contactId)).toBe(2);
  });

  it('is nobody’s of another workspace, and names contacts and teams to those only who see them', async () => {
    expect(await rowsOf({ groupBy: ['CHANNEL'] }, personOf(newId()))).toEqual([]);
    const finance = personOf(workspaceId);
    for (const input of [
      { groupBy: ['CONTACT'] },
      { groupBy: ['TEAM'] },
      { filters: [{ dimension: 'CONTACT', values: contacts }] },
    ]) {
      const { errors } = await billing.ask(finance, REPORT, { input: { period: ALL, groupBy: [], ...input } });
      expect(errors).toEqual([{ code: 'FORBIDDEN' }]);
    }
    const agent = personOf(workspaceId, ['cost:read', 'conversation:read']);
    expect((await billing.ask(agent, REPORT, { input: { period: ALL, groupBy: [] } })).errors).toEqual([
      { code: 'FORBIDDEN' },
    ]);
  });

  it.each<[string, Partial<CostReportInput>]>([
    ['period', { period: { from: '2026-02-30', to: '2026-03-01' } }],
    ['period', { period: { from: '2026-03-02', to: '2026-03-01' } }],
    ['comparedWith', { comparedWith: OCTOBER, groupBy: ['WEEK'] }],
    ['groupBy', { groupBy: ['DAY', 'DAY'] }],
    ['filters', { filters: [{ dimension: 'MEMBER', values: ['somebody'] }] }],
    ['filters', { filters: [{ dimension: 'DAY', values: ['2026-10-01'] }] }],
    ['filters', { filters: [{ dimension: 'LABEL', values: [members[0]!, members[1]!] }] }],
    ['filters', { filters: [{ dimension: 'LABEL', values: [''] }] }],
    ['first', { first: 101 }],
    ['after', { after: 'WyJ4Il0' + 'x' }],
    ['after', { groupBy: ['CONVERSATION'], after: Buffer.from('["x","EUR"]').toString('base64url') }],
  ])('refuses a wrong %s', async (field, input) => {
    const { errors } = await billing.ask(everybody, REPORT, { input: { period: ALL, groupBy: [], ...input } });
    expect(errors).toEqual([{ code: 'INVALID_INPUT', field }]);
  });
});

describe('the most expensive conversations', () => {
  const EXPENSIVE = `query ($month: String!, $currency: String!, $first: Int!) {
    expensiveConversations(month: $month, currency: $currency, first: $first) {
      conversation { id } amount { amountMicros currency } paidMessages
    } }`;
  interface Answered {
    expensiveConversations: { conversation: { id: string }; amount: { amountMicros: number }; paidMessages: number }[];
  }

  it('are those that a report says cost most, the first one first', async () => {
    const rows = await rowsOf({ groupBy: ['CONVERSATION'], period: OCTOBER });
    const expected = rows
      .filter(({ figures }) => figures.amount.currency === 'EUR' && figures.amount.amountMicros > 0)
      .map(({ keys, figures }) => ({
        conversation: { id: keys[0]!.value },
        amount: { amountMicros: figures.amount.amountMicros, currency: 'EUR' },
        paidMessages: figures.paidMessages,
      }))
      .toSorted((a, b) => b.amount.amountMicros - a.amount.amountMicros);
    expect(expected.length).toBeGreaterThan(3);
    const variables = { month: '2026-10', currency: 'EUR', first: 3 };
    const { data } = await billing.ask<Answered>(everybody, EXPENSIVE, variables);
    expect(data.expensiveConversations.map(({ amount }) => amount)).toEqual(
      expected.slice(0, 3).map(({ amount }) => amount),
    );
    for (const each of data.expensiveConversations) expect(expected).toContainEqual(each);
  });

  it('are nobody’s of another workspace, and of one who sees all conversations', async () => {
    const variables = { month: '2026-10', currency: 'EUR', first: 10 };
    const other = await billing.ask<Answered>(personOf(newId()), EXPENSIVE, variables);
    expect(other.data.expensiveConversations).toEqual([]);
    const agent = personOf(workspaceId, ['cost:read', 'conversation:read']);
    expect((await billing.ask(agent, EXPENSIVE, variables)).errors).toEqual([{ code: 'FORBIDDEN' }]);
    const wrong = await billing.ask(everybody, EXPENSIVE, { ...variables, month: '2026-13' });
    expect(wrong.errors).toMatchObject([{ code: 'INVALID_INPUT', field: 'month' }]);
  });
});
