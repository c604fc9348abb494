import { checkPageSize } from '@fenster/graphql';
import { DomainError, invalidInput, isId, tryParseJson } from '@fenster/runtime';
import { money } from '../charges/charge.resolver.js';
import type { BillingContext } from '../context.js';
import type {
  CostReport,
  CostReportFigures,
  CostReportInput,
  CostReportPeriod,
  ReportDimension,
} from './cost-report.types.js';

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** By what expression a dimension groups. */
const COLUMNS: Readonly<Record<ReportDimension, { sql: string; none?: string; isId?: true; isTime?: true }>> = {
  CONVERSATION: { sql: 'conversation_id', isId: true },
  CONTACT: { sql: `coalesce(contact_id, '${NOBODY}'::uuid)`, none: NOBODY, isId: true },
  MEMBER: { sql: 'author_id', isId: true },
  TEAM: { sql: 'team_id', isId: true },
  CHANNEL: { sql: 'channel_id', isId: true },
  MARKET: { sql: 'market' },
  CATEGORY: { sql: 'category' },
  TYPE: { sql: 'free_reason' },
  LINE: { sql: 'line' },
  TEMPLATE: { sql: 'template' },
  NEWSLETTER: { sql: 'newsletter_id', isId: true },
  LABEL: { sql: 'label_id', isId: true },
  DAY: { sql: 'booked_on', isTime: true },
  WEEK: { sql: `date_trunc('week', booked_on)::date`, isTime: true },
  MONTH: { sql: `to_char(booked_on, 'YYYY-MM')`, isTime: true },
};
/** Too many for sums by day: their groups are read from the ledger, as many as a page has, in the order of an index. */
const OF_LEDGER: readonly ReportDimension[] = ['CONVERSATION', 'CONTACT'];
const NEEDED = { CONTACT: 'contact:read', TEAM: 'team:read' } as const;
const MAX_DIMENSIONS = 6;
const MAX_VALUES = 100;
const MAX_DAYS = 3_660;

type Row = Record<`k${number}`, string> & { currency: string } & Record<
    `${'' | 'earlier_'}${'amount' | 'expected' | 'paid' | 'free'}`,
    string
  >;

/** @throws DomainError INVALID_INPUT, FORBIDDEN */
export async function loadCostReport(ctx: BillingContext, input: CostReportInput): Promise<CostReport> {
  checkPageSize(input.first);
  const groupBy = checkGroups(ctx, input);
  const filters = checkFilters(ctx, input);
  const period = checkPeriod(input.period, 'period');
  const earlier = input.comparedWith ? checkPeriod(input.comparedWith, 'comparedWith') : undefined;
  if (earlier && groupBy.some((dimension) => COLUMNS[dimension].isTime)) {
    throw invalidInput('comparedWith', 'must not be given where rows are of days, weeks or months.');
  }
  // What is in the ledger only comes first: so a page is a range of an index.
  const order = groupBy.toSorted((a, b) => Number(OF_LEDGER.includes(b)) - Number(OF_LEDGER.includes(a)));
  const position = readPosition(input.after, order);
  const isOfLedger = [...order, ...filters.map(({ dimension }) => dimension)].some((each) => OF_LEDGER.includes(each));

  const isOfLabel = groupBy.includes('LABEL') || filters.some(({ dimension }) => dimension === 'LABEL');
  const isOverlapping = groupBy.includes('LABEL') && !filters.some(({ dimension }) => dimension === 'LABEL');

  const parameters: unknown[] = [];
  const bind = (value: unknown) => {
    parameters.push(value);
    return '?';
  };
  const within = ({ from, to }: CostReportPeriod) => `booked_on between ${bind(from)}::date and ${bind(to)}::date`;
  const figures = (prefix: string, range: CostReportPeriod) =>
    (
      [
        ['amount', 'amount_micros', ''],
        ['expected', 'expected_micros', ''],
        ['paid', 'messages', ' and free_reason is null'],
        ['free', 'messages', ' and free_reason is not null'],
      ] as const
    )
      .map(
        ([name, column, more]) =>
          `coalesce(sum(${column}) filter (where ${within(range)}${more}), 0)::bigint as ${prefix}${name}`,
      )
      .join(', ');
  const keys = order.map((dimension, index) => `${keyOf(dimension)} as k${index}`);
  const names = order.map((_, index) => `k${index}`);
  const select = [
    ...keys,
    'currency collate "C" as currency',
    figures('', period),
    ...(earlier ? [figures('earlier_', earlier)] : []),
  ];
  const where = [
    `workspace_id = ${bind(ctx.requireActor().workspaceId)}`,
    `(${[period, ...(earlier ? [earlier] : [])].map(within).join(' or ')})`,
    ...filters.map(({ dimension, values }) => {
      const { sql, none, isId: isOfIds } = COLUMNS[dimension];
      const given = values
        .map((value) => (value === '' && none !== undefined ? none : value))
        .filter((value) => value !== '');
      const isNone = given.length < values.length ? `${sql} is null` : 'false';
      const list = `(select jsonb_array_elements_text(${bind(JSON.stringify(given))}::jsonb)${isOfIds ? '::uuid' : ''})`;
      return `(${sql} in ${list} or ${isNone})`;
    }),
    ...(position ? [afterPosition(order, position, bind)] : []),
  ];
  const group = [...names, 'currency'];
  const rows = await ctx.em.execute<Row[]>(
    `select ${select.join(', ')} from ${sourceOf({ isOfLedger, isOfLabel })} where ${where.join(' and ')}
     group by ${group.map((_, index) => index + 1).join(', ')}
     order by ${group.map((_, index) => index + 1).join(', ')} limit ${bind(input.first + 1)}`,
    parameters,
  );
  const shown = rows.slice(0, input.first);
  const last = rows.length > input.first ? shown.at(-1) : undefined;
  return {
    isOverlapping,
    // Without what makes them overlap, all is one group for each currency.
    distinctTotals: isOverlapping
      ? (await loadCostReport(ctx, { ...input, groupBy: [], comparedWith: null, first: 100, after: null })).rows.map(
          (row) => row.figures,
        )
      : null,
    rows: shown.map((row) => ({
      keys: groupBy.map((dimension) => ({ dimension, value: shownKey(row[`k${order.indexOf(dimension)}`]) })),
      figures: figuresOf(row, ''),
      earlier: earlier ? figuresOf(row, 'earlier_') : null,
    })),
    nextPage: last ? writePosition([...names.map((name) => last[name as `k${number}`]!), last.currency]) : null,
  };
}

