import {
  LOCALES,
  writeDay,
  type Block,
  type Chart,
  type DocumentLanguage,
  type PrintableDocument,
  type Table,
} from '@fenster/documents';
import { dayAfter, firstDayAfter } from '../ratings/local-date.js';
import type { CurrencyStatement, Figures, Statement } from './statement.query.js';
import { WORDS } from './statement-words.js';

const MICROS = 1_000_000;
/** More would be bars that nobody tells apart. */
const SHOWN_MARKETS = 12;

/** A month on paper. Whatever a chart shows stands in a table too. */
export function statementDocument(
  statement: Statement,
  { language, reference, issuedAt }: { language: DocumentLanguage; reference: string; issuedAt: Date },
): PrintableDocument {
  const words = WORDS[language];
  const { month, closedAt, currencies, unrated } = statement;
  const number = new Intl.NumberFormat(LOCALES[language]);
  const name = new Intl.DateTimeFormat(LOCALES[language], { month: 'long', year: 'numeric', timeZone: 'UTC' });
  const blocks: Block[] = [
    { kind: 'paragraph', text: closedAt ? words.closed(writeDay(language, closedAt)) : words.open },
  ];
  if (currencies.length === 0) blocks.push({ kind: 'paragraph', text: words.none });
  for (const each of currencies) blocks.push(...currencyBlocks(each, month, language, currencies.length > 1));
  if (unrated.length > 0) {
    blocks.push({
      kind: 'table',
      caption: words.unrated,
      columns: [
        { title: words.reason, share: 3 },
        { title: words.messages, isNumber: true },
      ],
      rows: unrated.map(({ reason, messages }) => [words.unratedReasons[reason] ?? reason, number.format(messages)]),
    });
  }
  return {
    language,
    title: words.title(name.format(new Date(`${month}-01T00:00:00Z`))),
    issuer: words.issuer,
    issuedAt,
    reference,
    blocks,
  };
}

function currencyBlocks(
  { currency, total, earlier, days, categories, markets, lines, reasons }: CurrencyStatement,
  month: string,
  language: DocumentLanguage,
  isOneOfSeveral: boolean,
): Block[] {
  const words = WORDS[language];
  const locale = LOCALES[language];
  const number = new Intl.NumberFormat(locale);
  const exact = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: 2,
    maximumFractionDigits: 6,
  });
  const money = (micros: number) => exact.format(micros / MICROS);
  const category = (word: string) => words.categories[word] ?? word;
  const market = (named: string | null) => named ?? words.noMarket;
  const table = <Row extends Figures>(
    caption: string,
    title: string,
    rows: readonly Row[],
    nameOf: (row: Row) => string,
  ): Table => ({
    kind: 'table',
    caption,
    columns: [
      { title, share: 2 },
      { title: words.amount, isNumber: true },
      { title: words.paid, isNumber: true },
      { title: words.free, isNumber: true },
    ],
    rows: rows
      .filter(isBooked)
      .map((row) => [
        nameOf(row),
        money(row.amountMicros),
        number.format(row.paidMessages),
        number.format(row.freeMessages),
      ]),
  });
  const free = reasons.filter(({ reason, freeMessages }) => reason !== null && freeMessages !== 0);
  return [
    ...(isOneOfSeveral ? [{ kind: 'heading' as const, text: currency }] : []),
    {
      kind: 'facts',
      facts: [
        { term: words.amount, text: money(total.amountMicros) },
        ...(earlier
          ? [
              { term: words.earlier, text: money(earlier.amountMicros) },
              { term: words.change, text: money(total.amountMicros - earlier.amountMicros) },
            ]
          : []),
        { term: words.paid, text: number.format(total.paidMessages) },
        { term: words.free, text: number.format(total.freeMessages) },
        ...(total.expectedMicros === 0 ? [] : [{ term: words.expected, text: money(total.expectedMicros) }]),
      ],
    },
    daysChart(days, month, { caption: words.perDay, unit: currency, category, language }),
    table(words.byCategory, words.category, categories, (row) => category(row.category)),
    marketsChart(markets, { caption: words.byMarket, unit: currency, nameOf: market, others: words.otherMarkets }),
    table(words.byMarket, words.market, markets, (row) => market(row.market)),
    table(words.byLine, words.line, lines, ({ line }) => words.lines[line]),
    ...(free.length === 0
      ? []
      : [
          {
            kind: 'table' as const,
            caption: words.byReason,
            columns: [
              { title: words.reason, share: 3 },
              { title: words.free, isNumber: true },
            ],
            rows: free.map(({ reason, freeMessages }) => [
              words.reasons[reason!] ?? reason!,
              number.format(freeMessages),
            ]),
          },
        ]),
    table(words.byDay, words.day, totalsByDay(days), ({ day }) => writeDay(language, new Date(`${day}T00:00:00Z`))),
  ];
}

function isBooked({ amountMicros, paidMessages, freeMessages }: Figures): boolean {
  return amountMicros !== 0 || paidMessages !== 0 || freeMessages !== 0;
}

function daysChart(
  days: CurrencyStatement['days'],
  month: string,
  {
    caption,
    unit,
    category,
    language,
  }: { caption: string; unit: string; category(word: string): string; language: DocumentLanguage },
): Chart {
  const all: string[] = [];
  for (let day = `${month}-01`; day < firstDayAfter(month); day = dayAfter(day)) all.push(day);
  const amounts = new Map(days.map((row) => [`${row.category} ${row.day}`, row.amountMicros]));
  const paid = [
    ...new Set(days.filter(({ amountMicros }) => amountMicros !== 0).map((row) => row.category)),
  ].toSorted();
  const ofMonth = new Intl.DateTimeFormat(LOCALES[language], { day: 'numeric', timeZone: 'UTC' });
  return {
    kind: 'chart',
    caption,
    unit,
    bars: 'upright',
    labels: all.map((day) => ofMonth.format(new Date(`${day}T00:00:00Z`))),
    series: paid.map((word) => ({
      name: category(word),
      values: all.map((day) => (amounts.get(`${word} ${day}`) ?? 0) / MICROS),
    })),
  };
}

function marketsChart(
  markets: CurrencyStatement['markets'],
  {
    caption,
    unit,
    nameOf,
    others,
  }: { caption: string; unit: string; nameOf(market: string | null): string; others: string },
): Chart {
  const paid = markets.filter(({ amountMicros }) => amountMicros !== 0);
  const bars = paid
    .slice(0, SHOWN_MARKETS)
    .map(({ market, amountMicros }) => ({ name: nameOf(market), micros: amountMicros }));
  const rest = paid.slice(SHOWN_MARKETS).reduce((sum, { amountMicros }) => sum + amountMicros, 0);
  if (rest !== 0) bars.push({ name: others, micros: rest });
  return {
    kind: 'chart',
    caption,
    unit,
    bars: 'lying',
    labels: bars.map(({ name }) => name),
    series: [{ name: caption, values: bars.map(({ micros }) => micros / MICROS) }],
  };
}

function totalsByDay(days: CurrencyStatement['days']): ({ day: string } & Figures)[] {
  return [...Map.groupBy(days, ({ day }) => day)].map(([day, rows]) => {
    const sum = (figure: keyof Figures) => rows.reduce((so, row) => so + row[figure], 0);
    return {
      day,
      amountMicros: sum('amountMicros'),
      expectedMicros: sum('expectedMicros'),
      paidMessages: sum('paidMessages'),
      freeMessages: sum('freeMessages'),
    };
  });
}
