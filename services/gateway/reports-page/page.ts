import { ApiError, signIn, signOut } from './api.js';
import { clearCharts, drawChart, type ChartFigures } from './charts.js';
import { h, table, type Column } from './elements.js';
import { exportsSection } from './exports.js';
import {
  allowances,
  expensiveConversations,
  myPermissions,
  report,
  type Allowance,
  type ExpensiveConversation,
  type Figures,
  type Period,
  type Row,
} from './figures.js';
import { categoryName, chooseLanguage, dayName, language, locale, money, number, words } from './language.js';
import { reconciliationSection } from './reconciliation.js';
import { LANGUAGES, WORDS } from './words.js';

const MICROS = 1_000_000;
const MONTHS = 24;

const page = document.querySelector('#page')!;
const address = new URL(location.href);

chooseLanguage([address.searchParams.get('language'), ...navigator.languages]);
let month = address.searchParams.get('month') ?? new Date().toISOString().slice(0, 7);
let currency: string | undefined;
let isSignedIn = false;
/** Counts what is shown, so that an answer that comes late replaces nothing newer. */
let showing = 0;

/** The address says what is shown, and never who sees it. */
function remember(): void {
  address.searchParams.set('language', language());
  address.searchParams.set('month', month);
  history.replaceState(null, '', address);
}

function monthBefore(of: string, months = 1): string {
  const [year, index] = of.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, index - 1 - months, 1)).toISOString().slice(0, 7);
}

function periodOf(of: string): Period {
  const [year, index] = of.split('-').map(Number) as [number, number];
  return { from: `${of}-01`, to: new Date(Date.UTC(year, index, 0)).toISOString().slice(0, 10) };
}

