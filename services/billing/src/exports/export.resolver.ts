import { accessibleWhere } from '@fenster/auth';
import { auditRead } from '@fenster/database';
import { asResult, Authorized } from '@fenster/graphql';
import { fileUrl, findJobs, listJobs, URL_MINUTES, type Job } from '@fenster/jobs';
import { notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf } from '../ability.js';
import type { BillingContext } from '../context.js';
import { MemberReference } from '../price-books/price-book.types.js';
import type { Sights } from './columns.js';
import { cancelExport, fileNameOf, startExport, startStatement } from './export.commands.js';
import {
  CancelCostExportResult,
  CostExport,
  CostExportPage,
  CostExportPeriod,
  StartCostExportInput,
  StartCostExportResult,
  StartCostStatementInput,
  StartCostStatementResult,
} from './export.types.js';

const readable = (ctx: BillingContext) => accessibleWhere(abilityOf(ctx), 'read', 'CostExport');

@Resolver(() => CostExport)
export class CostExportResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => CostExport)
  async costExport(@Ctx() ctx: BillingContext, @Arg('id', () => ID) id: string): Promise<Job> {
    const job = (await findJobs(ctx, readable(ctx), [id])).get(id);
    if (!job) throw notFound('CostExport');
    return job;
  }

  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => CostExportPage)
  costExports(
    @Ctx() ctx: BillingContext,
    @Arg('first', () => Int, { defaultValue: 20, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): ReturnType<typeof listJobs> {
    return listJobs(ctx, readable(ctx), { first, after });
  }

  @Authorized('cost:read', 'conversation:read_all')
  @Mutation(() => StartCostExportResult, {
    description:
      'Writes the ledger of a period into a file: each line with an id that never changes. Contacts and teams are named for those who see them (`contact:read`, `team:read`).',
  })
  startCostExport(@Ctx() ctx: BillingContext, @Arg('input', () => StartCostExportInput) input: StartCostExportInput) {
    return asResult(startExport(ctx, input));
  }

  @Authorized('cost:read', 'conversation:read_all')
  @Mutation(() => StartCostStatementResult, {
    description: 'Writes what a month cost, with charts, as a PDF. Of a closed month it says the same for ever.',
  })
  startCostStatement(
    @Ctx() ctx: BillingContext,
    @Arg('input', () => StartCostStatementInput) input: StartCostStatementInput,
  ) {
    return asResult(startStatement(ctx, input));
  }

  @Authorized('cost:read', 'conversation:read_all')
  @Mutation(() => CancelCostExportResult, {
    description: 'Ends it at its next step, without a file. One that has ended already is not found.',
  })
  cancelCostExport(@Ctx() ctx: BillingContext, @Arg('id', () => ID) id: string) {
    return asResult(cancelExport(ctx, id));
  }

  @FieldResolver(() => CostExportPeriod)
  period(@Root() { settings }: Job): CostExportPeriod {
    return (settings as { period: CostExportPeriod }).period;
  }

  @FieldResolver(() => String)
  fileName(@Root() job: Job): string {
    return fileNameOf(job);
  }

  @FieldResolver(() => MemberReference, { nullable: true })
  createdBy(@Root() { createdByKind, createdById }: Job): MemberReference | null {
    return createdByKind === 'member' ? { id: createdById } : null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: `Where whoever has the URL can download it for ${URL_MINUTES} minutes; ask again then. Null before it is COMPLETED, and for who may not see the contacts or teams that are in it. Files are kept for seven days.`,
  })
  downloadUrl(@Root() job: Job, @Ctx() ctx: BillingContext): string | null {
    const { workspaceId, id: jobId, state, resultFileId } = job;
    if (state !== 'COMPLETED' || resultFileId === null) return null;
    const { withContacts = false, withTeams = false } = job.settings as Partial<Sights>;
    const { permissions } = ctx.requireActor();
    if (withContacts && !permissions.includes('contact:read')) return null;
    if (withTeams && !permissions.includes('team:read')) return null;
    auditRead(ctx, 'cost_export.download', jobId);
    const expiresAt = new Date(ctx.now().getTime() + URL_MINUTES * 60_000);
    return fileUrl(ctx.app, 'file download', { workspaceId, id: resultFileId }, expiresAt);
  }
}
