import { failureText, type DeliveryError, type DeliveryWaitReason, type FailureReason } from '@fenster/contracts';
import type { Rejection, SendOutcome } from '../providers/provider.js';

/** Codes of our own, where the provider gave none; its own are never negative. */
export const OWN_ERRORS = {
  unreachable: ownError(-1, 'unreachable'),
  unconfirmed: ownError(-2, 'unconfirmed'),
  unknownChannel: ownError(-3, 'unknown_channel'),
  noAddress: ownError(-4, 'no_address'),
  unreadable: ownError(-5, 'unreadable'),
  optedOut: ownError(-7, 'opted_out'),
  newsletterStopped: ownError(-8, 'newsletter_stopped'),
} as const;

function ownError(code: number, reason: FailureReason): DeliveryError {
  return { code, reason, title: failureText(reason, 'en').text };
}

/** For refusals that carry no code. */
const REFUSED = -6;

/** What happens after one attempt to send. */
export type NextStep =
  | Extract<SendOutcome, { kind: 'accepted' }>
  | { kind: 'failed'; error: DeliveryError }
  | {
      kind: 'retry';
      at: Date;
      reason: string;
      waitingFor: DeliveryWaitReason;
      /** Nothing else may leave before then either: of the number, or to this person. */
      limitOf?: Rejection['limitOf'];
    }
  /** Nothing can be sent over this channel until somebody has repaired it; the message waits for that. */
  | { kind: 'channel_broken'; error: DeliveryError }
  /** It may have been sent: only a status can tell, until it ends as unconfirmed. */
  | { kind: 'ambiguous'; reason: string };

export interface Attempt {
  /** 1 for the first. */
  number: number;
  queuedAt: Date;
  now: Date;
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

const MAX_TRANSIENT_ATTEMPTS = 6;
const GIVE_UP_AFTER = 24 * HOUR;
const LONGEST_PAUSE = { unreachable: 60 * SECOND, transient: 60 * SECOND, limited: HOUR };

const WAITS = { number: 'NUMBER_LIMIT', pair: 'PAIR_LIMIT' } as const;

/** The rules of repetition: never after an outcome that leaves open whether the message was sent. */
export function afterAttempt(outcome: SendOutcome, { number, queuedAt, now }: Attempt): NextStep {
  const mayWait = now.getTime() - queuedAt.getTime() < GIVE_UP_AFTER;
  const pause = (ms: number, longest: number) => new Date(now.getTime() + Math.min(ms, longest));
  switch (outcome.kind) {
    case 'accepted':
      return outcome;
    case 'unconfirmed':
      return { kind: 'ambiguous', reason: outcome.reason };
    case 'not_sent':
      if (!mayWait) return { kind: 'failed', error: OWN_ERRORS.unreachable };
      return {
        kind: 'retry',
        at: pause(SECOND * 2 ** (number - 1), LONGEST_PAUSE.unreachable),
        reason: outcome.reason,
        waitingFor: 'PROVIDER_UNREACHABLE',
      };
    case 'rejected': {
      const error = { code: outcome.code ?? REFUSED, title: outcome.agentText, reason: outcome.reason };
      if (outcome.class === 'retry' && number < MAX_TRANSIENT_ATTEMPTS) {
        const ms = outcome.retryAfterMs ?? SECOND * 2 ** (number - 1);
        const at = pause(ms, LONGEST_PAUSE.transient);
        return { kind: 'retry', at, reason: outcome.agentText, waitingFor: 'PROVIDER_BUSY' };
      }
      if (outcome.class === 'wait' && mayWait) {
        // Meta asks for 4^n seconds where one person gets too much (whatsapp.md §B4).
        const ms = (outcome.retryAfterMs ?? SECOND) * 4 ** Math.min(number - 1, 6);
        const { limitOf } = outcome;
        return {
          kind: 'retry',
          at: pause(ms, LONGEST_PAUSE.limited),
          reason: outcome.agentText,
          waitingFor: limitOf ? WAITS[limitOf] : 'PROVIDER_BUSY',
          ...(limitOf && { limitOf }),
        };
      }
      return { kind: outcome.class === 'channel_broken' ? 'channel_broken' : 'failed', error };
    }
  }
}
