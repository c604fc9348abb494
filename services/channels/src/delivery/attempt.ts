import type { DeliveryError } from '@fenster/contracts';
import type { SendOutcome } from '../providers/provider.js';

/** Codes of our own, where the provider gave none; its own are never negative. */
export const OWN_ERRORS = {
  unreachable: { code: -1, title: 'WhatsApp could not be reached for a day; the message was not sent.' },
  unconfirmed: {
    code: -2,
    title: 'Nobody can say whether this message was sent. Look at the chat before you send it again.',
  },
  unknownChannel: { code: -3, title: 'The number that should send this message is not connected.' },
  noAddress: { code: -4, title: 'Neither the phone number nor the user id of this person is known.' },
  unreadable: { code: -5, title: 'The stored message cannot be opened: an administrator must check the secret key.' },
} as const satisfies Record<string, DeliveryError>;

/** For refusals that carry no code. */
const REFUSED = -6;

/** What happens after one attempt to send. */
export type NextStep =
  | { kind: 'accepted'; providerMessageId: string }
  | { kind: 'failed'; error: DeliveryError }
  | { kind: 'retry'; at: Date; reason: string }
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
      };
    case 'rejected': {
      const error = { code: outcome.code ?? REFUSED, title: outcome.agentText };
      if (outcome.class === 'retry' && number < MAX_TRANSIENT_ATTEMPTS) {
        const ms = outcome.retryAfterMs ?? SECOND * 2 ** (number - 1);
        return { kind: 'retry', at: pause(ms, LONGEST_PAUSE.transient), reason: outcome.agentText };
      }
      if (outcome.class === 'wait' && mayWait) {
        // Meta asks for 4^n seconds where one person gets too much (whatsapp.md §B4).
        const ms = (outcome.retryAfterMs ?? SECOND) * 4 ** Math.min(number - 1, 6);
        return { kind: 'retry', at: pause(ms, LONGEST_PAUSE.limited), reason: outcome.agentText };
      }
      return { kind: 'failed', error };
    }
  }
}
