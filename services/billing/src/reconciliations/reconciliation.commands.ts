import { LockMode } from '@mikro-orm/core';
import { pricingAnalyticsWanted, reconciliationAccepted, type AnalyticsGranularity } from '@fenster/contracts';
import { acrossTenants, once, transact, type Tx } from '@fenster/database';
import { checkText, DomainError, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { insertEntries, OF_NOBODY } from '../charges/insert-entries.js';
import { bookingDay, openFrom, type Entry } from '../charges/standing.js';
import type { BillingContext } from '../context.js';
import { checkMonth } from '../periods/check-month.js';
import { checkOver, closedUntil, lockForClosing } from '../periods/lock-periods.js';
import { fileProblems, requirePerson } from '../price-books/price-book.commands.js';
import { regimeOn, type FreeReason } from '../ratings/regimes.js';
import { comparable, compareMonth, lastDayOf } from './compare-month.js';
import { explainDifferences, keyOf, type Figures } from './explain-differences.rule.js';
import { parseInvoice } from './invoice.js';
import { ImportedInvoice, Reconciliation, type ProposedLine } from './reconciliation.entity.js';
import type { AnalyticsRequest, ImportInvoiceInput, ProposeReconciliationInput } from './reconciliation.types.js';

const MAX_CSV = 1_000_000;
const MAX_NOTE = 500;
/** Prices by the message: before, the provider counted conversations. */
const FIRST_MONTH = '2025-07';

/** @throws DomainError INVALID_INPUT */
export async function requestPricingAnalytics(
  ctx: BillingContext,
  month: string,
  granularity: AnalyticsGranularity,
): Promise<AnalyticsRequest> {
  const { workspaceId } = ctx.requireActor();
  checkComparedMonth(month);
  return transact(ctx, async (tx) => {
    tx.emit(pricingAnalyticsWanted, { entityId: workspaceId, data: { month, granularity } });
    tx.audit({
      action: 'reconciliation.request',
      object: { type: 'reconciliation', id: workspaceId },
      after: { month, source: granularity },
    });
    return { month, granularity };
  });
}

/** @throws DomainError BEYOND_API_KEY, INVALID_INPUT, IDEMPOTENCY_CONFLICT, INVOICE_INVALID with every line at fault */
export async function importInvoice(ctx: BillingContext, input: ImportInvoiceInput): Promise<ImportedInvoice> {
  const { workspaceId, id: importedBy } = requirePerson(ctx);
  const month = checkComparedMonth(input.month);
  const currency = checkCurrency(input.currency);
  const note = checkText(input.note, 'note', { max: MAX_NOTE });
  if (input.csv.length > MAX_CSV) throw invalidInput('csv', `must have at most ${MAX_CSV} characters.`);
  const parsed = parseInvoice(input.csv, lastDayOf(month));
  if (!parsed.ok) throw fileProblems('INVOICE_INVALID', parsed.problems);
  const { version, lines } = parsed.invoice;
  return transact(ctx, async (tx) => {
    const what = { key: input.idempotencyKey, operation: 'importInvoice', input: { version, month, currency, note } };
    const id = await once(tx, what, newId(), async (created) => {
      const importedAt = tx.now();
      const about = { workspaceId, id: created, month, currency, version, note };
      tx.em.create(ImportedInvoice, { ...about, lines, importedBy, importedAt });
      tx.audit({
        action: 'reconciliation.import',
        object: { type: 'reconciliation', id: created },
        after: { month, currency, version },
      });
      await tx.em.flush();
    });
    return tx.em.findOneOrFail(ImportedInvoice, { id });
  });
}

/**
 * Proposes to enter what a source says otherwise: all lines that differ, or some of them.
 * @throws DomainError BEYOND_API_KEY, INVALID_INPUT, IDEMPOTENCY_CONFLICT, PERIOD_NOT_OVER, NOTHING_TO_RECONCILE,
 * COST_UNKNOWN
 */
export async function proposeReconciliation(
  ctx: BillingContext,
  { against, lineIds, idempotencyKey: key, ...input }: ProposeReconciliationInput,
): Promise<Reconciliation> {
  const { workspaceId, id: proposedBy } = requirePerson(ctx);
  const month = checkComparedMonth(input.month);
  const currency = checkCurrency(input.currency);
  const note = checkText(input.note, 'note', { max: MAX_NOTE });
  return transact(ctx, async (tx) => {
    const what = { month, currency, note, against, lineIds };
    const id = await once(tx, { key, operation: 'proposeReconciliation', input: what }, newId(), async (created) => {
      checkOver(month, tx.now());
      const compared = await compareMonth(tx.sql, { workspaceId, month, currency });
      const all = comparable(compared.lines, against);
      const explained = explainDifferences(all);
      const different = all.filter((_, index) => explained[index]!.length > 0);
      const chosen = lineIds ? different.filter((line) => lineIds.includes(line.id)) : different;
      if (lineIds && chosen.length < new Set(lineIds).size) {
        throw invalidInput('lineIds', 'must be lines of this month that differ from this source.');
      }
      if (chosen.length === 0) {
        throw new DomainError('NOTHING_TO_RECONCILE', 'This source says nothing else of this month than the ledger.');
      }
      if (!chosen.every(({ isPriced }) => isPriced)) {
        throw new DomainError('COST_UNKNOWN', 'The provider tells no cost of these messages. Import its invoice.');
      }
      const lines = chosen.map((line): ProposedLine => {
        const { id: lineId, ledger, provider } = line;
        const explanations = explained[all.indexOf(line)]!;
        return { id: lineId, ...keyOf(line), ledger: figuresOf(ledger), provider: figuresOf(provider), explanations };
      });
      const proposedAt = tx.now();
      const about = { workspaceId, id: created, month, currency, against, note, lines };
      const undecided = { decidedBy: null, decidedAt: null };
      tx.em.create(Reconciliation, { ...about, state: 'DRAFT', proposedBy, proposedAt, ...undecided });
      tx.audit({
        action: 'reconciliation.propose',
        object: { type: 'reconciliation', id: created },
        after: { month, currency, source: against, state: 'DRAFT' },
      });
      await tx.em.flush();
    });
    return tx.em.findOneOrFail(Reconciliation, { id });
  });
}

/**
 * Enters the differences that somebody else has proposed: from then on the ledger says of these lines what the provider
 * says. In the month itself, or in the first open one if it is closed.
 * @throws DomainError NOT_FOUND, BEYOND_API_KEY, RECONCILIATION_SECOND_PERSON, RECONCILIATION_DECIDED, RECONCILIATION_OUTDATED
 */
export async function acceptReconciliation(ctx: BillingContext, id: string): Promise<Reconciliation> {
  const { workspaceId, id: decidedBy } = requirePerson(ctx);
  // Seen by the role that sees nothing of other workspaces, before the other one does it: requests do not write in the ledger.
  if (!isId(id) || (await ctx.em.count(Reconciliation, { id })) === 0) throw notFound('Reconciliation');
  return transact(acrossTenants(ctx), async (tx) => {
    const draft = await findDraft(tx, workspaceId, id);
    if (draft.proposedBy === decidedBy) {
      throw new DomainError(
        'RECONCILIATION_SECOND_PERSON',
        'You proposed these corrections. Ask somebody else to check them.',
      );
    }
    // Nothing is entered from here on, so that what is compared is what is corrected.
    await lockForClosing(tx, workspaceId);
    const { month, currency, against, lines } = draft;
    const now = comparable((await compareMonth(tx.sql, { workspaceId, month, currency })).lines, against);
    const isAsProposed = lines.every((line) => {
      const known = now.find((each) => each.id === line.id);
      return known && sameFigures(known.ledger, line.ledger) && sameFigures(known.provider, line.provider);
    });
    if (!isAsProposed) {
      throw new DomainError(
        'RECONCILIATION_OUTDATED',
        'The ledger or the provider says something else by now. Propose the corrections again.',
      );
    }
    const localDate = lastDayOf(month);
    const bookedOn = bookingDay(localDate, openFrom(await closedUntil(tx, workspaceId)));
    const message = { ...OF_NOBODY, workspace_id: workspaceId };
    const rows = lines.map((line, position) => {
      return { message, entry: entryOf(line, draft, { localDate, bookedOn }), version: 1, position };
    });
    await insertEntries(tx, rows);
    Object.assign(draft, { state: 'ACCEPTED', decidedBy, decidedAt: tx.now() });
    auditDecision(tx, 'reconciliation.accept', draft);
    const sum = (figure: 'messages' | 'amountMicros') => rows.reduce((all, { entry }) => all + entry[figure], 0);
    tx.emit(reconciliationAccepted, {
      entityId: id,
      workspaceId,
      data: {
        reconciliationId: id,
        month,
        currency,
        against,
        amountMicros: sum('amountMicros'),
        messages: sum('messages'),
      },
    });
    return draft;
  });
}

/** @throws DomainError NOT_FOUND, RECONCILIATION_DECIDED */
export async function discardReconciliation(ctx: BillingContext, id: string): Promise<Reconciliation> {
  const { workspaceId, id: decidedBy } = ctx.requireActor();
  return transact(ctx, async (tx) => {
    const draft = await findDraft(tx, workspaceId, id);
    Object.assign(draft, { state: 'DISCARDED', decidedBy, decidedAt: tx.now() });
    auditDecision(tx, 'reconciliation.discard', draft);
    return draft;
  });
}

/** @throws DomainError INVALID_INPUT */
export function checkComparedMonth(month: string): string {
  if (checkMonth(month) >= FIRST_MONTH) return month;
  throw invalidInput('month', `must not be before ${FIRST_MONTH}: the provider counted conversations then.`);
}

/** @throws DomainError INVALID_INPUT */
export function checkCurrency(currency: string): string {
  if (/^[A-Z]{3}$/.test(currency)) return currency;
  throw invalidInput('currency', 'must be a currency as in EUR.');
}

/** Locked, so that two people do not decide at once. */
async function findDraft(tx: Tx, workspaceId: string, id: string): Promise<Reconciliation> {
  const draft = isId(id)
    ? await tx.em.findOne(Reconciliation, { workspaceId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    : null;
  if (!draft) throw notFound('Reconciliation');
  if (draft.state !== 'DRAFT') {
    throw new DomainError('RECONCILIATION_DECIDED', 'These corrections were accepted or discarded already.');
  }
  return draft;
}

function auditDecision(
  tx: Tx,
  action: 'reconciliation.accept' | 'reconciliation.discard',
  draft: Reconciliation,
): void {
  const { workspaceId, id, state, month, currency, against: source } = draft;
  tx.audit({
    action,
    workspaceId,
    object: { type: 'reconciliation', id },
    before: { month, currency, source, state: 'DRAFT' },
    after: { month, currency, source, state },
  });
}

function entryOf(
  { ledger, provider, explanations, market, category, freeReason }: ProposedLine,
  { id, against, currency }: Reconciliation,
  days: { localDate: string; bookedOn: string },
): Entry {
  return {
    id: newId(),
    state: 'RECONCILED',
    line: 'MESSAGE',
    currency,
    category,
    market,
    freeReason: freeReason as FreeReason | null,
    ...days,
    amountMicros: provider.amountMicros - ledger.amountMicros,
    messages: provider.messages - ledger.messages,
    expectedMicros: 0,
    expectedMessages: 0,
    reverses: null,
    unit: 'message',
    regime: regimeOn(days.localDate).id,
    priceBookVersion: null,
    rateLine: null,
    trace: [
      { fact: 'reconciliation', value: id },
      { fact: 'against', value: against },
      { fact: 'provider.messages', value: provider.messages },
      { fact: 'provider.micros', value: provider.amountMicros },
      { fact: 'ledger.messages', value: ledger.messages },
      { fact: 'ledger.micros', value: ledger.amountMicros },
      ...explanations.map(({ cause, messages, amountMicros }) => ({
        fact: `cause.${cause}`,
        value: `${messages} messages, ${amountMicros} micros`,
      })),
    ],
  };
}

function figuresOf({ messages, amountMicros }: Figures): Figures {
  return { messages, amountMicros };
}

function sameFigures(a: Figures, b: Figures): boolean {
  return a.messages === b.messages && a.amountMicros === b.amountMicros;
}
