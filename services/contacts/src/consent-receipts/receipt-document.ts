import type { ConsentEventKind, ConsentSource, ConsentState } from '@fenster/contracts';
import { writeDay, writeTime, type Block, type DocumentLanguage, type PrintableDocument } from '@fenster/documents';
import type { ConsentReceipt, ReceiptEntry } from './receipt.js';

/** A receipt as it is when somebody looks at it. */
export interface CheckedReceipt {
  receipt: ConsentReceipt;
  jws: string;
  /** Signed by a key of this installation, and nothing of it is other than in the ledger. */
  isGenuine: boolean;
  /** Of the address, as far as it may be shown; null once nobody has it any more. */
  address: string | null;
  state: ConsentState;
  since: Date;
  /** All that was said until now, the first first: later things are in no receipt that was given out before. */
  entries: readonly Pick<ReceiptEntry, 'seq' | 'kind' | 'source' | 'occurredAt'>[];
  purposeKey: string;
  checkedAt: Date;
}

/** What the person reads, prints and keeps. */
export function receiptDocument(checked: CheckedReceipt, language: DocumentLanguage): PrintableDocument {
  const { receipt, jws, address, isGenuine } = checked;
  const words = WORDS[language];
  const [controller] = receipt.pii_controllers;
  const [purpose] = receipt.purposes;
  const { uri: url, jwks_uri: jwksUrl } = receipt.verification;
  const { uri: noticeUrl, version: noticeVersion } = receipt.privacy_notice;
  return {
    language,
    title: words.title,
    issuer: controller!.name,
    issuedAt: new Date(receipt.issued_at),
    reference: receipt.receipt_id,
    blocks: [
      standing(checked, language),
      ...(isGenuine ? [] : [{ kind: 'notice', tone: 'bad', text: words.forged } as const]),
      {
        kind: 'facts',
        facts: [
          { term: words.purpose, text: words.purposes[purpose!.purpose_id] ?? purpose!.purpose },
          { term: words.address, text: address ?? words.noAddress },
          { term: words.controller, text: `${controller!.name}\n${controller!.address}` },
          {
            term: words.contact,
            text: [controller!.email, controller!.privacy_officer ?? ''].filter(Boolean).join('\n'),
          },
          { term: words.basis, text: words.consentBasis },
          { term: words.notice, text: `${noticeUrl} (${words.version} ${noticeVersion})`, href: noticeUrl },
        ],
      },
      { kind: 'heading', text: words.read },
      { kind: 'quote', text: receipt.consent_text.text, language: receipt.language },
      { kind: 'heading', text: words.history },
      {
        kind: 'table',
        caption: words.historyCaption,
        columns: [
          { title: words.when, share: 4 },
          { title: words.what, share: 4 },
          { title: words.how, share: 3 },
        ],
        rows: checked.entries.map(({ kind, source, occurredAt }) => [
          writeTime(language, occurredAt),
          words.kinds[kind],
          words.sources[source],
        ]),
      },
      { kind: 'heading', text: words.withdraw },
      { kind: 'paragraph', text: words.howToWithdraw(controller!.email) },
      { kind: 'heading', text: words.check },
      { kind: 'paragraph', text: words.howToCheck },
      {
        kind: 'facts',
        facts: [
          { term: words.checkAt, text: url, href: url },
          { term: words.keysAt, text: jwksUrl, href: jwksUrl },
          { term: words.ledger, text: receipt.events.map(({ integrity }) => integrity.ledger_position).join(', ') },
        ],
      },
      { kind: 'code', label: words.signed, text: jws },
    ],
  };
}

function standing({ state, since, checkedAt }: CheckedReceipt, language: DocumentLanguage): Block {
  const words = WORDS[language];
  const text = words.states[state](writeDay(language, since));
  const tone = state === 'CONFIRMED' ? 'good' : 'bad';
  return { kind: 'notice', tone, text: `${text}\n${words.asOf} ${writeTime(language, checkedAt)}` };
}

interface Words {
  title: string;
  forged: string;
  purpose: string;
  /** Of the purposes that every workspace has. */
  purposes: Readonly<Record<string, string>>;
  address: string;
  noAddress: string;
  controller: string;
  contact: string;
  basis: string;
  consentBasis: string;
  notice: string;
  version: string;
  read: string;
  history: string;
  historyCaption: string;
  when: string;
  what: string;
  how: string;
  kinds: Readonly<Record<ConsentEventKind, string>>;
  sources: Readonly<Record<ConsentSource, string>>;
  states: Readonly<Record<ConsentState, (since: string) => string>>;
  asOf: string;
  withdraw: string;
  howToWithdraw: (email: string) => string;
  check: string;
  howToCheck: string;
  checkAt: string;
  keysAt: string;
  ledger: string;
  signed: string;
}

