import { ApiError, ask } from './api.js';
import { h, table, type Column } from './elements.js';
import { categoryName, money, momentName, number, signed, words } from './language.js';

/** Before, the provider counted conversations. */
const FIRST_MONTH = '2025-07';
const POLL_MS = 2_000;
const PATIENCE = 60;
const PROPOSALS = 10;
const SOURCES = ['ANALYTICS', 'INVOICE'] as const;
type Source = (typeof SOURCES)[number];

interface LineKey {
  market: string | null;
  category: string;
  freeReason: string | null;
}

interface Side {
  messages: number;
  amount: { amountMicros: number } | null;
}

interface Difference {
  against: Source;
  cause: string;
  messages: number;
  amount: { amountMicros: number };
  counterpartId: string | null;
}

interface Line extends LineKey {
  id: string;
  ledger: Side;
  analytics: Side | null;
  invoice: Side | null;
  differences: readonly Difference[];
}

interface Report {
  readings: readonly { accountId: string; granularity: string; readAt: string }[];
  invoice: { note: string; importedAt: string } | null;
  lines: readonly Line[];
}

interface Proposal {
  id: string;
  month: string;
  currency: string;
  against: Source;
  note: string;
  state: 'DRAFT' | 'ACCEPTED' | 'DISCARDED';
  proposedAt: string;
  proposedBy: { name: string } | null;
  corrections: readonly (LineKey & { lineId: string; messages: number; amount: { amountMicros: number } })[];
}

const SIDE = '{ messages amount { amountMicros } }';
const REPORT = `query ($month: String!, $currency: String!) {
  reconciliationReport(month: $month, currency: $currency) {
    readings { accountId granularity readAt } invoice { note importedAt }
    lines { id market category freeReason ledger ${SIDE} analytics ${SIDE} invoice ${SIDE}
      differences { against cause messages amount { amountMicros } counterpartId } } }
  reconciliations(first: ${PROPOSALS}) { nodes { id month currency against note state proposedAt proposedBy { name }
    corrections { lineId market category freeReason messages amount { amountMicros } } } } }`;
const READINGS = `query ($month: String!, $currency: String!) {
  reconciliationReport(month: $month, currency: $currency) { readings { readAt } } }`;
const REFUSAL = '__typename ... on UserError { code }';
const WANT = `mutation ($month: String!) { answer: requestPricingAnalytics(month: $month, granularity: DAILY) { ${REFUSAL} } }`;
const IMPORT = `mutation ($input: ImportInvoiceInput!) { answer: importInvoice(input: $input) { ${REFUSAL}
  ... on InvoiceInvalid { problems { line message } } } }`;
const PROPOSE = `mutation ($input: ProposeReconciliationInput!) { answer: proposeReconciliation(input: $input) { ${REFUSAL} } }`;
const ACCEPT = `mutation ($id: ID!) { answer: acceptReconciliation(id: $id) { ${REFUSAL} } }`;
const DISCARD = `mutation ($id: ID!) { answer: discardReconciliation(id: $id) { ${REFUSAL} } }`;

interface Answer {
  code?: string;
  problems?: readonly { line: number; message: string }[];
}

interface Place {
  month: string;
  currency: string;
  /** Whether who is signed in may ask for figures, propose corrections and decide on them. */
  mayManage: boolean;
}

