import { accessibleWhere, authorize } from '@fenster/auth';
import { array, sql } from '@fenster/database';
import {
  DocumentFormatEnum,
  DocumentLanguageEnum,
  type DocumentFormat,
  type DocumentLanguage,
} from '@fenster/documents';
import { asResult, Authorized, checkPageSize, decodePage, olderThan, pageOf, type BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf, type ContactsContext } from '../context.js';
import { mentionsOf, type Mention } from '../mentions/mentions.js';
import { confirmErasure, planErasure } from './erasure.commands.js';
import { Erasure, type StoredReport } from './erasure.entity.js';
import { reportByService, type ServiceReport } from './erasure-reports.js';
import {
  ConfirmErasureInput,
  ConfirmErasureResult,
  ErasureMentionType,
  ErasurePage,
  ErasureReportType,
  ErasureType,
  PlanErasureInput,
  PlanErasureResult,
} from './erasure.types.js';

@Resolver(() => ErasureType)
export class ErasureResolver {
  @Authorized('erasure:manage')
  @Query(() => ErasureType)
  async erasure(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string): Promise<Erasure> {
    const erasure = isId(id) ? await ctx.em.findOne(Erasure, { id }) : null;
    authorize(abilityOf(ctx), 'read', 'Erasure', erasure);
    return erasure;
  }

  @Authorized('erasure:manage')
  @Query(() => ErasurePage)
  async erasures(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    const size = checkPageSize(first);
    const position = after == null ? undefined : decodePage(after, 'after');
    const rows = await ctx.em.find(
      Erasure,
      { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Erasure'), olderThan('plannedAt', position)] },
      { orderBy: { plannedAt: 'desc', id: 'desc' }, limit: size + 1 },
    );
    return pageOf(rows, size, ({ plannedAt: at, id }) => ({ at, id }));
  }

  @Authorized('erasure:manage')
  @Mutation(() => PlanErasureResult, {
    description:
      'Asks every service what it would erase of a person, and what would stay on which ground. Erases nothing.',
  })
  planErasure(@Ctx() ctx: ContactsContext, @Arg('input', () => PlanErasureInput) input: PlanErasureInput) {
    return asResult(planErasure(ctx, input));
  }

  @Authorized('erasure:manage')
  @Mutation(() => ConfirmErasureResult, {
    description: 'Erases the person everywhere. Cannot be undone. A service that is down does it when it is back.',
  })
  confirmErasure(@Ctx() ctx: ContactsContext, @Arg('input', () => ConfirmErasureInput) input: ConfirmErasureInput) {
    return asResult(confirmErasure(ctx, input));
  }

  @FieldResolver(() => [ErasureReportType], { description: 'What services have, as far as they have counted.' })
  async plan(@Root() { id }: Erasure, @Ctx() ctx: ContactsContext): Promise<ServiceReport[]> {
    return reportByService((await ctx.loader(reportsOf).load(id)) ?? [], ['PLAN']);
  }

  @FieldResolver(() => [ErasureMentionType], {
    description:
      'Before it is confirmed: names of segments, labels of contacts, newsletters, links and campaigns in which the person stands by the whole name, a number, an address or an id that is nobody else’s. Rename what should be called otherwise; what else holds the person at that moment is replaced. Empty once it is confirmed.',
  })
  async mentions(@Root() erasure: Erasure, @Ctx() ctx: ContactsContext): Promise<Mention[]> {
    return erasure.confirmedAt ? [] : ((await ctx.loader(mentionsOfPlans).load(erasure)) ?? []);
  }

  @FieldResolver(() => [ErasureReportType], { description: 'What services have erased so far, and what they keep.' })
  async result(@Root() { id, storedResult }: Erasure, @Ctx() ctx: ContactsContext): Promise<ServiceReport[]> {
    return reportByService(storedResult ?? (await ctx.loader(reportsOf).load(id)) ?? [], ['ROWS', 'LOG']);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'For the person: a signed certificate with counts, what is kept on which ground, and when backups expire. It names nobody. Whoever has the address sees it. Null until it is COMPLETED.',
  })
  certificateUrl(
    @Root() { id, completedAt }: Erasure,
    @Ctx() ctx: ContactsContext,
    @Arg('language', () => DocumentLanguageEnum, { nullable: true, description: 'German unless given.' })
    language?: DocumentLanguage | null,
    @Arg('format', () => DocumentFormatEnum, { nullable: true, description: 'HTML unless given.' })
    format?: DocumentFormat | null,
  ): string | null {
    return completedAt ? ctx.app.certificateUrl(id, { language, format }) : null;
  }
}

/** Whoever sees the plan sees them. */
const mentionsOfPlans: BatchLoad<Erasure, Mention[]> = async (ctx, plans) => {
  const { workspaceId } = ctx.requireActor();
  const mentions = await mentionsOf(
    async (statement) => ({ rows: await ctx.database.readForTenant(workspaceId, statement) }),
    workspaceId,
    plans,
  );
  return new Map(plans.map((plan, index) => [plan, mentions[index]!]));
};

/** Whoever sees the erasure sees its reports. */
export const reportsOf: BatchLoad<string, StoredReport[]> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<StoredReport & { erasureId: string }>`
      select erasure_id as "erasureId", phase, service, report from erasure_report
      where workspace_id = ${workspaceId} and erasure_id = any(${array('uuid', ids)}) order by service, phase
    `,
  );
  return Map.groupBy(rows, ({ erasureId }) => erasureId);
};