const WORDS: Record<DocumentLanguage, Words> = {
  de: {
    title: 'Beleg über Ihre Einwilligung',
    forged: 'Vorsicht: Die Unterschrift passt nicht zu diesem Beleg. Verlassen Sie sich nicht auf ihn.',
    purpose: 'Wofür',
    purposes: {
      service: 'Service',
      order_updates: 'Nachrichten zu Ihren Bestellungen und Terminen',
      marketing: 'Werbung',
    },
    address: 'Ihre Adresse',
    noAddress: 'nicht mehr gespeichert',
    controller: 'Verantwortlich',
    contact: 'Kontakt',
    basis: 'Rechtsgrundlage',
    consentBasis: 'Ihre Einwilligung (Art. 6 Abs. 1 Buchst. a DSGVO)',
    notice: 'Datenschutzhinweise',
    version: 'Fassung',
    read: 'Das haben Sie gelesen',
    history: 'Verlauf',
    historyCaption: 'Was zu dieser Einwilligung gesagt wurde',
    when: 'Wann',
    what: 'Was',
    how: 'Wie',
    kinds: {
      REQUESTED: 'Angefragt',
      CONFIRMED: 'Von Ihnen bestätigt',
      REFUSED: 'Von Ihnen abgelehnt',
      WITHDRAWN: 'Von Ihnen widerrufen',
      EXPIRED: 'Anfrage ohne Antwort abgelaufen',
      PLATFORM_STOPPED: 'Werbung in WhatsApp angehalten',
      PLATFORM_RESUMED: 'Werbung in WhatsApp wieder erlaubt',
      IMPORTED_UNKNOWN: 'Ohne Nachweis übernommen',
    },
    sources: {
      FORM: 'Formular',
      KEYWORD: 'Nachricht von Ihnen',
      QR: 'QR-Code',
      IMPORT: 'Übernahme von Daten',
      AGENT: 'Von uns aufgenommen',
      PLATFORM: 'WhatsApp',
    },
    states: {
      CONFIRMED: (since) => `Diese Einwilligung gilt seit dem ${since}.`,
      WITHDRAWN: (since) => `Diese Einwilligung gilt nicht mehr: Sie haben sie am ${since} widerrufen.`,
      REFUSED: (since) => `Diese Einwilligung gilt nicht: Sie haben sie am ${since} abgelehnt.`,
      PLATFORM_STOPPED: (since) => `Diese Einwilligung ruht: Sie haben Werbung am ${since} in WhatsApp angehalten.`,
      REQUESTED: (since) => `Diese Einwilligung gilt noch nicht: Sie ist seit dem ${since} angefragt.`,
      EXPIRED: (since) => `Diese Einwilligung gilt nicht: Die Anfrage ist am ${since} abgelaufen.`,
      UNKNOWN: (since) => `Diese Einwilligung gilt nicht: Seit dem ${since} ist sie ohne Nachweis.`,
    },
    asOf: 'Stand:',
    withdraw: 'So widerrufen Sie',
    howToWithdraw: (email) =>
      `Antworten Sie uns im Chat mit STOP, oder schreiben Sie an ${email}. Das kostet Sie nichts und geht jederzeit. Was wir bis dahin getan haben, bleibt rechtmäßig.`,
    check: 'So prüfen Sie diesen Beleg',
    howToCheck:
      'Unter dieser Adresse steht, ob der Beleg echt ist und ob die Einwilligung noch gilt. Der Beleg ist unterschrieben (Ed25519); wer unsere Schlüssel hat, kann die Unterschrift auch ohne uns prüfen.',
    checkAt: 'Prüfen',
    keysAt: 'Schlüssel',
    ledger: 'Nummern im Verzeichnis',
    signed: 'Unterschriebener Beleg (JWS)',
  },
  en: {
    title: 'Receipt of your consent',
    forged: 'Beware: the signature does not fit this receipt. Do not rely on it.',
    purpose: 'What for',
    purposes: {
      service: 'Service',
      order_updates: 'Messages about your orders and appointments',
      marketing: 'Marketing',
    },
    address: 'Your address',
    noAddress: 'not stored any more',
    controller: 'Controller',
    contact: 'Contact',
    basis: 'Legal basis',
    consentBasis: 'Your consent (Art. 6(1)(a) GDPR)',
    notice: 'Privacy notice',
    version: 'version',
    read: 'What you read',
    history: 'History',
    historyCaption: 'What was said about this consent',
    when: 'When',
    what: 'What',
    how: 'How',
    kinds: {
      REQUESTED: 'Asked',
      CONFIRMED: 'Confirmed by you',
      REFUSED: 'Refused by you',
      WITHDRAWN: 'Withdrawn by you',
      EXPIRED: 'Question ended without an answer',
      PLATFORM_STOPPED: 'Marketing stopped in WhatsApp',
      PLATFORM_RESUMED: 'Marketing allowed again in WhatsApp',
      IMPORTED_UNKNOWN: 'Taken over without proof',
    },
    sources: {
      FORM: 'Form',
      KEYWORD: 'Message from you',
      QR: 'QR code',
      IMPORT: 'Import of data',
      AGENT: 'Noted by us',
      PLATFORM: 'WhatsApp',
    },
    states: {
      CONFIRMED: (since) => `This consent has been in force since ${since}.`,
      WITHDRAWN: (since) => `This consent is no longer in force: you withdrew it on ${since}.`,
      REFUSED: (since) => `This consent is not in force: you refused it on ${since}.`,
      PLATFORM_STOPPED: (since) => `This consent is suspended: you stopped marketing in WhatsApp on ${since}.`,
      REQUESTED: (since) => `This consent is not in force yet: you were asked on ${since}.`,
      EXPIRED: (since) => `This consent is not in force: the question ended without an answer on ${since}.`,
      UNKNOWN: (since) => `This consent is not in force: since ${since} there has been no proof of it.`,
    },
    asOf: 'As of',
    withdraw: 'How to withdraw it',
    howToWithdraw: (email) =>
      `Reply STOP in the chat, or write to ${email}. It costs you nothing, and you can do it at any time. What we did before remains lawful.`,
    check: 'How to check this receipt',
    howToCheck:
      'This address says whether the receipt is genuine and whether the consent is still in force. The receipt is signed (Ed25519); whoever has our keys can check the signature without us.',
    checkAt: 'Check',
    keysAt: 'Keys',
    ledger: 'Places in the ledger',
    signed: 'Signed receipt (JWS)',
  },
};
