import type { FailureReason } from '@fenster/contracts';
import type { Rejection } from '../provider.js';
import { rejection, rules, type RejectionRule } from '../rejection.js';

const SECOND = 1_000;

/** What the codes of Twilio mean, as answers and in statuses. */
const RULES: ReadonlyMap<number, RejectionRule> = new Map<number, RejectionRule>([
  ...rules({ reason: 'temporary_problem' }, 20500, 30008, 30410),
  ...rules({ reason: 'account_busy', limitOf: 'number', retryAfterMs: SECOND }, 20429, 14107, 30022),
  // The queue of the number is full.
  ...rules({ reason: 'number_busy', limitOf: 'number', retryAfterMs: 60 * SECOND }, 21611, 30001),
  ...rules({ reason: 'messages_stopped' }, 21610),
  ...rules({ reason: 'recipient_not_reachable' }, 21211, 21214, 21217, 21219, 21265, 21612, 21614, 21635),
  ...rules({ reason: 'recipient_not_reachable' }, 30003, 30004, 30005, 30006),
  ...rules({ reason: 'country_not_allowed' }, 21408),
  ...rules({ reason: 'sent_to_itself' }, 21266),
  ...rules({ reason: 'malformed' }, 21602, 21604, 21605, 21609, 21617, 21619, 21620, 30019),
  ...rules({ reason: 'access_expired' }, 20002, 20003, 20006, 20101, 20404),
  ...rules({ reason: 'not_permitted' }, 20004, 20005, 20008, 21608, 30002, 30007, 30034),
  ...rules({ reason: 'not_registered' }, 21212, 21603, 21606, 21607, 21659, 21660, 21661),
]);

export function classifyTwilioError(code: number): Rejection {
  return { code, ...rejection(RULES.get(code) ?? { reason: 'refused' }) };
}

/** What a failure means; undefined for codes that we do not know. */
export function reasonOf(code: number): FailureReason | undefined {
  return RULES.get(code)?.reason;
}
