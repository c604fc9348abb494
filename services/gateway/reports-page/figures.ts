import { ask } from './api.js';

export interface Period {
  from: string;
  to: string;
}

export interface Figures {
  amountMicros: number;
  expectedMicros: number;
  paidMessages: number;
  freeMessages: number;
}

export interface Row extends Figures {
  keys: readonly (string | null)[];
  /** What the last key stands for, as far as one may know. */
  name: string | null;
  currency: string;
  earlierMicros: number | null;
}

type Dimension = 'DAY' | 'CATEGORY' | 'MARKET' | 'TEAM' | 'MEMBER' | 'CHANNEL' | 'NEWSLETTER';

interface Answered {
  amount: { amountMicros: number; currency: string };
  expected: { amountMicros: number };
  paidMessages: number;
  freeMessages: number;
}

interface ReportPage {
  rows: {
    keys: ({ value: string | null } & Record<'member' | 'team' | 'channel' | 'newsletter', { name: string } | null>)[];
    figures: Answered;
    earlier: { amount: { amountMicros: number } } | null;
  }[];
  nextPage: string | null;
}

const REPORT = `query ($input: CostReportInput!) { costReport(input: $input) {
  rows {
    keys { value member { name } team { name } channel { name } newsletter { name } }
    figures { amount { amountMicros currency } expected { amountMicros } paidMessages freeMessages }
    earlier { amount { amountMicros } }
  }
  nextPage
} }`;

/** All pages of a report. */
export async function report(
  period: Period,
  groupBy: readonly Dimension[],
  more: { comparedWith?: Period; filters?: { dimension: string; values: string[] }[] } = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | null = null;
  do {
    const { costReport }: { costReport: ReportPage } = await ask(REPORT, {
      input: { period, groupBy, first: 100, after, ...more },
    });
    for (const { keys, figures, earlier } of costReport.rows) {
      const last = keys.at(-1);
      rows.push({
        keys: keys.map(({ value }) => value),
        name:
          (last?.member ?? last?.team ?? last?.channel ?? last?.newsletter)?.name ?? last?.value?.slice(-12) ?? null,
        currency: figures.amount.currency,
        amountMicros: figures.amount.amountMicros,
        expectedMicros: figures.expected.amountMicros,
        paidMessages: figures.paidMessages,
        freeMessages: figures.freeMessages,
        earlierMicros: earlier?.amount.amountMicros ?? null,
      });
    }
    after = costReport.nextPage;
  } while (after !== null);
  return rows;
}

/** What who is signed in may do. */
export async function myPermissions(): Promise<readonly string[]> {
  return (await ask<{ myPermissions: string[] }>('{ myPermissions }')).myPermissions;
}

export interface ExpensiveConversation {
  amount: { amountMicros: number };
  paidMessages: number;
  conversation: {
    id: string;
    contact: { name: string | null } | null;
    cost: { charges: { nodes: readonly ExplainedCharge[] } } | null;
  } | null;
}

export interface ExplainedCharge {
  id: string;
  bookedOn: string;
  category: string;
  amount: { amountMicros: number; currency: string };
  trace: readonly { fact: string; value: string }[];
}

export async function expensiveConversations(
  month: string,
  currency: string,
): Promise<readonly ExpensiveConversation[]> {
  const { expensiveConversations: found } = await ask<{
    expensiveConversations: readonly ExpensiveConversation[];
  }>(
    `query ($month: String!, $currency: String!) {
      expensiveConversations(month: $month, currency: $currency, first: 10) {
        amount { amountMicros } paidMessages
        conversation { id contact { name } cost { charges(first: 20) { nodes {
          id bookedOn category amount { amountMicros currency } trace { fact value }
        } } } }
      } }`,
    { month, currency },
  );
  return found;
}

export interface Allowance {
  /** Of the number. */
  name: string;
  size: number;
  /** Free messages of each day that had some. */
  usedOn: ReadonlyMap<string, number>;
}

export async function allowances(month: string, period: Period): Promise<Allowance[]> {
  const { allowances: found } = await ask<{
    allowances: { channel: { id: string; name: string }; size: number }[];
  }>('query ($month: String!) { allowances(month: $month) { channel { id name } size } }', { month });
  if (found.length === 0) return [];
  const filters = [{ dimension: 'TYPE', values: ['SERVICE_ALLOWANCE'] }];
  const days = await report(period, ['DAY', 'CHANNEL'], { filters });
  return found.map(({ channel, size }) => ({
    name: channel.name,
    size,
    usedOn: new Map(
      days.filter(({ keys }) => keys[1] === channel.id).map(({ keys, freeMessages }) => [keys[0]!, freeMessages]),
    ),
  }));
}
