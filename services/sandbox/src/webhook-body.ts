import { createHash, createHmac, randomBytes } from 'node:crypto';

/** Webhook bodies as Meta writes them since April 2026 (whatsapp.md §A4–A7). No dependencies: `send-webhook` runs on these alone. */

export interface Sender {
  phoneNumberId: string;
  displayPhoneNumber: string;
  wabaId: string;
}

/** A user of WhatsApp. `phone` is digits with calling code; absent where the user hides it. */
export interface Person {
  phone?: string;
  bsuid: string;
  /** Where a parent business links portfolios. */
  parentBsuid?: string;
  name?: string;
  username?: string;
}

/** As `rules/pricing.ts` makes them. */
export interface StatusPricing {
  billable: boolean;
  pricing_model: string;
  type?: string;
  category: string;
}
export interface StatusConversation {
  id: string;
  category: string;
  expiresAt: Date;
}

export interface SentMessage {
  wamid: string;
  person: Person;
  wasSentToPhone: boolean;
  callbackData?: string;
  /** Reactions have no price, and no more statuses than `sent`. */
  pricing?: StatusPricing;
  conversation?: StatusConversation;
}

export interface ToldStatus {
  status: string;
  at: Date;
  isPriced: boolean;
  /** Of `failed`. */
  errors?: readonly object[];
}

export function newWamid(): string {
  return `wamid.HBg${randomBytes(27).toString('base64')}`;
}

export function sign(body: string | Buffer, appSecret: string): string {
  return `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`;
}

export function unixSeconds(date: Date): string {
  return String(Math.floor(date.getTime() / 1_000));
}

/** The keys of `messages` win, so that late, repeated or broken ones can be made. */
export function messagesBody(to: Sender, from: Person, messages: readonly object[], sentAt: Date): object {
  const { phone, bsuid, parentBsuid, name, username } = from;
  return envelope(to, {
    contacts: [
      {
        profile: { ...(name !== undefined && { name }), ...(username !== undefined && { username }) },
        ...(phone !== undefined && { wa_id: phone }),
        user_id: bsuid,
        ...(parentBsuid !== undefined && { parent_user_id: parentBsuid }),
      },
    ],
    messages: messages.map((message) => ({
      ...(phone !== undefined && { from: phone }),
      from_user_id: bsuid,
      ...(parentBsuid !== undefined && { from_parent_user_id: parentBsuid }),
      timestamp: unixSeconds(sentAt),
      ...message,
    })),
  });
}

/** What the business wrote to this person in its phone app (coexistence). */
export function echoesBody(from: Sender, to: Person, messages: readonly object[], sentAt: Date): object {
  const { phone, bsuid, parentBsuid } = to;
  const echoes = messages.map((message) => ({
    from: from.displayPhoneNumber.replace('+', ''),
    ...(phone !== undefined && { to: phone }),
    to_user_id: bsuid,
    ...(parentBsuid !== undefined && { to_parent_user_id: parentBsuid }),
    timestamp: unixSeconds(sentAt),
    ...message,
  }));
  const contacts = [
    {
      ...(phone !== undefined && { wa_id: phone }),
      user_id: bsuid,
      ...(parentBsuid !== undefined && { parent_user_id: parentBsuid }),
    },
  ];
  return envelope(from, { contacts, message_echoes: echoes }, 'smb_message_echoes');
}

export function statusBody(from: Sender, message: SentMessage, told: ToldStatus): object {
  const { wamid, person, wasSentToPhone, callbackData, pricing, conversation } = message;
  const { status, at, isPriced, errors } = told;
  const hasFailed = errors !== undefined;
  const showsUsername = status !== 'sent' && person.username !== undefined;
  const contact = {
    ...(showsUsername && { profile: { username: person.username } }),
    ...(wasSentToPhone && { wa_id: person.phone }),
    user_id: person.bsuid,
    ...(person.parentBsuid !== undefined && { parent_user_id: person.parentBsuid }),
  };
  return envelope(from, {
    // A failure has no contacts, and no user id when the message went to a phone (whatsapp.md §A5).
    ...(!hasFailed && { contacts: [contact] }),
    statuses: [
      {
        id: wamid,
        status,
        timestamp: unixSeconds(at),
        ...(wasSentToPhone && { recipient_id: person.phone }),
        ...(!(hasFailed && wasSentToPhone) && { recipient_user_id: person.bsuid }),
        ...(callbackData !== undefined && { biz_opaque_callback_data: callbackData }),
        ...(isPriced && conversation && { conversation: conversationBody(conversation, status) }),
        ...(isPriced && pricing && { pricing }),
        ...(hasFailed && { errors }),
      },
    ],
  });
}

function conversationBody({ id, category, expiresAt }: StatusConversation, status: string): object {
  // The end is told with `sent` only; one that has none belongs to a single message.
  const showsEnd = status === 'sent' && expiresAt.getTime() > 0;
  return { id, ...(showsEnd && { expiration_timestamp: unixSeconds(expiresAt) }), origin: { type: category } };
}

/** Fields that concern the account or one of its numbers, not a chat (whatsapp.md §A8): with `time`, without `metadata`. */
export function accountBody(wabaId: string, field: string, value: object, at: Date): object {
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: wabaId, time: Math.floor(at.getTime() / 1_000), changes: [{ value, field }] }],
  };
}

/** Fields that concern a chat. */
export function envelope(number: Sender, value: object, field = 'messages'): object {
  const metadata = { display_phone_number: number.displayPhoneNumber, phone_number_id: number.phoneNumberId };
  return {
    object: 'whatsapp_business_account',
    entry: [
      {
        id: number.wabaId,
        changes: [{ value: { messaging_product: 'whatsapp', metadata, ...value }, field }],
      },
    ],
  };
}

/** The same BSUID for the same phone, in every run. Meta's own are unique per business portfolio; the sandbox has only one. */
export function bsuidOf(phone: string): string {
  return `${countryOf(phone)}.${digitsOf(`fenster-sandbox:${phone}`)}`;
}

export function parentBsuidOf(phone: string): string {
  return `${countryOf(phone)}.ENT.${digitsOf(`fenster-sandbox:parent:${phone}`)}`;
}

function digitsOf(text: string): string {
  return createHash('sha256').update(text).digest().readBigUInt64BE(0).toString().padStart(20, '0');
}

const CALLING_CODES =
  '1 US,7 RU,30 GR,31 NL,32 BE,33 FR,34 ES,36 HU,39 IT,40 RO,41 CH,43 AT,44 GB,45 DK,46 SE,47 NO,48 PL,49 DE,52 MX,55 BR,90 TR,' +
  '91 IN,351 PT,352 LU,353 IE,358 FI,380 UA,385 HR,420 CZ';

const COUNTRIES: ReadonlyMap<string, string> = new Map(
  CALLING_CODES.split(',').map((entry) => entry.split(' ') as [code: string, country: string]),
);

/** `ZZ` (ISO 3166: unknown) beyond the few calling codes that the sandbox knows. */
export function countryOf(phone: string): string {
  return COUNTRIES.get(callingCodeOf(phone)) ?? 'ZZ';
}

export function callingCodeOf(phone: string): string {
  const known = [1, 2, 3].map((length) => phone.slice(0, length)).find((code) => COUNTRIES.has(code));
  return known ?? phone.slice(0, 2);
}
