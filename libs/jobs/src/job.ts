import type { jobProgressed } from '@fenster/contracts';
import { once, sql, transact, type Ctx, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';

export const JOB_STATES = ['WAITING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Long work that somebody asked for. */
export interface Job<Settings = unknown> {
  workspaceId: string;
  id: string;
  /** A word of the service whose work it is: `CONTACT_IMPORT`. */
  kind: string;
  state: JobState;
  settings: Settings;
  /** How much of it is done for good. */
  position: number;
  total: number | null;
  counts: Record<string, number>;
  failure: string | null;
  fileId: string | null;
  resultFileId: string | null;
  createdByKind: 'member' | 'api_key' | 'system';
  createdById: string;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

export const JOB_COLUMNS = sql`job.workspace_id as "workspaceId", job.id, job.kind, job.state, job.settings,
  job.position::float8 as position, job.total::float8 as total, job.counts, job.failure, job.file_id as "fileId",
  job.result_file_id as "resultFileId", job.created_by_kind as "createdByKind", job.created_by_id as "createdById",
  job.created_at as "createdAt", job.started_at as "startedAt", job.ended_at as "endedAt"`;

/** What a step leaves behind. */
export interface Step {
  position: number;
  total?: number | null;
  /** Added to what there is. */
  counts?: Readonly<Record<string, number>>;
}

/** What a kind of work gets to do one job. */
export interface JobRun<Settings = unknown> {
  readonly job: Job<Settings>;
  /** Of the job's workspace and of who asked for it. */
  readonly ctx: Ctx;
  /** Aborts when the process stops. */
  readonly signal: AbortSignal;
  /**
   * The one way of a job to have an effect: with it goes, in one transaction, how far the job is. So whoever takes it up
   * after a crash goes on exactly there. @throws JobLostError if the job was cancelled, or is somebody else's by now
   */
  commit(work: (tx: Tx) => Promise<Step>): Promise<void>;
}

export interface JobDefinition {
  readonly kinds: readonly string[];
  /** Resolves when all is done. @throws JobFailedError if trying again would be of no use */
  run(run: JobRun<never>): Promise<void>;
}

/** It was cancelled, or another process has taken it up. */
export class JobLostError extends Error {
  override readonly name = 'JobLostError';
}

/** For people: the word says why, and is shown. */
export class JobFailedError extends Error {
  override readonly name = 'JobFailedError';

  constructor(readonly failure: string) {
    super(failure);
  }
}

/** One that a process works on. */
export type ClaimedJob = Job & { claim: string };

const LEASE_MS = 60_000;
const MAX_ATTEMPTS = 5;

/** The jobs of a service, in the tables of `jobTables`. `progressed` is told at each step of each, if there is one. */
export class Jobs {
  constructor(private readonly progressed?: typeof jobProgressed) {}

  /** Queues work once per key; some runner takes it up. Returns the job's id. */
  async create(
    tx: Tx,
    {
      key,
      kind,
      settings,
      fileId,
      resultFileId,
    }: {
      key: string;
      kind: string;
      settings: object;
      fileId?: string;
      resultFileId?: (jobId: string) => Promise<string>;
    },
  ): Promise<string> {
    const request = { key, operation: `start ${kind}`, input: { settings, fileId } };
    return once(tx, request, newId(), async (id) => {
      const { actor } = tx.origin;
      const now = tx.now();
      await sql`
        insert into job (workspace_id, id, kind, state, settings, file_id, result_file_id, created_by_kind, created_by_id,
          created_at, due_at)
        values (${tx.workspaceId}, ${id}, ${kind}, 'WAITING', ${JSON.stringify(settings)}::jsonb, ${fileId ?? null},
          ${(await resultFileId?.(id)) ?? null}, ${actor.kind}, ${actor.id ?? null}, ${now}, ${now})
      `.execute(tx.sql);
      this.#tell(tx, { id, kind, state: 'WAITING' });
    });
  }

  #tell(tx: Tx, { workspaceId, id, kind, state }: Pick<Job, 'id' | 'kind' | 'state'> & { workspaceId?: string }): void {
    if (!this.progressed) return;
    tx.emit(this.progressed, { ...(workspaceId && { workspaceId }), entityId: id, data: { jobId: id, kind, state } });
  }

  /** Whoever works on it finds out at its next step. Undefined if there is none that has not ended. */
  async cancel(tx: Tx, workspaceId: string, id: string): Promise<Job | undefined> {
    const { rows } = await sql<Job>`
      update job set state = 'CANCELLED', ended_at = ${tx.now()}, due_at = null, claim = null
      where workspace_id = ${workspaceId} and id = ${id} and state in ('WAITING', 'RUNNING') returning ${JOB_COLUMNS}
    `.execute(tx.sql);
    if (rows[0]) this.#tell(tx, rows[0]);
    return rows[0];
  }

  /** Takes up to `count` jobs that nobody works on; those whose processes died time after time have failed. For work across tenants. */
  async claim(ctx: Ctx, count: number, kinds: readonly string[]): Promise<ClaimedJob[]> {
    return transact(ctx, async (tx) => {
      const now = tx.now();
      const isSpent = sql`attempts >= ${MAX_ATTEMPTS}`;
      const { rows } = await sql<ClaimedJob>`
        update job set
          state = case when ${isSpent} then 'FAILED' else 'RUNNING' end,
          failure = case when ${isSpent} then 'INTERNAL' else failure end,
          ended_at = case when ${isSpent} then ${now}::timestamptz end,
          claim = case when ${isSpent} then null else gen_random_uuid() end,
          attempts = case when ${isSpent} then attempts else attempts + 1 end,
          started_at = coalesce(started_at, ${now}),
          due_at = case when ${isSpent} then null else ${new Date(now.getTime() + LEASE_MS)}::timestamptz end
        where (workspace_id, id) in (
          select workspace_id, id from job where due_at <= ${now} and kind = any(${[...kinds]}::text[])
          order by due_at limit ${count} for update skip locked
        )
        returning ${JOB_COLUMNS}, job.claim
      `.execute(tx.sql);
      const spent = rows.filter(({ state }) => state === 'FAILED');
      for (const job of spent) this.#tell(tx, job);
      return rows.filter((job) => !spent.includes(job));
    });
  }

  /** @throws JobLostError */
  async commitStep(
    ctx: Ctx,
    { workspaceId, id, kind, claim }: Pick<ClaimedJob, 'workspaceId' | 'id' | 'kind' | 'claim'>,
    work: (tx: Tx) => Promise<Step>,
    ended?: { state: 'COMPLETED' } | { state: 'FAILED'; failure: string },
  ): Promise<void> {
    await transact(ctx, async (tx) => {
      const { rows: mine } = await sql<Pick<Job, 'counts' | 'position'>>`
        select counts, position::float8 as position from job
        where workspace_id = ${workspaceId} and id = ${id} and claim = ${claim} for no key update
      `.execute(tx.sql);
      if (!mine[0]) throw new JobLostError();
      const { position, total, counts: more = {} } = await work(tx);
      const counts = { ...mine[0].counts };
      for (const [name, count] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + count;
      const now = tx.now();
      await sql`
        update job set position = ${position}, counts = ${JSON.stringify(counts)}::jsonb, attempts = 1
          ${total === undefined ? sql`` : sql`, total = ${total}`}
          ${
            ended
              ? sql`, state = ${ended.state}, failure = ${'failure' in ended ? ended.failure : null}, ended_at = ${now},
                  claim = null, due_at = null`
              : sql`, due_at = ${new Date(now.getTime() + LEASE_MS)}`
          }
        where workspace_id = ${workspaceId} and id = ${id}
      `.execute(tx.sql);
      this.#tell(tx, { id, kind, state: ended?.state ?? 'RUNNING' });
    });
  }

  /** Somebody else, or this process again, goes on where it is; after some attempts without a step it has failed. */
  async release(
    ctx: Ctx,
    job: ClaimedJob,
    { afterMs, isBroken }: { afterMs: number; isBroken: boolean },
  ): Promise<void> {
    await transact(ctx, async (tx) => {
      const { workspaceId, id, kind, claim } = job;
      const now = tx.now();
      const due = new Date(now.getTime() + afterMs);
      const { rows } = await sql<{ state: JobState }>`
        update job set claim = null,
          attempts = case when ${isBroken} then attempts else 0 end,
          state = case when ${isBroken} and attempts >= ${MAX_ATTEMPTS} then 'FAILED' else 'WAITING' end,
          failure = case when ${isBroken} and attempts >= ${MAX_ATTEMPTS} then 'INTERNAL' end,
          ended_at = case when ${isBroken} and attempts >= ${MAX_ATTEMPTS} then ${now}::timestamptz end,
          due_at = case when ${isBroken} and attempts >= ${MAX_ATTEMPTS} then null else ${due}::timestamptz end
        where workspace_id = ${workspaceId} and id = ${id} and claim = ${claim} returning state
      `.execute(tx.sql);
      if (rows[0]?.state === 'FAILED') this.#tell(tx, { id, kind, state: 'FAILED' });
    });
  }
}
