import type { Rejection, RejectionClass } from '../provider.js';

interface Rule {
  class: RejectionClass;
  retryAfterMs?: number;
  agentText: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const TRANSIENT: Rule = { class: 'retry', agentText: 'WhatsApp had a temporary problem; the message is tried again.' };
const MAINTENANCE: Rule = { ...TRANSIENT, retryAfterMs: MINUTE };
const BUSY: Rule = {
  class: 'wait',
  retryAfterMs: MINUTE,
  agentText: 'WhatsApp limits how much may be sent; the message waits.',
};
const NUMBER_BUSY: Rule = { ...BUSY, retryAfterMs: SECOND };
const BUG: Rule = { class: 'never', agentText: 'WhatsApp refused the message: a part of it is missing or not valid.' };
const PERMISSION: Rule = {
  class: 'channel_broken',
  agentText: 'This number is not allowed to send; an administrator must check the account.',
};
const TOKEN: Rule = {
  class: 'channel_broken',
  agentText: 'The access of this number has expired; an administrator must renew it.',
};
const REGISTRATION: Rule = {
  class: 'channel_broken',
  agentText: 'This number is not registered with WhatsApp; an administrator must check it.',
};
const TEMPLATE: Rule = {
  class: 'never',
  agentText: 'The template is missing, not approved, or its parameters do not fit.',
};
const TEMPLATE_LATER: Rule = {
  class: 'wait',
  retryAfterMs: 60 * MINUTE,
  agentText: 'WhatsApp has paused this template; the message waits.',
};
const MARKETING_OFF: Rule = {
  class: 'never',
  agentText: 'This account may not send this marketing message over this interface.',
};
const never = (agentText: string): Rule => ({ class: 'never', agentText });
const broken = (agentText: string): Rule => ({ class: 'channel_broken', agentText });

/** whatsapp.md §B4. */
const RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  ...rules(TRANSIENT, 1, 2, 131000, 131016, 133004),
  ...rules(MAINTENANCE, 131057),
  ...rules(BUSY, 4, 80007),
  ...rules(NUMBER_BUSY, 130429),
  // Meta asks for 4^n seconds: the caller multiplies by four with each attempt.
  [
    131056,
    {
      class: 'wait',
      retryAfterMs: 4 * SECOND,
      agentText: 'Too many messages to this person in a short time; the message waits.',
    },
  ],
  [131047, { class: 'window_closed', agentText: 'The 24-hour window is closed: only a template can be sent now.' }],
  [131050, { class: 'opt_out', agentText: 'This person has stopped marketing messages from this business.' }],
  [131026, never('The message cannot be delivered: not on WhatsApp, an old app, or terms not accepted.')],
  // Repeating within 24 hours extends the block, so nothing retries by itself.
  [131049, never('WhatsApp held this marketing message back for this person; do not send again within 24 hours.')],
  [130472, never('WhatsApp does not deliver marketing to this person at present (an experiment of Meta).')],
  [131021, never('The recipient is the sending number itself.')],
  [130497, never('This account may not send to the country of this person.')],
  [130403, never('This person is blocked by the business.')],
  [131062, never('This message needs the phone number of the person, which is not known.')],
  [131061, never('This template has a maximum price and must be sent as a marketing message.')],
  [131051, never('WhatsApp does not support this kind of message.')],
  [131052, never('The file of the customer could not be fetched.')],
  [131053, never('The file could not be uploaded to WhatsApp.')],
  [136024, never('The number is already verified.')],
  ...rules(MARKETING_OFF, 131063, 131064),
  ...rules(BUG, 100, 131008, 131009, 135000),
  [131042, broken('WhatsApp does not accept the payment method of the account; an administrator must check it.')],
  [131048, broken('WhatsApp has restricted this number because of its quality; an administrator must check it.')],
  [131037, broken('The display name of this number is not approved yet.')],
  [33, broken('This number no longer exists at WhatsApp.')],
  ...rules(PERMISSION, 3, 10, 368, 131005, 131031),
  ...rules(TOKEN, 0, 190),
  ...rules(REGISTRATION, 131045, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016),
  ...rules(TEMPLATE, 132000, 132001, 132005, 132007, 132012, 132016, 132068),
  ...rules(TEMPLATE_LATER, 132015, 132069),
]);

function rules(rule: Rule, ...codes: number[]): [number, Rule][] {
  return codes.map((code) => [code, rule]);
}

/**
 * What a code of Meta means for the message and the channel, whether it came as the answer to a send or in a `failed` status.
 * @param isTransient `error.is_transient`, which decides for codes that we do not know.
 */
export function classifyError(code: number, isTransient = false): Rejection {
  const rule =
    RULES.get(code) ?? (code >= 200 && code <= 299 ? PERMISSION : undefined) ?? (isTransient ? TRANSIENT : undefined);
  return { code, ...(rule ?? never(`WhatsApp refused the message (error ${code}).`)) };
}

/** Refusals that we know without a code from Meta. */
export const WRONG_CREDENTIALS: Rejection = TOKEN;
export const WRONG_ADDRESS: Rejection = broken(
  'The address of the provider is wrong; an administrator must check the channel.',
);
/** Refused for a reason that got lost on the way: nothing was sent, so trying again is safe. */
export const UNREADABLE_REFUSAL: Rejection = TRANSIENT;

/** For an answer without a readable error object: only the HTTP status speaks. Server errors are not here, they leave all open. */
export function classifyHttpStatus(status: number): Rejection {
  if (status === 429) return BUSY;
  if (status === 401 || status === 403) return WRONG_CREDENTIALS;
  if (status === 404 || (status >= 300 && status < 400)) return WRONG_ADDRESS;
  return BUG;
}
