import { z } from 'zod';

/** Parts of the credentials of several kinds of providers. */

export const baseUrl = z.url({ protocol: /^https?$/ });
export const secret = z.string().min(1).max(1_024);
/** As Meta numbers what it has. */
export const numericId = z.string().regex(/^\d{1,32}$/);
