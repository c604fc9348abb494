import { jobProgressed } from '@fenster/contracts';
import { Jobs } from '@fenster/jobs';

export const JOB_KINDS = ['CONTACT_IMPORT', 'CONTACT_IMPORT_DRY_RUN', 'CONTACT_EXPORT'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export const contactJobs = new Jobs(jobProgressed);
