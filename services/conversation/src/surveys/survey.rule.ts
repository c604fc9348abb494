export const DEFAULT_SURVEY_EXPIRES_AFTER_HOURS = 24;
export const MAX_SURVEY_EXPIRES_AFTER_HOURS = 168;
export const MAX_COMMENT_LENGTH = 2_000;

export interface Rating {
  score: number;
  comment: string | null;
}

/** A number from 1 to 5, perhaps out of 5, as an emoji or of stars; then nothing, or words behind a mark or on a line of their own. */
const ANSWER =
  /^([1-5])(?:\uFE0F?\u20E3)?(?:\s?\/\s?5)?(?:\s?(?:sterne?|stars?|⭐️?|★)|[!.])?\s*(?:(?:[,:;–—-]|\n)\s*(\S[\s\S]*))?$/iu;
const STARS = /^(?:⭐️?|★){1,5}$/u;

/**
 * What a customer's text says as the answer to a survey; null if it is something else, which somebody has to read:
 * "3 questions" is no rating.
 */
export function ratingOf(text: string | undefined): Rating | null {
  const said = text?.trim();
  if (!said) return null;
  if (STARS.test(said)) return { score: [...said.replaceAll('\uFE0F', '')].length, comment: null };
  const [, score, words] = ANSWER.exec(said) ?? [];
  if (!score) return null;
  const comment = words?.trim() || null;
  return { score: Number(score), comment: comment && [...comment].slice(0, MAX_COMMENT_LENGTH).join('') };
}

/** Whether a message written then can be the answer: until, but not at, the moment of expiry. */
export function isAwaited(expiresAt: Date | null, sentAt: Date): boolean {
  return expiresAt !== null && sentAt < expiresAt;
}
