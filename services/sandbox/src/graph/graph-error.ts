import { randomBytes } from 'node:crypto';

/** What the Graph API says no with (whatsapp.md §B1, §B4). */
export interface GraphError {
  status: number;
  code: number;
  subcode?: number;
  type?: 'OAuthException' | 'GraphMethodException';
  message: string;
  details?: string;
  isTransient?: boolean;
  /** For people, as the template endpoints have it. */
  userTitle?: string;
  userMessage?: string;
}

export function isGraphError(value: object): value is GraphError {
  return 'code' in value && 'status' in value && typeof value.status === 'number';
}

export function graphErrorBody(error: GraphError): object {
  return {
    error: {
      message: error.message,
      type: error.type ?? 'OAuthException',
      code: error.code,
      ...(error.subcode !== undefined && { error_subcode: error.subcode }),
      ...(error.isTransient !== undefined && { is_transient: error.isTransient }),
      ...(error.userTitle !== undefined && { error_user_title: error.userTitle }),
      ...(error.userMessage !== undefined && { error_user_msg: error.userMessage }),
      ...(error.details !== undefined && { error_data: { messaging_product: 'whatsapp', details: error.details } }),
      fbtrace_id: randomBytes(8).toString('hex'),
    },
  };
}

/** The same error as a `failed` status or a value-level `errors[]` has it: title and message repeat. */
export function webhookError({ code, message, details }: GraphError): object {
  const title = message.replace(/^\(#\d+\) /, '');
  return {
    code,
    title,
    message: title,
    error_data: { details: details ?? title },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  };
}

interface Entry {
  status: number;
  title: string;
  details?: string;
  subcode?: number;
  isTransient?: true;
}

/**
 * Every code of whatsapp.md §B4. Meta documents codes and meanings; the HTTP statuses are what its error page lists, and 400 where
 * none is known. Whoever reads them should branch on `code` alone.
 */
const ENTRIES: Record<number, Entry> = {
  0: { status: 401, title: 'AuthException', details: 'The access token is invalid.' },
  1: { status: 500, title: 'API Unknown', details: 'Invalid request or possible server error.', isTransient: true },
  2: {
    status: 503,
    title: 'API Service',
    details: 'Temporary due to downtime or due to being overloaded.',
    isTransient: true,
  },
  3: { status: 500, title: 'API Method', details: 'Capability or permissions issue.' },
  4: {
    status: 400,
    title: 'API Too Many Calls',
    details: 'The app has reached its API call rate limit.',
    isTransient: true,
  },
  10: { status: 403, title: 'Permission Denied', details: 'Permission is either not granted or has been removed.' },
  33: { status: 400, title: 'Parameter value is not valid', details: 'The business phone number has been deleted.' },
  100: {
    status: 400,
    title: 'Invalid parameter',
    details: 'The request included one or more unsupported or misspelled parameters.',
  },
  190: { status: 401, title: 'Access token has expired', details: 'The access token has expired.', subcode: 463 },
  200: { status: 403, title: 'API Permission', details: 'Permission is either not granted or has been removed.' },
  299: { status: 403, title: 'API Permission', details: 'Permission is either not granted or has been removed.' },
  368: {
    status: 403,
    title: 'Temporarily blocked for policies violations',
    details: 'The account has been restricted or disabled for violating a platform policy.',
  },
  80007: {
    status: 400,
    title: 'Rate limit issues',
    details: 'The WhatsApp Business Account has reached its rate limit.',
    isTransient: true,
  },
  130403: {
    status: 400,
    title: 'User is blocked by the business',
    details: 'Message not sent because the business has blocked this user.',
  },
  130429: {
    status: 429,
    title: 'Rate limit hit',
    details: 'Cloud API message throughput has been reached.',
    isTransient: true,
  },
  130472: {
    status: 400,
    title: "User's number is part of an experiment",
    details: "Message was not sent because the user's number is part of an experiment.",
  },
  130497: {
    status: 403,
    title: 'Business account is restricted from messaging users in this country',
    details: 'The account may not message users in certain countries.',
  },
  131000: {
    status: 500,
    title: 'Something went wrong',
    details: 'Message failed to send due to an unknown error.',
    isTransient: true,
  },
  131005: { status: 403, title: 'Access denied', details: 'Permission is either not granted or has been removed.' },
  131008: {
    status: 400,
    title: 'Required parameter is missing',
    details: 'The request is missing a required parameter.',
  },
  131009: { status: 400, title: 'Parameter value is not valid', details: 'One or more parameter values are invalid.' },
  131016: {
    status: 503,
    title: 'Service unavailable',
    details: 'A service is temporarily unavailable.',
    isTransient: true,
  },
  131021: {
    status: 400,
    title: 'Recipient cannot be sender',
    details: 'Sender and recipient phone number is the same.',
  },
  131026: {
    status: 400,
    title: 'Message undeliverable',
    details:
      'Unable to deliver message: the recipient is not on WhatsApp, has an old client, or has not accepted the terms.',
  },
  131031: {
    status: 403,
    title: 'Business Account locked',
    details: 'The account has been restricted or disabled for violating a platform policy.',
  },
  131037: {
    status: 400,
    title: 'WhatsApp provided number needs display name approval before message can be sent',
    details: 'The 555 number has no approved display name.',
  },
  131042: {
    status: 400,
    title: 'Business eligibility payment issue',
    details: 'Message failed to send because there were one or more errors related to your payment method.',
  },
  131045: {
    status: 500,
    title: 'Incorrect certificate',
    details: 'Message failed to send due to a phone number registration error.',
  },
  131047: {
    status: 400,
    title: 'Re-engagement message',
    details:
      'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
  },
  131048: {
    status: 400,
    title: 'Spam rate limit hit',
    details:
      'Message failed to send because there are restrictions on how many messages can be sent from this phone number.',
  },
  131049: {
    status: 400,
    title: 'Meta chose not to deliver',
    details: 'This message was not delivered to maintain healthy ecosystem engagement.',
  },
  131050: {
    status: 400,
    title: 'User has stopped marketing messages',
    details: 'The recipient has chosen to stop receiving marketing messages from this business.',
  },
  131051: { status: 400, title: 'Unsupported message type', details: 'Message type is currently not supported.' },
  131052: { status: 400, title: 'Media download error', details: 'Unable to download the media sent by the user.' },
  131053: { status: 400, title: 'Media upload error', details: 'Unable to upload the media used in the message.' },
  131056: {
    status: 400,
    title: '(Business Account, Consumer Account) pair rate limit hit',
    details: 'Too many messages sent from this phone number to the same phone number in a short period of time.',
    isTransient: true,
  },
  131057: {
    status: 500,
    title: 'Account in maintenance mode',
    details: 'Business Account is in maintenance mode.',
    isTransient: true,
  },
  131061: {
    status: 400,
    title: 'Message requires the marketing messages API',
    details: 'A template with a maximum price must be sent by /marketing_messages.',
  },
  131062: {
    status: 400,
    title: 'Business-scoped user id is not supported for this message',
    details: 'One-tap, zero-tap and copy-code authentication templates need a phone number.',
  },
  131063: {
    status: 400,
    title: 'Marketing templates are turned off on Cloud API',
    details: 'Marketing templates of this account must be sent by /marketing_messages.',
  },
  131064: {
    status: 400,
    title: 'Template misclassification limit',
    details: 'Too many templates of this account were submitted in the wrong category.',
  },
  132000: {
    status: 400,
    title: 'Template Param Count Mismatch',
    details: 'The number of variable parameter values did not match the number of variables defined in the template.',
  },
  132001: {
    status: 404,
    title: 'Template does not exist',
    details: 'The template does not exist in the specified language or the template has not been approved.',
  },
  132005: { status: 400, title: 'Template Hydrated Text Too Long', details: 'Translated text is too long.' },
  132007: {
    status: 400,
    title: 'Template Format Character Policy Violated',
    details: 'Template content violates a WhatsApp policy.',
  },
  132012: {
    status: 400,
    title: 'Template Parameter Format Mismatch',
    details: 'Variable parameter values formatted incorrectly.',
  },
  132015: {
    status: 400,
    title: 'Template is Paused',
    details: 'Template is paused due to low quality so it cannot be sent in a template message.',
  },
  132016: {
    status: 400,
    title: 'Template is Disabled',
    details: 'Template has been paused too many times due to low quality and is now permanently disabled.',
  },
  132068: { status: 400, title: 'Flow is in blocked state', details: 'Flow is in blocked state.' },
  132069: {
    status: 400,
    title: 'Flow is in throttled state',
    details: 'Flow is in throttled state and 10 messages using this flow were already sent in the last hour.',
  },
  133000: { status: 500, title: 'Incomplete Deregistration', details: 'A previous deregistration attempt failed.' },
  133004: {
    status: 503,
    title: 'Server Temporarily Unavailable',
    details: 'Server is temporarily unavailable.',
    isTransient: true,
  },
  133005: { status: 400, title: 'Two step verification PIN Mismatch', details: 'Two-step verification PIN incorrect.' },
  133006: {
    status: 400,
    title: 'Phone number re-verification needed',
    details: 'Phone number needs to be verified before registering.',
  },
  133008: {
    status: 400,
    title: 'Too Many two step verification PIN Guesses',
    details: 'Too many two-step verification PIN guesses for this phone number.',
  },
  133009: {
    status: 400,
    title: 'Two step verification PIN Guessed Too Fast',
    details: 'Two-step verification PIN was entered too quickly.',
  },
  133010: {
    status: 400,
    title: 'Phone number Not Registered',
    details: 'Phone number not registered on the Whatsapp Business Platform.',
  },
  133015: {
    status: 400,
    title: 'Please wait a few minutes before attempting to register this phone number',
    details: 'The phone number was recently deleted, and deletion has not yet completed.',
  },
  133016: {
    status: 400,
    title: 'Account register deregister rate limit exceeded',
    details: 'Registration or deregistration failed because there were too many attempts in a short period of time.',
  },
  135000: {
    status: 400,
    title: 'Generic user error',
    details: 'Message failed to send because of an unknown error with the request parameters.',
  },
  136024: { status: 400, title: 'Phone number is already verified', details: 'The phone number is already verified.' },
};

export const ERROR_CODES: readonly number[] = Object.keys(ENTRIES).map(Number);

/** @throws RangeError for a code that the sandbox does not know. */
export function graphError(code: number, details?: string): GraphError {
  // Meta reserves 200 to 299 for missing permissions.
  const entry = ENTRIES[code] ?? (code > 200 && code < 299 ? ENTRIES[200] : undefined);
  if (!entry) throw new RangeError(`Error ${code} is not in the catalogue.`);
  return {
    status: entry.status,
    code,
    message: `(#${code}) ${entry.title}`,
    details: details ?? entry.details,
    ...(entry.subcode !== undefined && { subcode: entry.subcode }),
    ...(entry.isTransient && { isTransient: true }),
  };
}

export function knowsError(code: number): boolean {
  return Object.hasOwn(ENTRIES, code) || (code > 200 && code < 299);
}

export const badToken: GraphError = {
  status: 401,
  code: 190,
  message: 'Invalid OAuth access token - Cannot parse access token',
};

export function unknownObject(id: string, method = 'post'): GraphError {
  return {
    status: 400,
    code: 100,
    subcode: 33,
    type: 'GraphMethodException',
    message: `Unsupported ${method} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
  };
}

export function unknownPath(): GraphError {
  return { status: 404, code: 2500, message: 'Unknown path components' };
}

export function parameterError(message: string, details?: string): GraphError {
  return { status: 400, code: 100, message: `(#100) ${message}`, ...(details !== undefined && { details }) };
}

export const missingParameter = (details: string): GraphError => graphError(131008, details);
export const invalidParameter = (details: string): GraphError => graphError(131009, details);

/** Thrown by whatever answers a Graph call; the router writes it as the answer. */
export class GraphRefusal extends Error {
  override readonly name = 'GraphRefusal';
  constructor(readonly error: GraphError) {
    super(error.message);
  }
}

export function refuse(error: GraphError): never {
  throw new GraphRefusal(error);
}
