import { Jobs } from '@fenster/jobs';

export const JOB_KINDS = ['COST_EXPORT', 'COST_STATEMENT'] as const;
export type CostJobKind = (typeof JOB_KINDS)[number];

/** Nobody is told of their progress: whoever waits for one asks. */
export const costJobs = new Jobs();
