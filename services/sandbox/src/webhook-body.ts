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
  name?: string;
  username?: string;
}

export type StatusName = 'sent' | 'delivered' | 'read';

export interface Pricing {
  billable: boolean;
  pricing_model: 'PMP';
  type: 'regular' | 'free_customer_service';
  category: 'service' | 'utility';
}

export interface SentMessage {
  wamid: string;
  person: Person;
  wasSentToPhone: boolean;
  callbackData?: string;
  pricing: Pricing;
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
  const { phone, bsuid, name, username } = from;
  return envelope(to, {
    contacts: [
      {
        profile: { ...(name !== undefined && { name }), ...(username !== undefined && { username }) },
        ...(phone !== undefined && { wa_id: phone }),
        user_id: bsuid,
      },
    ],
    messages: messages.map((message) => ({
      ...(phone !== undefined && { from: phone }),
      from_user_id: bsuid,
      timestamp: unixSeconds(sentAt),
      ...message,
    })),
  });
}

export function statusBody(from: Sender, message: SentMessage, status: StatusName, at: Date): object {
  const { wamid, person, wasSentToPhone, callbackData, pricing } = message;
  const showsUsername = status !== 'sent' && person.username !== undefined;
  return envelope(from, {
    contacts: [
      {
        ...(showsUsername && { profile: { username: person.username } }),
        ...(wasSentToPhone && { wa_id: person.phone }),
        user_id: person.bsuid,
      },
    ],
    statuses: [
      {
        id: wamid,
        status,
        timestamp: unixSeconds(at),
        ...(wasSentToPhone && { recipient_id: person.phone }),
        recipient_user_id: person.bsuid,
        ...(callbackData !== undefined && { biz_opaque_callback_data: callbackData }),
        ...(status !== 'read' && { pricing }),
      },
    ],
  });
}

function envelope(number: Sender, value: object): object {
  const metadata = { display_phone_number: number.displayPhoneNumber, phone_number_id: number.phoneNumberId };
  return {
    object: 'whatsapp_business_account',
    entry: [
      {
        id: number.wabaId,
        changes: [{ value: { messaging_product: 'whatsapp', metadata, ...value }, field: 'messages' }],
      },
    ],
  };
}

/** The same BSUID for the same phone, in every run. Meta's own are unique per business portfolio; the sandbox has only one. */
export function bsuidOf(phone: string): string {
  const digest = createHash('sha256').update(`fenster-sandbox:${phone}`).digest();
  return `${countryOf(phone)}.${digest.readBigUInt64BE(0).toString().padStart(20, '0')}`;
}

const CALLING_CODES =
  '1 US,7 RU,30 GR,31 NL,32 BE,33 FR,34 ES,36 HU,39 IT,40 RO,41 CH,43 AT,44 GB,45 DK,46 SE,47 NO,48 PL,49 DE,52 MX,55 BR,90 TR,' +
  '91 IN,351 PT,352 LU,353 IE,358 FI,380 UA,385 HR,420 CZ';

const COUNTRIES: ReadonlyMap<string, string> = new Map(
  CALLING_CODES.split(',').map((entry) => entry.split(' ') as [code: string, country: string]),
);

/** `ZZ` (ISO 3166: unknown) beyond the few calling codes that the sandbox knows. */
function countryOf(phone: string): string {
  return COUNTRIES.get(callingCodeOf(phone)) ?? 'ZZ';
}

export function callingCodeOf(phone: string): string {
  const known = [1, 2, 3].map((length) => phone.slice(0, length)).find((code) => COUNTRIES.has(code));
  return known ?? phone.slice(0, 2);
}
