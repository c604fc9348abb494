import { z } from 'zod';
import { id } from './common.js';

/**
 * By what a newsletter is charged, as far as contacts knows it. The gateway carries it from contacts to billing, which has
 * no segments; no client sees it.
 */
const newsletterFacts = z.object({
  channelId: id,
  /** To how many in which country, ISO 3166 alpha-2; null where nobody knows. */
  recipients: z.array(z.object({ country: z.string().nullable(), count: z.int().positive() })).max(500),
});
export type NewsletterFacts = z.infer<typeof newsletterFacts>;

export function writeNewsletterFacts(facts: NewsletterFacts): string {
  return JSON.stringify(facts);
}

/** @throws Error for anything that `writeNewsletterFacts` did not make. */
export function readNewsletterFacts(written: string): NewsletterFacts {
  return newsletterFacts.parse(JSON.parse(written));
}
