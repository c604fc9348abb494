import type { ChannelCapabilities } from '@fenster/contracts';
import { exchange, type OutgoingRequest } from '../exchange.js';
import { callHttp, urlBelow } from '../http-call.js';
import { isObject, parseJson, type JsonObject } from '../json.js';
import type {
  AdapterDescription,
  NumberFacts,
  OutgoingMessage,
  Provider,
  ProviderAnswer,
  SendOutcome,
} from '../provider.js';
import {
  classifyHttpStatus,
  isRefusal,
  NOT_SUPPORTED,
  rejection,
  retryAfterMs,
  WRONG_ADDRESS,
  WRONG_CREDENTIALS,
} from '../rejection.js';
import {
  authorizationOf,
  twilioSecrets,
  twilioSettings,
  type TwilioCredentials,
  type TwilioOptions,
} from './credentials.js';
import { fetchTwilioMedia } from './media.js';
import { classifyTwilioError } from './send-errors.js';
import { verifyTwilioSignature } from './signature.js';
import { MESSAGE_PARAMETER, parseTwilioWebhook } from './webhook.js';

const CAPABILITIES: ChannelCapabilities = {
  serviceWindow: false,
  templates: false,
  contentKinds: ['text'],
  mediaKinds: {},
  maxTextCharacters: 1_600,
  quotes: false,
  reactions: false,
  readReceipts: false,
  typing: false,
  statuses: ['sent', 'delivered', 'failed'],
  senderProven: false,
  businessProfile: false,
  costModel: 'UNTOLD',
};

/** SMS by Twilio's API (whatsapp.md §G). MMS come in; what goes out is text, for most countries know nothing else. */
export const TWILIO_SMS = {
  kind: 'TWILIO_SMS',
  capabilities: CAPABILITIES,
  // Of a long code in the USA, the slowest there is; Twilio queues what comes faster. For others somebody sets more.
  limits: { messagesPerSecond: 1 },
  // RFC 5724.
  chatUrl: ({ address }) => `sms:${address}?body=`,
  processors: [{ name: 'Twilio', country: 'US' }],
  contentType: 'application/x-www-form-urlencoded',
  settings: twilioSettings,
  secrets: twilioSecrets,
} as const satisfies AdapterDescription;

const VERSION = '2010-04-01';

export function createTwilioSmsProvider(options: TwilioOptions): Provider<TwilioCredentials> {
  return {
    ...TWILIO_SMS,
    verify: verifyTwilioSignature,
    parse: parseTwilioWebhook,
    send: (message, credentials) => send(message, credentials, options),
    markRead: async (providerMessageId) => ({ kind: 'accepted', providerMessageId }),
    showTyping: async () => {},
    readNumber: (credentials) => readNumber(credentials, options),
    fetchMedia: (url, credentials, signal) => fetchTwilioMedia(url, credentials, options, signal),
    uploadMedia: async () => ({ kind: 'rejected', ...NOT_SUPPORTED }),
  };
}

async function send(
  message: OutgoingMessage,
  credentials: TwilioCredentials,
  options: TwilioOptions,
): Promise<SendOutcome> {
  const { to, content, replyToProviderMessageId } = message;
  if (content.kind !== 'text' || replyToProviderMessageId !== undefined) return { kind: 'rejected', ...NOT_SUPPORTED };
  if (!('phone' in to)) return { kind: 'rejected', ...rejection({ reason: 'no_address' }) };
  if ([...content.body].length > CAPABILITIES.maxTextCharacters) {
    return { kind: 'rejected', ...rejection({ reason: 'malformed' }) };
  }
  let request: OutgoingRequest;
  try {
    const { accountSid, phoneNumber, appId } = credentials;
    const { origin, pathname: path } = urlBelow(credentials.apiBaseUrl, [
      VERSION,
      'Accounts',
      accountSid,
      'Messages.json',
    ]);
    const callback = new URL(`${options.webhookUrl()}/twilio`);
    callback.searchParams.set('app', appId);
    callback.searchParams.set(MESSAGE_PARAMETER, message.messageId);
    request = {
      origin,
      path,
      headers: { authorization: authorizationOf(credentials), 'content-type': TWILIO_SMS.contentType },
      body: new URLSearchParams({
        To: to.phone,
        From: phoneNumber,
        Body: content.body,
        StatusCallback: callback.href,
      }).toString(),
    };
  } catch {
    return { kind: 'rejected', ...WRONG_ADDRESS };
  }
  return exchange(request, options, interpret);
}

function interpret(status: number, body: Buffer, retryAfter: string | undefined): SendOutcome {
  const answer = read(body);
  const waitMs = retryAfterMs(retryAfter);
  if (status >= 200 && status < 300) {
    const { sid } = answer;
    return typeof sid === 'string' && /^[SM]M[0-9a-f]{32}$/.test(sid)
      ? { kind: 'accepted', providerMessageId: sid }
      : { kind: 'unconfirmed', reason: 'accepted without a message id' };
  }
  if (!isRefusal(status)) return { kind: 'unconfirmed', reason: `HTTP ${status}` };
  const refusal = refusalOf(status, answer);
  const mayRepeat = refusal.class === 'retry' || refusal.class === 'wait';
  return { kind: 'rejected', ...refusal, ...(mayRepeat && waitMs !== undefined && { retryAfterMs: waitMs }) };
}

function refusalOf(status: number, { code }: JsonObject) {
  return Number.isSafeInteger(code) ? classifyTwilioError(code as number) : classifyHttpStatus(status);
}

/** Twilio tells little of a number; but whether it is the account's, and whether the token is right. */
async function readNumber(
  credentials: TwilioCredentials,
  options: TwilioOptions,
): Promise<ProviderAnswer<NumberFacts>> {
  const { apiBaseUrl, accountSid, phoneNumber } = credentials;
  let url: URL;
  try {
    const path = [VERSION, 'Accounts', accountSid, 'IncomingPhoneNumbers.json'];
    url = urlBelow(apiBaseUrl, path, { PhoneNumber: phoneNumber });
  } catch {
    return { kind: 'refused', ...WRONG_ADDRESS };
  }
  const headers = { authorization: authorizationOf(credentials) };
  const answer = await callHttp({ method: 'GET', url, headers }, options);
  if (answer.kind === 'impossible') return { kind: 'refused', ...WRONG_CREDENTIALS };
  if (answer.kind === 'unreachable') return answer;
  const { status } = answer;
  const body = read(answer.body);
  if (status >= 500) return { kind: 'unreachable', reason: `HTTP ${status}` };
  if (status >= 300) return { kind: 'refused', ...refusalOf(status, body) };
  const numbers = body.incoming_phone_numbers;
  if (!Array.isArray(numbers)) return { kind: 'unreachable', reason: 'answer without numbers' };
  const isTheirs = numbers.some((each) => isObject(each) && each.phone_number === phoneNumber);
  return isTheirs ? { kind: 'answered', value: {} } : { kind: 'refused', ...rejection({ reason: 'number_gone' }) };
}

function read(body: Buffer): JsonObject {
  const parsed = parseJson(body, { maxDepth: 16 });
  return parsed.ok ? parsed.value : {};
}
