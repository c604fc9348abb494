import type { FailureReason } from '@fenster/contracts';
import type { Rejection } from '../provider.js';
import { rejection, rules, type RejectionRule } from '../rejection.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What the codes of Meta mean (whatsapp.md §B4). */
const RULES: ReadonlyMap<number, RejectionRule> = new Map<number, RejectionRule>([
  ...rules({ reason: 'temporary_problem' }, 1, 2, 131000, 131016, 133004),
  // Maintenance, of at most a minute.
  ...rules({ reason: 'temporary_problem', retryAfterMs: MINUTE }, 131057),
  ...rules({ reason: 'account_busy', limitOf: 'number', retryAfterMs: MINUTE }, 4, 80007),
  ...rules({ reason: 'number_busy', limitOf: 'number', retryAfterMs: SECOND }, 130429),
  // Meta asks for 4^n seconds: the caller multiplies by four with each attempt.
  ...rules({ reason: 'person_busy', limitOf: 'pair', retryAfterMs: 4 * SECOND }, 131056),
  ...rules({ reason: 'window_closed' }, 131047),
  ...rules({ reason: 'marketing_stopped' }, 131050),
  ...rules({ reason: 'undeliverable' }, 131026),
  // Repeating within 24 hours extends the block, so nothing retries by itself.
  ...rules({ reason: 'marketing_held_back' }, 131049),
  ...rules({ reason: 'experiment' }, 130472),
  ...rules({ reason: 'sent_to_itself' }, 131021),
  ...rules({ reason: 'country_not_allowed' }, 130497),
  ...rules({ reason: 'blocked_by_business' }, 130403),
  ...rules({ reason: 'phone_needed' }, 131062),
  ...rules({ reason: 'price_limited_template' }, 131061),
  ...rules({ reason: 'kind_not_supported' }, 131051),
  ...rules({ reason: 'file_not_fetched' }, 131052),
  ...rules({ reason: 'file_not_uploaded' }, 131053),
  ...rules({ reason: 'already_verified' }, 136024),
  ...rules({ reason: 'marketing_off' }, 131063, 131064),
  ...rules({ reason: 'malformed' }, 100, 131008, 131009, 135000),
  ...rules({ reason: 'payment_problem' }, 131042),
  ...rules({ reason: 'number_restricted' }, 131048),
  ...rules({ reason: 'name_not_approved' }, 131037),
  ...rules({ reason: 'number_gone' }, 33),
  ...rules({ reason: 'not_permitted' }, 3, 10, 368, 131005, 131031),
  ...rules({ reason: 'access_expired' }, 0, 190),
  ...rules({ reason: 'not_registered' }, ...[131045, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016]),
  ...rules({ reason: 'template_not_usable' }, 132000, 132001, 132005, 132007, 132012, 132016, 132068),
  ...rules({ reason: 'template_paused', retryAfterMs: 60 * MINUTE }, 132015, 132069),
]);

/**
 * What a code of Meta means for the message and the channel, whether it came as the answer to a send or in a `failed` status.
 * @param isTransient `error.is_transient`, which decides for codes that we do not know.
 */
export function classifyError(code: number, isTransient = false): Rejection {
  const rule = ruleOf(code) ?? (isTransient ? { reason: 'temporary_problem' as const } : undefined);
  if (rule) return { code, ...rejection(rule) };
  return { code, ...rejection({ reason: 'refused' }), agentText: `WhatsApp refused the message (error ${code}).` };
}

/** What a failure means; undefined for codes that we do not know. */
export function reasonOf(code: number): FailureReason | undefined {
  return ruleOf(code)?.reason;
}

function ruleOf(code: number): RejectionRule | undefined {
  return RULES.get(code) ?? (code >= 200 && code <= 299 ? { reason: 'not_permitted' } : undefined);
}
