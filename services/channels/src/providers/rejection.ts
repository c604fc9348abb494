import { DELIVERY_FAILURES, type FailureReason } from '@fenster/contracts';
import type { Rejection } from './provider.js';

/** What a provider's code means. */
export interface RejectionRule {
  reason: FailureReason;
  retryAfterMs?: number;
  limitOf?: Rejection['limitOf'];
}

/** The same for several codes: entries of a map. */
export function rules(rule: RejectionRule, ...codes: number[]): [number, RejectionRule][] {
  return codes.map((code) => [code, rule]);
}

const MINUTE = 60_000;

export function rejection({ reason, ...rule }: RejectionRule): Rejection {
  const { class: type, texts } = DELIVERY_FAILURES[reason];
  // No refusal of a provider leaves anything open.
  const rejected = type === 'uncertain' ? 'never' : type;
  return { reason, class: rejected, agentText: texts.en.text, ...rule };
}

/** Refusals that are known without a code of the provider. */
export const WRONG_CREDENTIALS: Rejection = rejection({ reason: 'access_expired' });
export const WRONG_ADDRESS: Rejection = rejection({ reason: 'wrong_address' });
/** What the capabilities of a channel do not know: nobody was asked. */
export const NOT_SUPPORTED: Rejection = rejection({ reason: 'kind_not_supported' });
/** Refused for a reason that got lost on the way: nothing was sent, so trying again is safe. */
export const UNREADABLE_REFUSAL: Rejection = rejection({ reason: 'temporary_problem' });

/** For an answer without a readable error object: only the HTTP status speaks. Server errors are not here, they leave all open. */
export function classifyHttpStatus(status: number): Rejection {
  if (status === 429) return rejection({ reason: 'account_busy', limitOf: 'number', retryAfterMs: MINUTE });
  if (status === 401 || status === 403) return WRONG_CREDENTIALS;
  if (status === 404 || (status >= 300 && status < 400)) return WRONG_ADDRESS;
  return rejection({ reason: 'malformed' });
}

/** A client error says that nothing was done. 408 says only that the server gave up reading. */
export function isRefusal(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408;
}

const MAX_RETRY_AFTER_SECONDS = 3_600;

/** @param header `Retry-After`, where it names seconds. */
export function retryAfterMs(header: unknown): number | undefined {
  if (typeof header !== 'string' || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header), MAX_RETRY_AFTER_SECONDS) * 1_000;
}
