import type { DocumentLanguage } from '@fenster/documents';
import type { ChargeLine } from '../charges/standing.js';

interface Words {
  title(month: string): string;
  issuer: string;
  none: string;
  closed(day: string): string;
  open: string;
  unrated: string;
  amount: string;
  earlier: string;
  change: string;
  expected: string;
  paid: string;
  free: string;
  perDay: string;
  byDay: string;
  byCategory: string;
  byMarket: string;
  byLine: string;
  byReason: string;
  day: string;
  category: string;
  market: string;
  line: string;
  reason: string;
  messages: string;
  otherMarkets: string;
  noMarket: string;
  categories: Readonly<Record<string, string>>;
  lines: Record<ChargeLine, string>;
  reasons: Readonly<Record<string, string>>;
  unratedReasons: Readonly<Record<string, string>>;
}

/** All that a statement says in words; what is new at the provider stands there by its own name. */
export const WORDS: Record<DocumentLanguage, Words> = {
  de: {
    title: (month) => `WhatsApp-Kosten ${month}`,
    issuer: 'Fenster',
    none: 'In diesem Monat ist nichts gebucht.',
    closed: (day) => `Dieser Monat ist abgeschlossen (${day}). Keine Zahl ändert sich mehr.`,
    open: 'Dieser Monat ist noch offen: Was später bekannt wird, kann diese Zahlen ändern.',
    unrated: 'Zugestellt, aber noch ohne Preis (in keiner Summe enthalten)',
    amount: 'Betrag',
    earlier: 'Im Monat davor',
    change: 'Veränderung',
    expected: 'Erwartet, noch nicht berechnet',
    paid: 'Kostenpflichtige Nachrichten',
    free: 'Kostenlose Nachrichten',
    perDay: 'Kosten je Tag und Kategorie',
    byDay: 'Nach Tag',
    byCategory: 'Nach Kategorie',
    byMarket: 'Nach Markt',
    byLine: 'Nach Posten',
    byReason: 'Kostenlos, und warum',
    day: 'Tag',
    category: 'Kategorie',
    market: 'Markt',
    line: 'Posten',
    reason: 'Grund',
    messages: 'Nachrichten',
    otherMarkets: 'Übrige Märkte',
    noMarket: 'Unbekannt',
    categories: {
      marketing: 'Marketing',
      marketing_lite: 'Marketing Lite',
      business_agent: 'Business Agent (Tokens)',
      utility: 'Utility',
      authentication: 'Authentifizierung',
      authentication_international: 'Authentifizierung (international)',
      service: 'Service',
      business_initiated: 'Vom Unternehmen begonnen',
      user_initiated: 'Vom Kunden begonnen',
      referral_conversion: 'Freier Einstieg',
    },
    lines: {
      MESSAGE: 'Preis von Meta',
      PARTNER_FEE: 'Gebühr des Partners',
      TAX: 'Steuer',
      TOKENS: 'Token (keine Nachrichten)',
    },
    reasons: {
      SERVICE_ALLOWANCE: 'Freikontingent der Nummer',
      CONVERSATION_ALLOWANCE: 'Freikontingent der Unterhaltungen',
      SERVICE_FREE: 'Service war kostenlos',
      CUSTOMER_SERVICE_WINDOW: 'Im Kundenservice-Fenster',
      FREE_ENTRY_POINT: 'Freier Einstieg',
      GROUP_CUSTOMER_SERVICE: 'Service in einer Gruppe',
      CONVERSATION_CHARGED: 'Unterhaltung war schon berechnet',
      NOT_BILLABLE: 'Nach Angabe von Meta nicht berechnet',
    },
    unratedReasons: {
      PRICING_MISSING: 'Meta hat keinen Preis genannt',
      PRICING_MODEL_UNKNOWN: 'Unbekanntes Preismodell',
      CATEGORY_UNKNOWN: 'Unbekannte Kategorie',
      PRICING_TYPE_UNKNOWN: 'Unbekannte Preisart',
      PRICING_TYPE_MISSING: 'Preisart fehlt',
      DELIVERY_TIME_INVALID: 'Ungültige Zeit der Zustellung',
      TIME_ZONE_UNKNOWN: 'Unbekannte Zeitzone des Kontos',
      CATEGORY_WITHOUT_RATE: 'Kategorie ohne Preis',
      RECIPIENT_COUNTRY_UNKNOWN: 'Land des Empfängers unbekannt',
      CONVERSATION_UNKNOWN: 'Unterhaltung unbekannt',
      RATE_MISSING: 'Kein Preis in dieser Währung',
    },
  },
  en: {
    title: (month) => `WhatsApp costs, ${month}`,
    issuer: 'Fenster',
    none: 'Nothing is booked in this month.',
    closed: (day) => `This month is closed (${day}). No figure changes any more.`,
    open: 'This month is still open: what becomes known later may change these figures.',
    unrated: 'Delivered, but without a price yet (in no total)',
    amount: 'Amount',
    earlier: 'The month before',
    change: 'Change',
    expected: 'Expected, not charged yet',
    paid: 'Paid messages',
    free: 'Free messages',
    perDay: 'Costs by day and category',
    byDay: 'By day',
    byCategory: 'By category',
    byMarket: 'By market',
    byLine: 'By line',
    byReason: 'Free, and why',
    day: 'Day',
    category: 'Category',
    market: 'Market',
    line: 'Line',
    reason: 'Reason',
    messages: 'Messages',
    otherMarkets: 'Other markets',
    noMarket: 'Unknown',
    categories: {
      marketing: 'Marketing',
      marketing_lite: 'Marketing Lite',
      business_agent: 'Business Agent (tokens)',
      utility: 'Utility',
      authentication: 'Authentication',
      authentication_international: 'Authentication (international)',
      service: 'Service',
      business_initiated: 'Business-initiated',
      user_initiated: 'User-initiated',
      referral_conversion: 'Free entry point',
    },
    lines: { MESSAGE: "Meta's price", PARTNER_FEE: 'Fee of the partner', TAX: 'Tax', TOKENS: 'Tokens (no messages)' },
    reasons: {
      SERVICE_ALLOWANCE: 'Free messages of the number',
      CONVERSATION_ALLOWANCE: 'Free conversations of the account',
      SERVICE_FREE: 'Service was free',
      CUSTOMER_SERVICE_WINDOW: 'In the customer service window',
      FREE_ENTRY_POINT: 'Free entry point',
      GROUP_CUSTOMER_SERVICE: 'Service in a group',
      CONVERSATION_CHARGED: 'The conversation was charged already',
      NOT_BILLABLE: 'Not charged, by the word of Meta',
    },
    unratedReasons: {
      PRICING_MISSING: 'Meta named no price',
      PRICING_MODEL_UNKNOWN: 'Unknown price model',
      CATEGORY_UNKNOWN: 'Unknown category',
      PRICING_TYPE_UNKNOWN: 'Unknown type of price',
      PRICING_TYPE_MISSING: 'No type of price',
      DELIVERY_TIME_INVALID: 'Invalid time of delivery',
      TIME_ZONE_UNKNOWN: 'Unknown time zone of the account',
      CATEGORY_WITHOUT_RATE: 'Category without a rate',
      RECIPIENT_COUNTRY_UNKNOWN: 'Unknown country of the recipient',
      CONVERSATION_UNKNOWN: 'Unknown conversation',
      RATE_MISSING: 'No rate in this currency',
    },
  },
};
