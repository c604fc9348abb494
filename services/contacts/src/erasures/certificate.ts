import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeptGround } from '@fenster/contracts';
import { writeDay, writeTime, type Block, type DocumentLanguage, type PrintableDocument } from '@fenster/documents';
import { dataWord } from './data-words.js';
import type { ServiceReport } from './erasure-reports.js';

/** What is certified; signed as it stands here. Whom it is about says the reference alone, to those who know it. */
export interface Certificate {
  erasureId: string;
  reference: string;
  issuer: string;
  confirmedAt: string;
  completedAt: string;
  backupsExpireAt: string;
  services: readonly ServiceReport[];
}

export const CERTIFICATE_TYPE = 'erasure-certificate+jwt';
const TOKEN_BYTES = 16;

/** Without it nobody finds a certificate: ids of erasures stand in logs. */
export function certificateToken(secretKey: Buffer, erasureId: string): string {
  const mac = createHmac('sha256', secretKey).update(`erasure certificate\0${erasureId}`).digest();
  return mac.subarray(0, TOKEN_BYTES).toString('base64url');
}

export function isCertificateToken(secretKey: Buffer, erasureId: string, token: string): boolean {
  const [given, right] = [Buffer.from(token), Buffer.from(certificateToken(secretKey, erasureId))];
  return given.length === right.length && timingSafeEqual(given, right);
}

/** What the person gets who asked to be forgotten. */
export function certificateDocument(
  certificate: Certificate,
  jws: string,
  jwksUrl: string,
  language: DocumentLanguage,
): PrintableDocument {
  const words = WORDS[language];
  const { services } = certificate;
  const time = (at: string) => writeTime(language, new Date(at));
  const erased = services.flatMap(({ service, erased: items }) =>
    items.map(({ what, count }) => [dataWord(language, what), service, String(count ?? 0)]),
  );
  const kept = services.flatMap(({ service, kept: items }) =>
    items.map(({ what, count, ground, until }) => [
      dataWord(language, what),
      `${words.grounds[ground]} (${service})`,
      until ? writeDay(language, until) : words.asLong,
      String(count),
    ]),
  );
  const keptBlocks: Block[] = [
    { kind: 'paragraph', text: words.keptText },
    {
      kind: 'table',
      caption: words.keptCaption,
      columns: [
        { title: words.data, share: 4 },
        { title: words.ground, share: 6 },
        { title: words.until, share: 3 },
        { title: words.count, isNumber: true, share: 3 },
      ],
      rows: kept,
    },
  ];
  return {
    language,
    title: words.title,
    issuer: certificate.issuer,
    issuedAt: new Date(certificate.completedAt),
    reference: certificate.reference,
    blocks: [
      { kind: 'notice', tone: 'good', text: words.done(time(certificate.completedAt)) },
      { kind: 'paragraph', text: words.intro },
      {
        kind: 'facts',
        facts: [
          { term: words.confirmed, text: time(certificate.confirmedAt) },
          { term: words.completed, text: time(certificate.completedAt) },
          { term: words.backups, text: words.backupsText(writeDay(language, new Date(certificate.backupsExpireAt))) },
        ],
      },
      { kind: 'heading', text: words.erasedTitle },
      {
        kind: 'table',
        caption: words.erasedCaption,
        columns: [
          { title: words.data, share: 5 },
          { title: words.service, share: 3 },
          { title: words.count, isNumber: true, share: 2 },
        ],
        rows: erased,
      },
      { kind: 'heading', text: words.keptTitle },
      ...(kept.length > 0 ? keptBlocks : [{ kind: 'paragraph', text: words.nothing } as const]),
      { kind: 'heading', text: words.check },
      { kind: 'facts', facts: [{ term: words.keys, text: jwksUrl, href: jwksUrl }] },
      { kind: 'code', label: words.signed, text: jws },
    ],
  };
}

interface Words {
  title: string;
  done: (at: string) => string;
  intro: string;
  confirmed: string;
  completed: string;
  backups: string;
  backupsText: (until: string) => string;
  erasedTitle: string;
  erasedCaption: string;
  keptTitle: string;
  keptCaption: string;
  keptText: string;
  nothing: string;
  data: string;
  service: string;
  count: string;
  ground: string;
  until: string;
  asLong: string;
  check: string;
  keys: string;
  signed: string;
  grounds: Record<KeptGround, string>;
}

