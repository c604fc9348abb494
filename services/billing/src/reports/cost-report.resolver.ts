import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { ChannelReference } from '../allowances/allowance.resolver.js';
import type { BillingContext } from '../context.js';
import { MemberReference } from '../price-books/price-book.types.js';
import { loadCostReport } from './cost-report.query.js';
import {
  CostReport,
  CostReportInput,
  CostReportKey,
  NewsletterReference,
  TeamReference,
  type ReportDimension,
} from './cost-report.types.js';

@Resolver()
export class CostReportResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => CostReport, {
    description: 'Sums of the ledger by any combination of dimensions; what was paid beside what was free.',
  })
  costReport(
    @Ctx() ctx: BillingContext,
    @Arg('input', () => CostReportInput) input: CostReportInput,
  ): Promise<CostReport> {
    return loadCostReport(ctx, input);
  }
}

@Resolver(() => CostReportKey)
export class CostReportKeyResolver {
  @FieldResolver(() => MemberReference, { nullable: true })
  member(@Root() key: CostReportKey): MemberReference | null {
    return named(key, 'MEMBER');
  }

  @FieldResolver(() => TeamReference, { nullable: true })
  team(@Root() key: CostReportKey): TeamReference | null {
    return named(key, 'TEAM');
  }

  @FieldResolver(() => ChannelReference, { nullable: true })
  channel(@Root() key: CostReportKey): ChannelReference | null {
    return named(key, 'CHANNEL');
  }

  @FieldResolver(() => NewsletterReference, { nullable: true })
  newsletter(@Root() key: CostReportKey): NewsletterReference | null {
    return named(key, 'NEWSLETTER');
  }
}

function named({ dimension, value }: CostReportKey, of: ReportDimension): { id: string } | null {
  return dimension === of && value !== null ? { id: value } : null;
}
