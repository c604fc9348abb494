import { canonicalTimeZone } from '@fenster/runtime';
import { z } from 'zod';

export const timeZoneName = z.string().transform((name, check) => {
  const zone = canonicalTimeZone(name);
  if (zone !== undefined) return zone;
  check.addIssue({ code: 'custom', message: 'is not a time zone' });
  return z.NEVER;
});
