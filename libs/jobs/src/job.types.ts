import { enumOf } from '@fenster/graphql';
import { JOB_STATES } from './job.js';

export const JobStateEnum = enumOf(JOB_STATES, {
  name: 'JobState',
  description: 'WAITING: for a process to take it up, for the first time or after it broke off.',
});
