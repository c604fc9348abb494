import { accessibleWhere } from '@fenster/auth';
import { auditRead, transact } from '@fenster/database';
import { asResult, Authorized } from '@fenster/graphql';
import { fileUrl, listJobs, URL_MINUTES, type Job } from '@fenster/jobs';
import { isId, notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import { abilityOf, type ContactsContext } from '../context.js';
import type { ExportSettings } from '../exports/export.job.js';
import { contactJobs } from './contact-jobs.js';
import { jobsById } from './job.queries.js';
import { CancelJobResult, JobCount, JobPage, JobProgressed, JobType } from './job.types.js';

@Resolver(() => JobType)
export class JobResolver {
  @Authorized('contact:manage')
  @Query(() => JobType)
  async job(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string): Promise<Job> {
    const job = await ctx.loader(jobsById).load(id);
    if (!job) throw notFound('Job');
    return job;
  }

  @Authorized('contact:manage')
  @Query(() => JobPage, { description: 'Imports and exports, the newest first.' })
  jobs(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 20, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): ReturnType<typeof listJobs> {
    return listJobs(ctx, accessibleWhere(abilityOf(ctx), 'read', 'Job'), { first, after });
  }

  @Authorized('contact:manage')
  @Mutation(() => CancelJobResult, {
    description: 'Ends it at its next step; what it has done stays. One that has ended already is not found.',
  })
  cancelJob(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(cancel(ctx, id));
  }

  @FieldResolver(() => [JobCount], { description: 'Of an import, how many rows came to what.' })
  counts(@Root() { counts }: Job): JobCount[] {
    return Object.entries(counts).map(([name, count]) => ({ name, count }));
  }

  @FieldResolver(() => MemberReference, { nullable: true })
  createdBy(@Root() { createdByKind, createdById }: Job): MemberReference | null {
    return createdByKind === 'member' ? { id: createdById } : null;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: `Of an export that is COMPLETED: where whoever has the URL can download it for ${URL_MINUTES} minutes; ask again then. Files are kept for seven days. Null for who may not see the numbers that are in it (contact:read_phone).`,
  })
  downloadUrl(@Root() job: Job, @Ctx() ctx: ContactsContext): string | null {
    const { workspaceId, id: jobId, state, resultFileId } = job;
    if (state !== 'COMPLETED' || resultFileId === null) return null;
    const { withAddresses } = job.settings as ExportSettings;
    if (withAddresses && !ctx.requireActor().permissions.includes('contact:read_phone')) return null;
    auditRead(ctx, 'contact_export.download', jobId);
    const expiresAt = new Date(ctx.now().getTime() + URL_MINUTES * 60_000);
    return fileUrl(ctx.app, 'file download', { workspaceId, id: resultFileId }, expiresAt);
  }
}

@Resolver(() => JobProgressed)
export class JobProgressedResolver {
  @FieldResolver(() => JobType, { nullable: true })
  async job(@Root() { jobId }: JobProgressed, @Ctx() ctx: ContactsContext): Promise<Job | null> {
    return (await ctx.loader(jobsById).load(jobId)) ?? null;
  }
}

async function cancel(ctx: ContactsContext, id: string): Promise<Job> {
  const { workspaceId } = ctx.requireActor();
  const job = isId(id) ? await transact(ctx, (tx) => contactJobs.cancel(tx, workspaceId, id)) : undefined;
  if (!job) throw notFound('Job');
  return job;
}
