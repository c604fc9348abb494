import type { Permission } from '@fenster/auth';

/** How many open conversations somebody is given who was not set another number. */
export const DEFAULT_CAPACITY = 5;
export const MAX_CAPACITY = 500;
/** A week. */
export const MAX_RETURNING_MINUTES = 7 * 24 * 60;

/** What somebody needs to be given conversations by a rule: they have to be able to answer. */
export const ROUTED_PERMISSIONS: readonly Permission[] = ['conversation:read', 'message:read', 'message:send'];
