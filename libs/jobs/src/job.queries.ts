import { array, matching, sql, type Condition, type Tx } from '@fenster/database';
import { checkPageSize, decodePage, pageOf, type GraphQLContext } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { JOB_COLUMNS, type Job } from './job.js';

export async function findJob(tx: Pick<Tx, 'sql'>, workspaceId: string, id: string): Promise<Job | undefined> {
  const { rows } = await sql<Job>`
    select ${JOB_COLUMNS} from job where workspace_id = ${workspaceId} and id = ${id}
  `.execute(tx.sql);
  return rows[0];
}

/** By id, those of them that the actor may see. One query. */
export async function findJobs(
  ctx: Pick<GraphQLContext, 'database' | 'requireActor'>,
  mayRead: Condition,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Job>> {
  const wanted = ids.filter(isId);
  if (wanted.length === 0) return new Map();
  const rows = await ctx.database.readForTenant(
    ctx.requireActor().workspaceId,
    sql<Job>`
      select ${JOB_COLUMNS} from job where ${matching(mayRead, 'job')} and id = any(${array('uuid', wanted)})
    `,
  );
  return new Map(rows.map((job) => [job.id, job]));
}

/** A page of those that the actor may see, the newest first. */
export async function listJobs(
  ctx: Pick<GraphQLContext, 'database' | 'requireActor'>,
  mayRead: Condition,
  { first, after }: { first: number; after?: string | null | undefined },
): Promise<{ nodes: Job[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const rows = await ctx.database.readForTenant(
    ctx.requireActor().workspaceId,
    sql<Job>`
      select ${JOB_COLUMNS} from job
      where ${matching(mayRead, 'job')} ${position ? sql`and (created_at, id) < (${position.at}, ${position.id})` : sql``}
      order by created_at desc, id desc limit ${size + 1}
    `,
  );
  return pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
}
