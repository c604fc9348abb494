import type { AnalyticsGranularity } from '@fenster/contracts';
import { transact } from '@fenster/database';
import { asResult, Authorized, checkPageSize } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { money } from '../charges/charge.resolver.js';
import type { BillingContext } from '../context.js';
import { MemberReference } from '../price-books/price-book.types.js';
import { comparable, compareMonth, SOURCES, type MonthLine, type ProviderLine, type Source } from './compare-month.js';
import { compareVolumeTiers } from '../volume-tiers/compare-volume-tiers.js';
import { explainDifferences, lineId, type Explanation } from './explain-differences.rule.js';
import {
  acceptReconciliation,
  checkComparedMonth,
  checkCurrency,
  discardReconciliation,
  importInvoice,
  proposeReconciliation,
  requestPricingAnalytics,
} from './reconciliation.commands.js';
import { ImportedInvoice, Reconciliation } from './reconciliation.entity.js';
import {
  AcceptReconciliationResult,
  AnalyticsGranularityEnum,
  DiscardReconciliationResult,
  ImportInvoiceInput,
  ImportInvoiceResult,
  InvoiceType,
  ProposedCorrection,
  ProposeReconciliationInput,
  ProposeReconciliationResult,
  ReconciliationPage,
  ReconciliationReport,
  ReconciliationType,
  RequestPricingAnalyticsResult,
  type LineDifference,
  type ReconciledFigures,
} from './reconciliation.types.js';

const MONTH = { description: '`YYYY-MM`, from 2025-07 on.' };
const CURRENCY = { description: 'ISO 4217. Nothing is converted.' };

@Resolver(() => ReconciliationReport)
export class ReconciliationReportResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => ReconciliationReport, {
    description:
      'A month on three sides: our ledger, what the provider counted, what it has charged. Each difference has its causes.',
  })
  async reconciliationReport(
    @Arg('month', () => String, MONTH) month: string,
    @Arg('currency', () => String, CURRENCY) currency: string,
    @Ctx() ctx: BillingContext,
  ): Promise<object> {
    const place = {
      workspaceId: ctx.requireActor().workspaceId,
      month: checkComparedMonth(month),
      currency: checkCurrency(currency),
    };
    const [{ lines, readings, invoiceId }, volumeTiers] = await transact(ctx, async (tx) => [
      await compareMonth(tx.sql, place),
      await compareVolumeTiers(tx.sql, place),
    ]);
    const differences = differencesOf(lines, currency);
    return {
      month,
      currency,
      readings,
      volumeTiers,
      invoice: invoiceId === undefined ? null : await ctx.em.findOne(ImportedInvoice, { id: invoiceId }),
      lines: lines.map(({ id, market, category, freeReason, ledger, analytics, invoice }) => ({
        id,
        market,
        category,
        freeReason,
        ledger: shown(ledger, currency),
        analytics: analytics ? shown(analytics, currency) : null,
        invoice: invoice ? shown(invoice, currency) : null,
        differences: differences.get(id) ?? [],
      })),
    };
  }
}