/** What the provider counted and charged beside the ledger, why they differ, and what is done about it. */
export function reconciliationSection(place: Place): HTMLElement {
  const { month, currency } = place;
  if (month < FIRST_MONTH) return h('p', { class: 'note' }, words().notCompared);
  const told = h('p', { role: 'status', tabindex: '-1' });
  const content = h('div', {}, h('p', { class: 'note' }, words().loading));
  const section = h('div', {}, told, content);

  async function read(): Promise<void> {
    const { reconciliationReport, reconciliations } = await ask<{
      reconciliationReport: Report;
      reconciliations: { nodes: Proposal[] };
    }>(REPORT, { month, currency });
    const proposals = reconciliations.nodes.filter((each) => each.month === month && each.currency === currency);
    content.replaceChildren(...contentOf(reconciliationReport, proposals, place, act));
  }

  /** Does something, says what became of it, and shows the figures as they are then. */
  const act: Act = async (mutation, variables, done) => {
    told.className = 'note';
    told.textContent = words().loading;
    try {
      const before = mutation === WANT ? await latestReading() : undefined;
      const { answer } = await ask<{ answer: Answer }>(mutation, variables);
      if (answer.code === undefined && mutation === WANT) await readingAfter(before);
      await read();
      tell(answer.code === undefined ? done : refusal(answer), answer.code === undefined ? 'note' : 'problem');
    } catch (error) {
      tell(refusal({ code: error instanceof ApiError ? error.code : '' }), 'problem');
    }
    // What had the focus may be gone.
    told.focus();
  };

  function tell(text: string, kind: 'note' | 'problem'): void {
    told.className = kind;
    told.textContent = text;
  }

  async function latestReading(): Promise<string | undefined> {
    const { reconciliationReport } = await ask<{ reconciliationReport: Pick<Report, 'readings'> }>(READINGS, {
      month,
      currency,
    });
    return reconciliationReport.readings
      .map(({ readAt }) => readAt)
      .toSorted()
      .at(-1);
  }

  /** @throws ApiError if nothing is read for long. */
  async function readingAfter(before: string | undefined): Promise<void> {
    for (let turn = 0; turn < PATIENCE; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (!section.isConnected || (await latestReading()) !== before) return;
    }
    throw new ApiError('NOT_READ');
  }

  read().catch(() => {
    content.replaceChildren();
    tell(words().failed, 'problem');
  });
  return section;
}

type Act = (mutation: string, variables: object, done: string) => Promise<void>;

function refusal({ code = '', problems = [] }: Answer): string {
  const text = words().refusals[code] ?? words().failed;
  return [text, ...problems.map(({ line, message }) => `${words().line} ${line}: ${message}`)].join(' ');
}

function contentOf(report: Report, proposals: readonly Proposal[], place: Place, act: Act): HTMLElement[] {
  const { readings, invoice, lines } = report;
  const sides = SOURCES.filter((source) => lines.some((line) => sideOf(line, source) !== null));
  return [
    h(
      'ul',
      { class: 'facts' },
      ...(readings.length === 0
        ? [h('li', {}, words().notRead)]
        : readings.map(({ accountId, readAt }) => h('li', {}, words().readAt(accountId, momentName(readAt))))),
      h('li', {}, invoice ? words().invoiceIs(invoice.note, momentName(invoice.importedAt)) : words().noInvoice),
    ),
    ...(place.mayManage ? [importForms(place, act)] : []),
    ...sides.map((source) => comparison(source, lines, place, act)),
    ...(proposals.length > 0 ? [proposalTable(proposals, place, act)] : []),
  ];
}

function importForms({ month, currency }: Place, act: Act): HTMLElement {
  const file = h('input', { type: 'file', accept: '.csv,text/csv', required: true });
  const note = h('input', { type: 'text', required: true, maxlength: '500' });
  const send = async () => {
    const csv = await file.files![0]!.text();
    const input = { month, currency, csv, note: note.value, idempotencyKey: crypto.randomUUID() };
    await act(IMPORT, { input }, words().invoiceImported);
  };
  return h(
    'div',
    { class: 'buttons' },
    h('button', { type: 'button', click: () => void act(WANT, { month }, words().wasRead) }, words().readAnalytics),
    h(
      'form',
      {
        class: 'buttons',
        submit(event) {
          event.preventDefault();
          void send();
        },
      },
      h('label', {}, words().invoiceFile, file),
      h('label', {}, words().invoiceNote, note),
      h('button', {}, words().importInvoice),
    ),
  );
}

const sideOf = (line: Line, source: Source) => (source === 'ANALYTICS' ? line.analytics : line.invoice);