/** Of labels, an entry is there once for each. */
function sourceOf({ isOfLedger, isOfLabel }: { isOfLedger: boolean; isOfLabel: boolean }): string {
  if (!isOfLabel) return isOfLedger ? 'charge' : 'cost_by_day';
  return isOfLedger ? 'charge join conversation_label using (workspace_id, conversation_id)' : 'label_cost_by_day';
}

/** Ids of the ledger as they are in its indexes, everything else as text. */
function keyOf(dimension: ReportDimension): string {
  const { sql } = COLUMNS[dimension];
  return OF_LEDGER.includes(dimension) ? sql : `coalesce((${sql})::text, '') collate "C"`;
}

/** What comes after a page: the range of the index in which the next one begins, and the rows in it. */
function afterPosition(
  order: readonly ReportDimension[],
  position: readonly string[],
  bind: (value: unknown) => string,
): string {
  const bound = (index: number) => {
    const isOfIndex = order[index] !== undefined && OF_LEDGER.includes(order[index]);
    return isOfIndex ? `${bind(position[index])}::uuid` : bind(position[index]);
  };
  const keys = [...order.map(keyOf), 'currency collate "C"'];
  return `(${keys.join(', ')}) > (${position.map((_, index) => bound(index)).join(', ')})`;
}

function shownKey(key: string | undefined): string | null {
  return key === undefined || key === '' || key === NOBODY ? null : key;
}

function figuresOf(row: Row, prefix: '' | 'earlier_'): CostReportFigures {
  return {
    amount: money(Number(row[`${prefix}amount`]), row.currency),
    expected: money(Number(row[`${prefix}expected`]), row.currency),
    paidMessages: Number(row[`${prefix}paid`]),
    freeMessages: Number(row[`${prefix}free`]),
  };
}

function checkGroups(ctx: BillingContext, { groupBy }: CostReportInput): readonly ReportDimension[] {
  if (groupBy.length > MAX_DIMENSIONS || new Set(groupBy).size < groupBy.length) {
    throw invalidInput('groupBy', `must have at most ${MAX_DIMENSIONS} dimensions, each once.`);
  }
  groupBy.forEach((dimension) => checkSeen(ctx, dimension));
  return groupBy;
}

function checkFilters(ctx: BillingContext, { filters }: CostReportInput) {
  for (const { dimension, values } of filters ?? []) {
    checkSeen(ctx, dimension);
    if (COLUMNS[dimension].isTime) throw invalidInput('filters', 'must not be of time: say `period`.');
    if (values.length === 0 || values.length > MAX_VALUES) {
      throw invalidInput('filters', `must have 1 to ${MAX_VALUES} values each.`);
    }
    // Of two labels an entry would count twice.
    if (dimension === 'LABEL' && (values.length !== 1 || values[0] === '')) {
      throw invalidInput('filters', 'must have one value of LABEL, and not none.');
    }
    if (COLUMNS[dimension].isId && values.some((value) => value !== '' && !isId(value))) {
      throw invalidInput('filters', `must be ids of ${dimension}.`);
    }
  }
  return filters ?? [];
}

/** An id is told to nobody who may not see what it names. */
function checkSeen(ctx: BillingContext, dimension: ReportDimension): void {
  if (dimension !== 'CONTACT' && dimension !== 'TEAM') return;
  const needed = NEEDED[dimension];
  if (ctx.requireActor().permissions.includes(needed)) return;
  throw new DomainError('FORBIDDEN', `${dimension} needs the permission ${needed}.`);
}

/** @throws DomainError INVALID_INPUT */
export function checkPeriod({ from, to }: CostReportPeriod, field: string): CostReportPeriod {
  for (const day of [from, to]) {
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(day) && new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) === day;
    if (!isDay) throw invalidInput(field, 'must be of days as in 2026-10-01.');
  }
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000;
  if (days < 0 || days > MAX_DAYS) throw invalidInput(field, `must be in order, and of at most ${MAX_DAYS} days.`);
  return { from, to };
}

function writePosition(keys: readonly string[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/** @throws DomainError INVALID_INPUT for anything that `writePosition` did not make. */
function readPosition(
  after: string | null | undefined,
  order: readonly ReportDimension[],
): readonly string[] | undefined {
  if (after == null) return undefined;
  const keys = tryParseJson(Buffer.from(after, 'base64url').toString());
  const isOne =
    Array.isArray(keys) &&
    keys.length === order.length + 1 &&
    keys.every(
      (key, index) => typeof key === 'string' && (!order[index] || !OF_LEDGER.includes(order[index]) || isId(key)),
    ) &&
    writePosition(keys as string[]) === after;
  if (!isOne) throw invalidInput('after', 'is not a page that this API handed out.');
  return keys as string[];
}