const WORDS: Record<DocumentLanguage, Words> = {
  de: {
    title: 'Bescheinigung über die Löschung Ihrer Daten',
    done: (at) => `Ihre personenbezogenen Daten sind gelöscht (Art. 17 DSGVO): ${at}.`,
    intro:
      'Diese Bescheinigung nennt Sie nicht: Wer sie sieht, erfährt nicht, um wen es geht. Die Kennung steht für Ihren Antrag.',
    confirmed: 'Angeordnet',
    completed: 'Abgeschlossen',
    backups: 'Sicherungskopien',
    backupsText: (until) =>
      `Was in Sicherungskopien noch steht, ist mit ihnen spätestens am ${until} gelöscht. Wird vorher eine eingespielt, wird erneut gelöscht.`,
    erasedTitle: 'Was gelöscht wurde',
    erasedCaption: 'Gelöschte Daten, je Dienst',
    keptTitle: 'Was bleibt, und warum',
    keptCaption: 'Bleibende Daten, je Grund',
    keptText: 'Ohne Namen, Nummer und Inhalt: Nichts davon führt ohne Ihre Mithilfe noch zu Ihnen.',
    nothing: 'Es bleibt nichts.',
    data: 'Daten',
    service: 'Dienst',
    count: 'Anzahl',
    ground: 'Grund',
    until: 'Bis',
    asLong: 'solange der Grund besteht',
    check: 'Echtheit prüfen',
    keys: 'Öffentliche Schlüssel',
    signed: 'Signatur (JWS, Ed25519)',
    grounds: {
      ACCOUNTING: 'Aufbewahrung von Buchungsbelegen, Art. 17 Abs. 3 lit. b DSGVO, § 147 AO',
      CONSENT_PROOF: 'Nachweis der Einwilligung, Art. 7 Abs. 1, Art. 17 Abs. 3 lit. e DSGVO',
      ACCOUNTABILITY: 'Nachweis, wer Daten gesehen hat, Art. 5 Abs. 2 DSGVO',
      SUPPRESSION: 'Damit Sie gelöscht bleiben und ein Widerspruch weiter gilt, Art. 21 Abs. 3 DSGVO',
      LEGAL_HOLD: 'Für Rechtsansprüche oder auf behördliche Anordnung, Art. 17 Abs. 3 lit. b und e DSGVO',
    },
  },
  en: {
    title: 'Certificate of erasure of your data',
    done: (at) => `Your personal data have been erased (Art. 17 GDPR): ${at}.`,
    intro:
      'This certificate does not name you: whoever sees it does not learn who it is about. The reference stands for your request.',
    confirmed: 'Ordered',
    completed: 'Completed',
    backups: 'Backups',
    backupsText: (until) =>
      `What backups still hold is gone with them on ${until} at the latest. If one is restored before, it is erased again.`,
    erasedTitle: 'What was erased',
    erasedCaption: 'Data erased, by service',
    keptTitle: 'What stays, and why',
    keptCaption: 'Data kept, by ground',
    keptText: 'Without name, number and content: nothing of it leads to you any more without your help.',
    nothing: 'Nothing stays.',
    data: 'Data',
    service: 'Service',
    count: 'Count',
    ground: 'Ground',
    until: 'Until',
    asLong: 'as long as the ground holds',
    check: 'Check that it is genuine',
    keys: 'Public keys',
    signed: 'Signature (JWS, Ed25519)',
    grounds: {
      ACCOUNTING: 'Accounts have to be kept, Art. 17(3)(b) GDPR, § 147 AO',
      CONSENT_PROOF: 'Proof of consent, Art. 7(1), 17(3)(e) GDPR',
      ACCOUNTABILITY: 'Proof of who has seen data, Art. 5(2) GDPR',
      SUPPRESSION: 'So that you stay erased and an objection holds, Art. 21(3) GDPR',
      LEGAL_HOLD: 'For legal claims, or by order of an authority, Art. 17(3)(b) and (e) GDPR',
    },
  },
};