/** The ledger and one source, line by line; those that differ can be chosen for a correction. */
function comparison(source: Source, lines: readonly Line[], place: Place, act: Act): HTMLElement {
  const { month, currency } = place;
  const isOver = month < new Date().toISOString().slice(0, 7);
  const mayCorrect = place.mayManage && isOver;
  const compared = lines.filter((line) => sideOf(line, source) !== null);
  const isDifferent = (line: Line) => line.differences.some(({ against }) => against === source);
  const [different, same] = [compared.filter(isDifferent), compared.filter((line) => !isDifferent(line))];
  const title = words().comparedWith[source];
  const chosen = new Map(different.map(({ id }) => [id, h('input', { type: 'checkbox', checked: true })]));
  const columns: Column[] = [
    { title: words().line },
    { title: words().ledger, isNumber: true },
    { title: words().sources[source], isNumber: true },
    { title: words().causes },
  ];
  const row = (line: Line) => [
    mayCorrect && chosen.has(line.id)
      ? h('label', { class: 'check' }, chosen.get(line.id)!, nameOf(line))
      : nameOf(line),
    figures(line.ledger, currency),
    figures(sideOf(line, source)!, currency),
    h(
      'ul',
      { class: 'trace' },
      ...line.differences
        .filter(({ against }) => against === source)
        .map((each) => h('li', {}, explanation(each, lines, currency))),
    ),
  ];
  const plain = (line: Line) => row(line).slice(0, 3);
  const note = h('input', { type: 'text', required: true, maxlength: '500' });
  const propose = () => {
    const lineIds = [...chosen].flatMap(([id, box]) => (box.checked ? [id] : []));
    const input = { month, currency, against: source, lineIds, note: note.value };
    return act(PROPOSE, { input: { ...input, idempotencyKey: crypto.randomUUID() } }, words().proposed);
  };
  return h(
    'form',
    {
      class: 'comparison',
      submit(event) {
        event.preventDefault();
        void propose();
      },
    },
    h('h3', {}, title),
    different.length > 0 ? table(title, columns, different.map(row)) : h('p', { class: 'note' }, words().noDifference),
    different.length > 0 && mayCorrect
      ? h(
          'div',
          { class: 'buttons' },
          h('label', {}, words().correctionNote, note),
          h('button', { class: 'main' }, words().propose),
        )
      : null,
    different.length > 0 && place.mayManage && !isOver ? h('p', { class: 'note' }, words().correctedLater) : null,
    same.length > 0
      ? h(
          'details',
          {},
          h('summary', {}, words().sameLines(number(same.length))),
          table(words().sameLines(number(same.length)), columns.slice(0, 3), same.map(plain)),
        )
      : null,
  );
}

function proposalTable(proposals: readonly Proposal[], { currency, mayManage }: Place, act: Act): HTMLElement {
  const columns: Column[] = [
    { title: words().proposal },
    { title: words().corrections },
    { title: words().state },
    ...(mayManage ? [{ title: words().decision }] : []),
  ];
  const rows = proposals.map(({ id, against, note, state, proposedAt, proposedBy, corrections }) => [
    h(
      'div',
      {},
      h('div', {}, note),
      h(
        'div',
        { class: 'note' },
        [words().sources[against], proposedBy?.name, momentName(proposedAt)].filter((each) => each != null).join(', '),
      ),
    ),
    h(
      'ul',
      { class: 'trace' },
      ...corrections.map((each) =>
        h('li', {}, `${nameOf(each)}: ${added(each.messages, each.amount.amountMicros, currency)}`),
      ),
    ),
    words().proposalStates[state] ?? state,
    ...(mayManage ? [state === 'DRAFT' ? decisions(id, note, act) : ''] : []),
  ]);
  return h('div', { class: 'comparison' }, h('h3', {}, words().proposals), table(words().proposals, columns, rows));
}

function decisions(id: string, note: string, act: Act): HTMLElement {
  const button = (text: string, mutation: string, done: string) =>
    h(
      'button',
      { type: 'button', 'aria-label': `${text}: ${note}`, click: () => void act(mutation, { id }, done) },
      text,
    );
  return h(
    'div',
    { class: 'buttons' },
    button(words().accept, ACCEPT, words().accepted),
    button(words().discard, DISCARD, words().discarded),
  );
}

function nameOf({ market, category, freeReason }: LineKey): string {
  const type = freeReason === null ? words().charged : (words().freeReasons[freeReason] ?? freeReason);
  return [market ?? words().noMarket, categoryName(category), type].join(' · ');
}

function figures({ messages, amount }: Side, currency: string): HTMLElement {
  const cost = amount === null ? words().costUnknown : money(amount.amountMicros, currency);
  return h('div', {}, h('div', {}, number(messages)), h('div', {}, cost));
}

function added(messages: number, micros: number, currency: string): string {
  const count = words().messages(signed(messages, number), Math.abs(messages) === 1);
  return `${count}, ${signed(micros, (value) => money(value, currency))}`;
}

function explanation({ cause, messages, amount, counterpartId }: Difference, lines: readonly Line[], currency: string) {
  const counterpart = lines.find(({ id }) => id === counterpartId);
  const text = `${words().causeNames[cause] ?? cause}: ${added(messages, amount.amountMicros, currency)}`;
  return counterpart ? `${text} (${words().there}: ${nameOf(counterpart)})` : text;
}
