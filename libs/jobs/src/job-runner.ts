import type { Ctx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import {
  JobFailedError,
  JobLostError,
  type ClaimedJob,
  type JobDefinition,
  type JobRun,
  type Jobs,
  type Step,
} from './job.js';

export interface JobRunnerOptions {
  jobs: Jobs;
  /** For work across tenants. */
  ctx: Ctx;
  definitions: readonly JobDefinition[];
  /** How many jobs at a time. */
  concurrency: number;
  /** Finds what other processes queued or left behind. */
  pollMs: number;
}

const RETRY_MS = 1_000;

/** Does jobs of all kinds. Any number of processes may do so at once: a job is one's at a time, until its lease is over. */
export function createJobRunner({ jobs, ctx, definitions, concurrency, pollMs }: JobRunnerOptions): Poller {
  const inFlight = new Set<Promise<void>>();
  const stopping = new AbortController();
  const kinds = definitions.flatMap((definition) => definition.kinds);

  const poller = createPoller({
    name: 'taking up jobs',
    everyMs: pollMs,
    log: ctx.log,
    async work(isStopped) {
      const free = concurrency - inFlight.size;
      if (free === 0 || isStopped()) return;
      for (const job of await jobs.claim(ctx, free, kinds)) {
        const running = runOne(job).finally(() => {
          inFlight.delete(running);
          poller.wake();
        });
        inFlight.add(running);
      }
    },
  });

  async function runOne(job: ClaimedJob): Promise<void> {
    const { workspaceId, id, kind, createdByKind, createdById } = job;
    const origin = { actor: { kind: createdByKind, id: createdById }, correlationId: id } as const;
    const own: Ctx = { ...ctx, workspaceId, origin };
    const definition = definitions.find((each) => each.kinds.includes(kind))!;
    let last: Step = { position: job.position };
    const run: JobRun = {
      job,
      ctx: own,
      signal: stopping.signal,
      commit: (work) =>
        jobs.commitStep(own, job, async (tx) => {
          stopping.signal.throwIfAborted();
          last = await work(tx);
          return last;
        }),
    };
    const stay = async () => ({ position: last.position });
    try {
      await definition.run(run as JobRun<never>);
      await jobs.commitStep(own, job, stay, { state: 'COMPLETED' });
    } catch (error) {
      if (error instanceof JobLostError) return;
      try {
        if (error instanceof JobFailedError) {
          await jobs.commitStep(own, job, stay, { state: 'FAILED', failure: error.failure });
          return;
        }
        const isBroken = !stopping.signal.aborted;
        if (isBroken) ctx.log.warn({ err: error, jobId: id, kind }, 'a job broke off, and will be taken up again');
        await jobs.release(own, job, { afterMs: isBroken ? RETRY_MS : 0, isBroken });
      } catch (again) {
        // Its lease ends, and then somebody takes it up.
        if (!(again instanceof JobLostError)) ctx.log.warn({ err: again, jobId: id }, 'a job cannot be released');
      }
    }
  }

  return {
    start: poller.start,
    wake: poller.wake,
    async stop() {
      stopping.abort();
      await poller.stop();
      await Promise.all(inFlight);
    },
  };
}