function daysOf({ from, to }: Period): string[] {
  const days: string[] = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

function select(
  label: string,
  options: readonly { value: string; text: string }[],
  value: string,
  change: (value: string) => void,
): HTMLElement {
  const control = h(
    'select',
    { change: () => change(control.value) },
    ...options.map((option) => h('option', { value: option.value, selected: option.value === value }, option.text)),
  );
  return h('label', {}, label, control);
}

function top(controls: readonly HTMLElement[]): HTMLElement {
  const languages = LANGUAGES.map((each) => ({ value: each, text: WORDS[each].languageName }));
  return h(
    'header',
    { class: 'top' },
    h('h1', {}, words().title),
    ...controls,
    select(words().language, languages, language(), (value) => {
      chooseLanguage([value]);
      void show();
    }),
  );
}

function put(...content: readonly HTMLElement[]): void {
  clearCharts();
  document.documentElement.lang = language();
  document.title = words().title;
  remember();
  page.replaceChildren(...content);
}

async function show(): Promise<void> {
  showing += 1;
  if (!isSignedIn) return showSignIn();
  const mine = showing;
  put(top(controls([])), h('main', {}, h('p', { class: 'wide', role: 'status' }, words().loading)));
  try {
    const loaded = await load();
    if (mine === showing) showReport(loaded);
  } catch (error) {
    if (mine === showing) showProblem(error);
  }
}

function showSignIn(problem?: string): void {
  const email = h('input', { type: 'email', autocomplete: 'username', required: true, name: 'email' });
  const password = h('input', {
    type: 'password',
    autocomplete: 'current-password',
    required: true,
    name: 'password',
  });
  const form = h(
    'form',
    {
      class: 'sign-in',
      submit(event) {
        event.preventDefault();
        void tryToSignIn(email.value, password.value);
      },
    },
    h('label', {}, words().email, email),
    h('label', {}, words().password, password),
    problem === undefined ? null : h('p', { class: 'problem', role: 'alert' }, problem),
    h('button', { class: 'main' }, words().signIn),
  );
  put(top([]), h('main', {}, h('div', { class: 'wide' }, form)));
  email.focus();
}

async function tryToSignIn(email: string, password: string): Promise<void> {
  try {
    await signIn(email, password);
    isSignedIn = true;
    await show();
  } catch (error) {
    const code = error instanceof ApiError ? error.code : '';
    const known: Record<string, string> = {
      InvalidCredentials: words().wrongPassword,
      TooManyAttempts: words().tooManyAttempts,
    };
    showSignIn(known[code] ?? words().failed);
  }
}

function showProblem(error: unknown): void {
  const code = error instanceof ApiError ? error.code : '';
  if (code === 'UNAUTHENTICATED') {
    isSignedIn = false;
    return showSignIn();
  }
  const text = code === 'FORBIDDEN' ? words().notAllowed : words().failed;
  const again = h('button', { click: () => void show() }, words().retry);
  put(
    top(controls([])),
    h('main', {}, h('div', { class: 'wide' }, h('p', { class: 'problem', role: 'alert' }, text), again)),
  );
}

function controls(currencies: readonly string[]): HTMLElement[] {
  const name = new Intl.DateTimeFormat(locale(), { month: 'long', year: 'numeric', timeZone: 'UTC' });
  const thisMonth = new Date().toISOString().slice(0, 7);
  const months = Array.from({ length: MONTHS }, (_, back) => monthBefore(thisMonth, back));
  if (!months.includes(month)) months.push(month);
  const options = months.map((value) => ({ value, text: name.format(new Date(`${value}-01T00:00:00Z`)) }));
  return [
    select(words().month, options, month, (value) => {
      month = value;
      void show();
    }),
    ...(currencies.length > 1
      ? [
          select(
            words().currency,
            currencies.map((value) => ({ value, text: value })),
            currency!,
            (value) => {
              currency = value;
              void show();
            },
          ),
        ]
      : []),
    h('button', { click: () => void leave() }, words().signOut),
  ];
}

async function leave(): Promise<void> {
  isSignedIn = false;
  await signOut();
  await show();
}

interface Loaded {
  period: Period;
  currencies: readonly string[];
  totals: readonly Row[];
  days: readonly Row[];
  categories: readonly Row[];
  markets: readonly Row[];
  teams: readonly Row[];
  agents: readonly Row[];
  /** Without what is of none. */
  newsletters: readonly Row[];
  mayManage: boolean;
  expensive: readonly ExpensiveConversation[];
  allowances: readonly Allowance[];
}

async function load(): Promise<Loaded> {
  const period = periodOf(month);
  const [permissions, all] = await Promise.all([
    myPermissions(),
    report(period, [], { comparedWith: periodOf(monthBefore(month)) }),
  ]);
  const currencies = all.map((row) => row.currency);
  if (currency === undefined || !currencies.includes(currency)) currency = currencies[0];
  const of = currency;
  const mine = (rows: readonly Row[]) => rows.filter((row) => row.currency === of);
  const [days, categories, markets, teams, agents, newsletters, expensive, free] = await Promise.all([
    report(period, ['DAY', 'CATEGORY']),
    report(period, ['CATEGORY']),
    report(period, ['MARKET']),
    permissions.includes('TEAM_READ') ? report(period, ['TEAM']) : [],
    report(period, ['MEMBER']),
    report(period, ['NEWSLETTER']),
    of === undefined ? [] : expensiveConversations(month, of),
    allowances(month, period),
  ]);
  return {
    period,
    currencies,
    totals: mine(all),
    days: mine(days),
    categories: mine(categories),
    markets: mine(markets),
    teams: mine(teams),
    agents: mine(agents),
    newsletters: mine(newsletters).filter(({ keys }) => keys[0] !== null),
    mayManage: permissions.includes('COST_MANAGE'),
    expensive,
    allowances: free,
  };
}

function showReport(loaded: Loaded): void {
  const { period, totals, expensive, currencies } = loaded;
  const [total] = totals;
  const main = h('main', {});
  put(top(controls(currencies)), main);
  const charts: [HTMLElement, ChartFigures][] = [];
  const add = (title: string, isWide: boolean, ...content: readonly HTMLElement[]) =>
    main.append(h('section', isWide ? { class: 'wide' } : {}, h('h2', {}, title), ...content));
  const addChart = (title: string, isWide: boolean, figures: ChartFigures, alternative: HTMLElement) => {
    const picture = h('div', { class: 'chart', role: 'img', 'aria-label': words().chartOf(title) });
    add(title, isWide, picture, h('details', {}, h('summary', {}, words().asTable), alternative));
    charts.push([picture, figures]);
  };

  if (!total || currency === undefined) add(words().overview, true, h('p', { class: 'note' }, words().nothing));
  else {
    const of = currency;
    const write = (value: number) => money(value * MICROS, of);
    const named = ({ name }: Row) => name ?? words().none;
    const sorted = (rows: readonly Row[]) => rows.toSorted((a, b) => b.amountMicros - a.amountMicros);
    const bars = (title: string, column: string, rows: readonly Row[], nameOf: (row: Row) => string) => {
      if (rows.length === 0) return;
      const shown = sorted(rows);
      const labels = shown.map(nameOf);
      const values = shown.map(({ amountMicros }) => amountMicros / MICROS);
      addChart(
        title,
        false,
        { kind: 'lying bars', labels, series: [{ name: title, values }], write },
        figuresTable(title, column, shown, nameOf),
      );
    };
    add(words().overview, true, overview(total, of));
    addChart(words().overTime, true, ...overTime(loaded, write));
    bars(words().byCategory, words().category, loaded.categories, ({ keys }) => categoryName(keys[0]));
    bars(words().byMarket, words().market, loaded.markets, ({ keys }) => keys[0] ?? words().none);
    bars(words().byTeam, words().team, loaded.teams, named);
    bars(words().byAgent, words().agent, loaded.agents, named);
    bars(words().byNewsletter, words().newsletter, loaded.newsletters, named);
    if (expensive.length > 0) add(words().expensive, true, expensiveTable(expensive, of));
  }
  if (loaded.allowances.length === 0) add(words().burnDown, true, h('p', { class: 'note' }, words().noAllowance));
  else addChart(words().burnDown, true, ...burnDown(loaded.allowances, daysOf(period)));
  if (currency !== undefined) {
    const { mayManage } = loaded;
    add(words().reconciliation, true, reconciliationSection({ month, currency, mayManage }));
  }
  add(words().exports, true, exportsSection(month, period));
  // When all are on the page, and so have a size.
  for (const [element, figures] of charts) drawChart(element, figures);
}

function overview(total: Row, of: string): HTMLElement {
  const { amountMicros, earlierMicros, expectedMicros, paidMessages, freeMessages } = total;
  const figure = (term: string, value: string) => h('div', {}, h('dt', {}, term), h('dd', {}, value));
  return h(
    'dl',
    { class: 'figures' },
    figure(words().amount, money(amountMicros, of)),
    figure(words().earlier, money(earlierMicros ?? 0, of)),
    figure(words().change, money(amountMicros - (earlierMicros ?? 0), of)),
    expectedMicros === 0 ? null : figure(words().expected, money(expectedMicros, of)),
    figure(words().paid, number(paidMessages)),
    figure(words().free, number(freeMessages)),
  );
}

function figuresTable<Shown extends Figures & { currency: string }>(
  caption: string,
  column: string,
  rows: readonly Shown[],
  nameOf: (row: Shown) => string,
): HTMLElement {
  const columns: Column[] = [
    { title: column },
    { title: words().amount, isNumber: true },
    { title: words().paid, isNumber: true },
    { title: words().free, isNumber: true },
  ];
  return table(
    caption,
    columns,
    rows.map((row) => [
      nameOf(row),
      money(row.amountMicros, row.currency),
      number(row.paidMessages),
      number(row.freeMessages),
    ]),
  );
}

function overTime({ days, period }: Loaded, write: (value: number) => string): [ChartFigures, HTMLElement] {
  const all = daysOf(period);
  const amounts = new Map(days.map(({ keys, amountMicros }) => [keys.join(' '), amountMicros]));
  const categories = [...new Set(days.map(({ keys }) => keys[1]!))].toSorted();
  const ofMonth = new Intl.DateTimeFormat(locale(), { day: 'numeric', timeZone: 'UTC' });
  const figures: ChartFigures = {
    kind: 'stacked bars',
    labels: all.map((day) => ofMonth.format(new Date(`${day}T00:00:00Z`))),
    series: categories.map((key) => ({
      name: categoryName(key),
      values: all.map((day) => (amounts.get(`${day} ${key}`) ?? 0) / MICROS),
    })),
    write,
  };
  const rows = days.map((row) => ({ ...row, name: `${dayName(row.keys[0]!)}, ${categoryName(row.keys[1])}` }));
  return [figures, figuresTable(words().overTime, `${words().day}, ${words().category}`, rows, ({ name }) => name)];
}

function expensiveTable(found: readonly ExpensiveConversation[], of: string): HTMLElement {
  const columns: Column[] = [
    { title: words().conversation },
    { title: words().amount, isNumber: true },
    { title: words().paid, isNumber: true },
    { title: words().reason },
  ];
  return table(
    words().expensive,
    columns,
    found.map(({ conversation, amount, paidMessages }) => {
      const charges = conversation?.cost?.charges.nodes ?? [];
      const reasons = charges.flatMap(({ bookedOn, category: key, amount: each, trace }) => [
        h(
          'p',
          { class: 'note' },
          `${dayName(bookedOn)}, ${categoryName(key)}: ${money(each.amountMicros, each.currency)}`,
        ),
        h('ul', { class: 'trace' }, ...trace.map(({ fact, value }) => h('li', {}, `${fact}: ${value}`))),
      ]);
      return [
        conversation?.contact?.name ?? conversation?.id.slice(-12) ?? words().none,
        money(amount.amountMicros, of),
        number(paidMessages),
        h('details', {}, h('summary', {}, words().charges(number(charges.length))), ...reasons),
      ];
    }),
  );
}

function burnDown(found: readonly Allowance[], days: readonly string[]): [ChartFigures, HTMLElement] {
  const today = new Date().toISOString().slice(0, 10);
  const series = found.map(({ name, size, usedOn }) => {
    let left = size;
    const values = days.map((day) => {
      left -= usedOn.get(day) ?? 0;
      return day > today ? null : left;
    });
    return { name, values };
  });
  const ofMonth = new Intl.DateTimeFormat(locale(), { day: 'numeric', timeZone: 'UTC' });
  const labels = days.map((day) => ofMonth.format(new Date(`${day}T00:00:00Z`)));
  const columns: Column[] = [{ title: words().day }, ...series.map(({ name }) => ({ title: name, isNumber: true }))];
  const rows = days.flatMap((day, at) =>
    day > today ? [] : [[dayName(day), ...series.map(({ values }) => number(values[at] ?? 0))]],
  );
  return [{ kind: 'lines', labels, series, write: number }, table(words().burnDown, columns, rows)];
}

void show();
