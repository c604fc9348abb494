import type { UnratedReason } from '../ratings/rate.js';
import type { FreeReason } from '../ratings/regimes.js';

/** Why a quote is what it is, for programs. */
export type QuoteReason =
  | { code: 'ALLOWANCE_LEFT'; left: number; size: number; free: number }
  | { code: 'ALLOWANCE_USED_UP'; size: number }
  | { code: 'ALLOWANCE_UNCERTAIN'; messages: number }
  | { code: 'FREE'; reason: FreeReason }
  | {
      code: 'RATE';
      category: string;
      market: string | null;
      micros: number;
      currency: string;
      effectiveFrom: string;
      confidence: string;
      messages: number;
    }
  | { code: 'PARTNER_FEE' | 'TAX'; micros: number; currency: string }
  | { code: 'UNQUOTED'; reason: UnratedReason; detail: string }
  | { code: 'NOT_PRICED' };

export const QUOTE_REASON_CODES = [
  'ALLOWANCE_LEFT',
  'ALLOWANCE_USED_UP',
  'ALLOWANCE_UNCERTAIN',
  'FREE',
  'RATE',
  'PARTNER_FEE',
  'TAX',
  'UNQUOTED',
  'NOT_PRICED',
] as const satisfies readonly QuoteReason['code'][];

export const QUOTE_LANGUAGES = ['EN', 'DE'] as const;
export type QuoteLanguage = (typeof QUOTE_LANGUAGES)[number];

const FREE_TEXTS: Readonly<Record<FreeReason, Readonly<Record<QuoteLanguage, string>>>> = {
  SERVICE_ALLOWANCE: { EN: 'the free allowance has some left', DE: 'vom Freikontingent noch etwas übrig ist' },
  CONVERSATION_ALLOWANCE: { EN: 'the free allowance has some left', DE: 'vom Freikontingent noch etwas übrig ist' },
  SERVICE_FREE: { EN: 'service is free', DE: 'Service kostenlos ist' },
  CUSTOMER_SERVICE_WINDOW: {
    EN: 'the customer service window is open',
    DE: 'das Kundenservicefenster offen ist',
  },
  FREE_ENTRY_POINT: {
    EN: 'everything is free after the customer came by an ad',
    DE: 'alles kostenlos ist, nachdem der Kunde über eine Anzeige kam',
  },
  GROUP_CUSTOMER_SERVICE: {
    EN: 'the customer service window of the group is open',
    DE: 'das Kundenservicefenster der Gruppe offen ist',
  },
  CONVERSATION_CHARGED: { EN: 'the conversation is charged already', DE: 'das Gespräch schon berechnet ist' },
  NOT_BILLABLE: { EN: 'it is not billable', DE: 'es nicht berechnet wird' },
};

/** The same for people: a clause that goes on after "because", "weil". */
export function reasonText(reason: QuoteReason, language: QuoteLanguage): string {
  const isGerman = language === 'DE';
  switch (reason.code) {
    case 'ALLOWANCE_LEFT': {
      const { left, size } = reason;
      return isGerman
        ? `vom Freikontingent dieser Nummer noch ${left} von ${size} Nachrichten übrig sind`
        : `${left} of the ${size} free messages of this number are left`;
    }
    case 'ALLOWANCE_USED_UP':
      return isGerman
        ? 'das Freikontingent dieser Nummer aufgebraucht ist'
        : 'the free allowance of this number is used up';
    case 'ALLOWANCE_UNCERTAIN':
      return isGerman
        ? `${reason.messages} Nachrichten unterwegs sind, die es vielleicht nicht brauchen`
        : `${reason.messages} messages are on their way that may leave some of it`;
    case 'FREE':
      return FREE_TEXTS[reason.reason][language];
    case 'RATE': {
      const { category, market, micros, currency, confidence } = reason;
      const price = moneyText(micros, currency, language);
      const doubt = confidence === 'official' ? '' : isGerman ? ` (Quelle: ${confidence})` : ` (source: ${confidence})`;
      return isGerman
        ? `eine Nachricht der Kategorie ${category} nach ${market} ${price} kostet${doubt}`
        : `a ${category} message to ${market} costs ${price}${doubt}`;
    }
    case 'PARTNER_FEE': {
      const fee = moneyText(reason.micros, reason.currency, language);
      return isGerman ? `eine Gebühr des Partners von ${fee} dazukommt` : `a fee of the partner of ${fee} is added`;
    }
    case 'TAX': {
      const tax = moneyText(reason.micros, reason.currency, language);
      return isGerman ? `Steuer von ${tax} dazukommt` : `tax of ${tax} is added`;
    }
    case 'UNQUOTED':
      return isGerman ? `kein Preis gefunden wurde (${reason.detail})` : `no price was found (${reason.detail})`;
    case 'NOT_PRICED':
      return isGerman
        ? 'Nachrichten dieser Nummer keinen bekannten Preis haben'
        : 'messages of this number have no price that is known';
  }
}

/** With as many places as prices of messages have. */
export function moneyText(micros: number, currency: string, language: QuoteLanguage): string {
  return new Intl.NumberFormat(language === 'DE' ? 'de-DE' : 'en-GB', {
    style: 'currency',
    currency,
    minimumFractionDigits: 2,
    maximumFractionDigits: 6,
  }).format(micros / 1_000_000);
}

/** "about €0.0456, because the free allowance of this number is used up". */
export function quoteText(
  amount: { amountMicros: number; currency: string } | null,
  reasons: readonly QuoteReason[],
  language: QuoteLanguage,
): string {
  const isGerman = language === 'DE';
  const price = amount && moneyText(amount.amountMicros, amount.currency, language);
  const start = price === null ? (isGerman ? 'unbekannt' : 'not known') : `${isGerman ? 'etwa' : 'about'} ${price}`;
  const clauses = reasons.map((reason) => reasonText(reason, language)).join(isGerman ? ' und ' : ' and ');
  return `${start}, ${isGerman ? 'weil' : 'because'} ${clauses}`;
}