@Resolver(() => ReconciliationType)
export class ReconciliationResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => ReconciliationPage, { description: 'What was proposed, the latest first.' })
  async reconciliations(
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() ctx: BillingContext,
  ): Promise<{ nodes: Reconciliation[]; nextPage: string | null }> {
    checkPageSize(first);
    if (after != null && !isId(after)) throw invalidInput('after', 'is not a position that this API handed out.');
    // Ids are in the order of time.
    const where = after == null ? {} : { id: { $lt: after } };
    const found = await ctx.em.find(Reconciliation, where, { orderBy: { id: 'desc' }, limit: first + 1 });
    const nodes = found.slice(0, first);
    return { nodes, nextPage: found.length > first ? nodes.at(-1)!.id : null };
  }

  @Authorized('cost:manage')
  @Mutation(() => RequestPricingAnalyticsResult, {
    description:
      'Reads what the provider counted in a month, for all accounts. Days are read by themselves, daily: of the month that is, and of the one before until its eighth day is over. It replaces what was read before; see `ReconciliationReport.readings`.',
  })
  requestPricingAnalytics(
    @Arg('month', () => String, MONTH) month: string,
    @Arg('granularity', () => AnalyticsGranularityEnum) granularity: AnalyticsGranularity,
    @Ctx() ctx: BillingContext,
  ) {
    return asResult(requestPricingAnalytics(ctx, month, granularity));
  }

  @Authorized('cost:manage')
  @Mutation(() => ImportInvoiceResult, {
    description: 'What the provider has charged in a month. Takes the place of what was imported of it before.',
  })
  importInvoice(@Arg('input', () => ImportInvoiceInput) input: ImportInvoiceInput, @Ctx() ctx: BillingContext) {
    return asResult(importInvoice(ctx, input));
  }

  @Authorized('cost:manage')
  @Mutation(() => ProposeReconciliationResult, {
    description: 'Proposes corrections that make the ledger say of a month what a source says. Nothing is entered yet.',
  })
  proposeReconciliation(
    @Arg('input', () => ProposeReconciliationInput) input: ProposeReconciliationInput,
    @Ctx() ctx: BillingContext,
  ) {
    return asResult(proposeReconciliation(ctx, input));
  }

  @Authorized('cost:manage')
  @Mutation(() => AcceptReconciliationResult, {
    description:
      'Enters what somebody else has proposed: one RECONCILED entry for each line, in the month itself, or in the first open one if it is closed.',
  })
  acceptReconciliation(@Arg('id', () => ID) id: string, @Ctx() ctx: BillingContext) {
    return asResult(acceptReconciliation(ctx, id));
  }

  @Authorized('cost:manage')
  @Mutation(() => DiscardReconciliationResult, { description: 'Whoever proposed it can do so too.' })
  discardReconciliation(@Arg('id', () => ID) id: string, @Ctx() ctx: BillingContext) {
    return asResult(discardReconciliation(ctx, id));
  }

  @FieldResolver(() => [ProposedCorrection])
  corrections(@Root() { lines, currency, against }: Reconciliation): ProposedCorrection[] {
    return lines.map(({ id, market, category, freeReason, ledger, provider, explanations }) => ({
      lineId: id,
      market,
      category,
      freeReason,
      messages: provider.messages - ledger.messages,
      amount: money(provider.amountMicros - ledger.amountMicros, currency),
      differences: explanations.map((each) => toDifference(each, { against, currency })),
    }));
  }

  @FieldResolver(() => MemberReference)
  proposedBy(@Root() { proposedBy }: Reconciliation): MemberReference {
    return { id: proposedBy };
  }

  @FieldResolver(() => MemberReference, { nullable: true })
  decidedBy(@Root() { decidedBy }: Reconciliation): MemberReference | null {
    return decidedBy == null ? null : { id: decidedBy };
  }
}

@Resolver(() => InvoiceType)
export class InvoiceResolver {
  @FieldResolver(() => MemberReference)
  importedBy(@Root() { importedBy }: ImportedInvoice): MemberReference {
    return { id: importedBy };
  }
}

function differencesOf(lines: readonly MonthLine[], currency: string): Map<string, LineDifference[]> {
  const found = new Map<string, LineDifference[]>();
  for (const against of SOURCES) {
    const compared = comparable(lines, against);
    explainDifferences(compared).forEach((explanations, index) => {
      const { id } = compared[index]!;
      const all = found.get(id) ?? [];
      all.push(...explanations.map((each) => toDifference(each, { against, currency })));
      found.set(id, all);
    });
  }
  return found;
}

function toDifference(
  { cause, messages, amountMicros, counterpart }: Explanation,
  { against, currency }: { against: Source; currency: string },
): LineDifference {
  const counterpartId = counterpart ? lineId(counterpart) : null;
  return { against, cause, messages, amount: money(amountMicros, currency), counterpartId };
}

function shown(
  { messages, amountMicros }: Pick<ProviderLine, 'messages' | 'amountMicros'>,
  currency: string,
): ReconciledFigures {
  return { messages, amount: amountMicros === null ? null : money(amountMicros, currency) };
}
