import { accessibleWhere } from '@fenster/auth';
import type { BatchLoad } from '@fenster/graphql';
import { findJobs, type Job } from '@fenster/jobs';
import { abilityOf } from '../context.js';

/** Those that the actor may see. One query. */
export const jobsById: BatchLoad<string, Job> = async (ctx, ids) =>
  abilityOf(ctx).can('read', 'Job') ? findJobs(ctx, accessibleWhere(abilityOf(ctx), 'read', 'Job'), ids) : new Map();
