import type { ConsentState, PurposeKind } from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';

/** So long a request may be answered. */
export const REQUEST_LASTS_DAYS = 7;
/** Whoever does not answer is asked no more than so often in so many days. */
export const MAX_REQUESTS = 2;
export const REQUESTS_WITHIN_DAYS = 180;
/** Nor is who asks to be asked, by whatever forms. */
export const MAX_WISHED_REQUESTS = 5;

const DAY_MS = 86_400_000;

export const NOT_ASKABLE = [
  'NO_CONSENT_NEEDED',
  'AGREED_ALREADY',
  'SAID_NO',
  'STOPPED_IN_WHATSAPP',
  'QUESTION_OPEN',
  'ASKED_TOO_OFTEN',
  'SIGN_UP_NEEDED',
  'SIGN_UP_USED',
] as const;
export type NotAskable = (typeof NOT_ASKABLE)[number];

export interface AskFacts {
  purpose: string;
  purposeKind: PurposeKind;
  /** Where the consent of the address to the purpose stands; null if nobody ever asked. */
  state: ConsentState | null;
  /** They told us here to stop marketing, and nothing since allows it. */
  isOptedOut: boolean;
  /** When they said no last, by any of these ways; null if they did not. */
  saidNoAt: Date | null;
  /** Their switch at the provider is off. */
  isStoppedByProvider: boolean;
  /** Until when the person may answer what they were asked last, for whatever purpose. */
  openUntil: Date | null;
  /** When they were asked for this purpose, by whomever. */
  askedAt: readonly Date[];
  isWindowOpen: boolean;
  /** When the person asked to be asked: just now in the chat, or on a form that is documented. */
  wishedAt: Date | null;
  /** That form was taken for a question about this before. */
  isSignUpUsed: boolean;
  now: Date;
}

/**
 * Whether a person may be asked to agree. The question itself can be taken for advertising (OLG München, 29 U 1682/12), so
 * it is asked of who wrote to us in the last day or has documented that they want it; once at a time, seldom again, and
 * never of who said no, unless they begin with it themselves.
 */
export function checkAsk(facts: AskFacts): DomainError | undefined {
  const { purposeKind, state, saidNoAt, openUntil, wishedAt, now } = facts;
  const isOwnWish = wishedAt !== null;
  const isMarketing = purposeKind === 'MARKETING';
  if (purposeKind === 'SERVICE') return refusal('NO_CONSENT_NEEDED');
  if (isMarketing && (facts.isStoppedByProvider || state === 'PLATFORM_STOPPED')) return refusal('STOPPED_IN_WHATSAPP');
  const hasSaidNo = state === 'WITHDRAWN' || state === 'REFUSED' || (isMarketing && facts.isOptedOut);
  // Providers tell whole seconds: in the same one, the no counts.
  const isWishedSince = isOwnWish && saidNoAt !== null && wishedAt > saidNoAt;
  if (hasSaidNo && !isWishedSince) return refusal('SAID_NO');
  if (state === 'CONFIRMED' && !hasSaidNo) return refusal('AGREED_ALREADY');
  if (openUntil && openUntil > now) return refusal('QUESTION_OPEN', openUntil);
  if (facts.isSignUpUsed) return refusal('SIGN_UP_USED');
  if (!facts.isWindowOpen && !isOwnWish && state !== 'REQUESTED') return refusal('SIGN_UP_NEEDED');
  const since = now.getTime() - REQUESTS_WITHIN_DAYS * DAY_MS;
  const lately = facts.askedAt
    .filter((at) => at.getTime() > since)
    .toSorted((one, other) => Number(one) - Number(other));
  const most = isOwnWish ? MAX_WISHED_REQUESTS : MAX_REQUESTS;
  if (lately.length >= most) {
    return refusal('ASKED_TOO_OFTEN', new Date(lately.at(-most)!.getTime() + REQUESTS_WITHIN_DAYS * DAY_MS));
  }
  return undefined;
}

export function expiryOf(askedAt: Date): Date {
  return new Date(askedAt.getTime() + REQUEST_LASTS_DAYS * DAY_MS);
}

const MESSAGES: Record<NotAskable, string> = {
  NO_CONSENT_NEEDED: 'Nobody has to agree to service: answer what the customer wrote.',
  AGREED_ALREADY: 'This person has agreed already. Send what they agreed to.',
  SAID_NO: 'This person has said no. Only they can begin anew, after that: by writing START, or on a form.',
  STOPPED_IN_WHATSAPP: 'This person has stopped marketing in WhatsApp. Only they can allow it again, there.',
  QUESTION_OPEN: 'This person has been asked for a consent, and may still answer. Wait for that.',
  ASKED_TOO_OFTEN: 'This person has been asked often enough without an answer. Wait until they begin with it.',
  SIGN_UP_NEEDED:
    'The customer has not written in the last 24 hours. Then only who signed up for it may be asked: give the form or the code in `signUp`.',
  SIGN_UP_USED: 'This person has been asked because of this sign-up already. Wait until they sign up anew.',
};

function refusal(why: NotAskable, until: Date | null = null): DomainError {
  return new DomainError('CONSENT_NOT_ASKABLE', MESSAGES[why], { details: { why, until } });
}
