import { z } from 'zod';
import { id } from './common.js';

/**
 * By what a reply in a conversation is charged, as far as the conversation knows it. The gateway carries it from
 * conversation to billing, which has no conversations; no client sees it.
 */
const replyFacts = z.object({
  channelId: id,
  /** ISO 3166 alpha-2. */
  recipientCountry: z.string().optional(),
  isInWindow: z.boolean(),
  isInEntryPoint: z.boolean(),
});
export type ReplyFacts = z.infer<typeof replyFacts>;

export function writeReplyFacts(facts: ReplyFacts): string {
  return JSON.stringify(facts);
}

/** @throws Error for anything that `writeReplyFacts` did not make. */
export function readReplyFacts(written: string): ReplyFacts {
  return replyFacts.parse(JSON.parse(written));
}
