import { accessibleWhere } from '@fenster/auth';
import { retentionClass } from '@fenster/contracts';
import { array, sql } from '@fenster/database';
import { asResult, Authorized, checkPageSize, decodePage, olderThan, pageOf, type BatchLoad } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { RETENTION_BOUNDS } from './retention-rule.rule.js';
import { pauseRetention, resumeRetention, setRetentionRule, startRetentionRun } from './retention.commands.js';
import { RetentionPause, RetentionRule, RetentionRun, type StoredRetentionReport } from './retention.entity.js';
import {
  PauseRetentionResult,
  ResumeRetentionResult,
  RetentionCountType,
  RetentionCutoff,
  RetentionPauseType,
  RetentionReport,
  RetentionRuleType,
  RetentionRunPage,
  RetentionRunType,
  SetRetentionRuleInput,
  SetRetentionRuleResult,
  StartRetentionRunInput,
  StartRetentionRunResult,
} from './retention.types.js';

@Resolver()
export class RetentionResolver {
  @Authorized('retention:manage')
  @Query(() => [RetentionRuleType], {
    description:
      'One for each class. Raw webhooks (`WEBHOOK_RETENTION_DAYS`) and the files of imports and exports end by themselves; charges and the proof of consent stay.',
  })
  async retentionRules(@Ctx() ctx: ContactsContext): Promise<RetentionRuleType[]> {
    const rules = await ctx.em.find(RetentionRule, accessibleWhere(abilityOf(ctx), 'read', 'RetentionRule'));
    return retentionClass.options.map((dataClass) => {
      const rule = rules.find((each) => each.retentionClass === dataClass);
      return {
        dataClass,
        months: rule?.months ?? null,
        ...RETENTION_BOUNDS[dataClass],
        setAt: rule?.setAt ?? null,
        setBy: rule?.setByKind === 'member' && rule.setById != null ? { id: rule.setById } : null,
      };
    });
  }

  @Authorized('retention:manage')
  @Query(() => RetentionPauseType, { nullable: true, description: 'Null unless somebody paused retention.' })
  retentionPause(@Ctx() ctx: ContactsContext): Promise<RetentionPause | null> {
    return ctx.em.findOne(RetentionPause, accessibleWhere(abilityOf(ctx), 'read', 'RetentionPause'));
  }

  @Authorized('retention:manage')
  @Mutation(() => SetRetentionRuleResult, {
    description:
      'From the next run on, which is within a day: see `startRetentionRun` for what would go. A run that is under way stops.',
  })
  setRetentionRule(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => SetRetentionRuleInput) input: SetRetentionRuleInput,
  ) {
    return asResult(
      setRetentionRule(ctx, input).then(async () => {
        const rules = await this.retentionRules(ctx);
        return rules.find(({ dataClass }) => dataClass === input.dataClass)!;
      }),
    );
  }

  @Authorized('retention:manage')
  @Mutation(() => PauseRetentionResult, {
    description:
      'The kill switch: nothing is removed from now on, whatever the rules say. A run that is under way stops; it is STOPPED when every service has said so.',
  })
  pauseRetention(
    @Ctx() ctx: ContactsContext,
    @Arg('reason', () => String, { description: '1 to 500 characters. It is in the audit log.' }) reason: string,
  ) {
    return asResult(pauseRetention(ctx, reason));
  }

  @Authorized('retention:manage')
  @Mutation(() => ResumeRetentionResult)
  resumeRetention(
    @Ctx() ctx: ContactsContext,
    @Arg('reason', () => String, { description: '1 to 500 characters. It is in the audit log.' }) reason: string,
  ) {
    return asResult(resumeRetention(ctx, reason).then(() => ({ resumedAt: ctx.now() })));
  }

  @Authorized('retention:manage')
  @Mutation(() => StartRetentionRunResult, {
    description:
      'Runs begin by themselves once a day. A dry run tells what one would remove now; what it says is complete when it has ended.',
  })
  startRetentionRun(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => StartRetentionRunInput) input: StartRetentionRunInput,
  ) {
    return asResult(startRetentionRun(ctx, input));
  }
}

@Resolver(() => RetentionRunType)
export class RetentionRunResolver {
  @Authorized('retention:manage')
  @Query(() => RetentionRunPage, { description: 'Runs and dry runs: when, by which rules, and what went.' })
  async retentionRuns(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 20, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    const size = checkPageSize(first);
    const position = after == null ? undefined : decodePage(after, 'after');
    const rows = await ctx.em.find(
      RetentionRun,
      { $and: [accessibleWhere(abilityOf(ctx), 'read', 'RetentionRun'), olderThan('startedAt', position)] },
      { orderBy: { startedAt: 'desc', id: 'desc' }, limit: size + 1 },
    );
    return pageOf(rows, size, ({ startedAt: at, id }) => ({ at, id }));
  }

  @FieldResolver(() => MemberReference, { nullable: true, description: 'Null if it began by itself.' })
  startedBy(@Root() { startedByKind, startedById }: RetentionRun): MemberReference | null {
    return startedByKind === 'member' && startedById != null ? { id: startedById } : null;
  }

  @FieldResolver(() => [RetentionCutoff])
  rules(@Root() { rules }: RetentionRun): RetentionCutoff[] {
    return rules.map(({ retentionClass: dataClass, months, before }) => ({
      dataClass,
      months,
      before: new Date(before),
    }));
  }

  @FieldResolver(() => [RetentionReport], { description: 'Of the services that are done with it.' })
  async reports(@Root() { id }: RetentionRun, @Ctx() ctx: ContactsContext): Promise<RetentionReport[]> {
    return (await ctx.loader(reportsOfRuns).load(id)) ?? [];
  }

  @FieldResolver(() => [RetentionCountType], {
    description: 'Of the services that are done with it; what is none is left out.',
  })
  async counts(@Root() { id }: RetentionRun, @Ctx() ctx: ContactsContext): Promise<RetentionCountType[]> {
    const reports = (await ctx.loader(reportsOfRuns).load(id)) ?? [];
    return reports.flatMap(({ service, counts }) =>
      counts.map(({ retentionClass: dataClass, what, count }) => ({ service, dataClass, what, count })),
    );
  }
}

/** Whoever sees the run sees its reports. */
const reportsOfRuns: BatchLoad<string, StoredRetentionReport[]> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<StoredRetentionReport & { runId: string }>`
      select run_id as "runId", service, outcome, counts from retention_report
      where workspace_id = ${workspaceId} and run_id = any(${array('uuid', ids)}) order by service
    `,
  );
  return Map.groupBy(rows, ({ runId }) => runId);
};
