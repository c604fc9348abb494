import type { Quota } from '@fenster/auth';
import { DomainError } from '@fenster/runtime';

export function quotaExceeded({ count, per }: Quota, resetsAt: Date): DomainError {
  return new DomainError(
    'QUOTA_EXCEEDED',
    `This API key may do this ${count} times per ${per.toLowerCase()}. Try again at ${resetsAt.toISOString()}.`,
    { details: { resetsAt } },
  );
}
