import { writeDay, writeTime, type Block, type DocumentLanguage, type PrintableDocument } from '@fenster/documents';
import { DAYS_OF_FILES } from '@fenster/jobs';
import { dataPath, pagePath, type ArchiveFacts, type RecordSet } from './archive.js';

/** On one page of the readable part. */
export const PAGE_RECORDS = 500;

type Field = 'time' | 'who' | 'text' | 'name' | 'value' | 'kind' | 'amount' | 'purpose' | 'said';
type Found = Record<string, unknown>;

interface ShownKind {
  /** Which columns, how wide, and from which field of a record; times are recognised by their form. */
  columns: readonly { title: Field; share: number; read: (record: Found) => unknown }[];
}

const column = (title: Field, share: number, ...keys: string[]) => ({
  title,
  share,
  read: (record: Found) => keys.map((key) => record[key]).find((value) => value != null && value !== ''),
});

/** What people read in a browser; the rest, which says little to them, is in the JSON alone. */
const SHOWN: Readonly<Record<string, ShownKind>> = {
  contact: { columns: [column('name', 3, 'name'), column('value', 3, 'email'), column('time', 3, 'knownSince')] },
  names: { columns: [column('kind', 2, 'kind'), column('value', 4, 'value'), column('time', 3, 'validFrom')] },
  attributes: {
    columns: [
      column('name', 2, 'name'),
      column('value', 3, 'value'),
      column('purpose', 3, 'purpose'),
      column('time', 3, 'changedAt'),
    ],
  },
  newsletters: {
    columns: [column('name', 4, 'name'), column('time', 3, 'sentAt'), column('kind', 2, 'state')],
  },
  labels: { columns: [column('name', 4, 'name'), column('time', 3, 'setAt')] },
  link_uses: { columns: [column('name', 4, 'name'), column('value', 4, 'campaign'), column('time', 3, 'usedAt')] },
  contact_notes: { columns: [column('time', 3, 'writtenAt'), column('text', 7, 'text')] },
  contact_files: {
    columns: [column('name', 4, 'name'), column('purpose', 4, 'purpose'), column('time', 3, 'addedAt')],
  },
  consents: {
    columns: [
      column('time', 3, 'at'),
      column('purpose', 2, 'purpose'),
      column('said', 2, 'said'),
      column('text', 5, 'text'),
    ],
  },
  messages: {
    columns: [column('time', 3, 'sentAt'), column('who', 2, 'by'), column('text', 7, 'text', 'content', 'type')],
  },
  notes: { columns: [column('time', 3, 'writtenAt'), column('text', 7, 'text')] },
  drafts: { columns: [column('time', 3, 'writtenAt'), column('text', 7, 'text')] },
  held_messages: { columns: [column('time', 3, 'writtenAt'), column('text', 7, 'text', 'content')] },
  survey_answers: {
    columns: [column('time', 3, 'answeredAt'), column('value', 1, 'score'), column('text', 5, 'comment')],
  },
  files: { columns: [column('time', 3, 'receivedAt'), column('kind', 2, 'kind'), column('name', 4, 'fileName', 'id')] },
  costs: {
    columns: [
      column('time', 3, 'day'),
      column('kind', 3, 'category'),
      column('amount', 2, 'amount'),
      column('value', 1, 'currency'),
    ],
  },
  accesses: { columns: [column('time', 3, 'at'), column('kind', 4, 'action'), column('who', 2, 'by')] },
};

export function shownKind(kind: string): boolean {
  return SHOWN[kind] !== undefined;
}

/** Some records of one kind. */
export function pageDocument(
  facts: ArchiveFacts,
  { kind }: Pick<RecordSet, 'kind'>,
  { page, records }: { page: number; records: readonly Found[] },
): PrintableDocument {
  const { language } = facts;
  const words = WORDS[language];
  const { columns } = SHOWN[kind]!;
  const title = titleOf(language, kind);
  return {
    ...frameOf(facts),
    title: page === 1 ? title : `${title} (${page})`,
    blocks: [
      {
        kind: 'table',
        caption: title,
        columns: columns.map((each) => ({ title: words.fields[each.title], share: each.share })),
        rows: records.map((record) => columns.map(({ read }) => write(language, read(record)))),
      },
    ],
  };
}

/** What it is, what is in it, what is not and why, and how to check it. */
export function overviewDocument(facts: ArchiveFacts, sets: readonly RecordSet[]): PrintableDocument {
  const { language, controller, receivedAt, jwksUrl } = facts;
  const words = WORDS[language];
  const who: Block[] = controller
    ? [
        { kind: 'heading', text: words.controllerTitle },
        {
          kind: 'facts',
          facts: [
            { term: words.controller, text: `${controller.name}\n${controller.address}` },
            { term: words.contact, text: controller.email },
            ...(controller.privacyOfficer ? [{ term: words.officer, text: controller.privacyOfficer }] : []),
          ],
        },
      ]
    : [];
  return {
    ...frameOf(facts),
    title: words.title,
    blocks: [
      { kind: 'paragraph', text: words.intro(writeDay(language, receivedAt)) },
      ...who,
      { kind: 'heading', text: words.contentsTitle },
      {
        kind: 'table',
        caption: words.contentsTitle,
        columns: [
          { title: words.what, share: 4 },
          { title: words.count, isNumber: true, share: 1 },
          { title: words.where, share: 6 },
        ],
        rows: sets.map((set) => [titleOf(language, set.kind), String(set.count), placesOf(set)]),
      },
      { kind: 'heading', text: words.aboutTitle },
      { kind: 'list', items: words.about },
      { kind: 'heading', text: words.rightsTitle },
      { kind: 'list', items: words.rights },
      { kind: 'heading', text: words.checkTitle },
      { kind: 'paragraph', text: words.check(DAYS_OF_FILES) },
      { kind: 'facts', facts: [{ term: words.keys, text: jwksUrl, href: jwksUrl }] },
    ],
  };
}

function frameOf({
  language,
  controller,
  issuedAt,
  reference,
}: ArchiveFacts): Omit<PrintableDocument, 'title' | 'blocks'> {
  const issuer = controller ? `${controller.name}, ${controller.address}` : 'Fenster';
  return { language, issuer, issuedAt, reference };
}

function placesOf(set: RecordSet): string {
  const pages = shownKind(set.kind) ? Math.ceil(set.count / PAGE_RECORDS) : 0;
  const first = pages === 0 ? [] : [pagePath(set, 1)];
  return [...first, ...(pages > 1 ? [`… ${pagePath(set, pages)}`] : []), dataPath(set)].join('\n');
}

function titleOf(language: DocumentLanguage, kind: string): string {
  return WORDS[language].kinds[kind] ?? kind;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

function write(language: DocumentLanguage, value: unknown): string {
  if (value == null) return '';
  if (typeof value === 'string') {
    if (TIME.test(value)) return writeTime(language, new Date(value));
    return WORDS[language].values[value] ?? value;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value as number | boolean);
}

interface Words {
  title: string;
  intro: (receivedOn: string) => string;
  controllerTitle: string;
  controller: string;
  contact: string;
  officer: string;
  contentsTitle: string;
  what: string;
  count: string;
  where: string;
  aboutTitle: string;
  about: string[];
  rightsTitle: string;
  rights: string[];
  checkTitle: string;
  check: (days: number) => string;
  keys: string;
  fields: Record<Field, string>;
  kinds: Record<string, string>;
  values: Record<string, string>;
}

const WORDS: Record<DocumentLanguage, Words> = {
  de: {
    title: 'Kopie Ihrer Daten',
    intro: (receivedOn) =>
      `Sie haben am ${receivedOn} eine Kopie Ihrer personenbezogenen Daten verlangt (Art. 15 und 20 DSGVO). Dieses Archiv enthält, was wir über Sie gespeichert haben: zum Lesen als Seiten (Ordner „pages“), für andere Programme als JSON (Ordner „data“), dazu Ihre Dateien („media“) und Ihre Einwilligungsbelege („receipts“).`,
    controllerTitle: 'Wer verantwortlich ist',
    controller: 'Verantwortlich',
    contact: 'Kontakt',
    officer: 'Datenschutz',
    contentsTitle: 'Was in diesem Archiv ist',
    what: 'Daten',
    count: 'Anzahl',
    where: 'Datei',
    aboutTitle: 'Was darin steht und was nicht',
    about: [
      'Interne Notizen unserer Mitarbeitenden über Sie gehören dazu: Auch Einschätzungen sind Daten über Sie.',
      'Namen unserer Mitarbeitenden stehen nicht darin: Sie haben für uns gehandelt, und es sind deren Daten (Art. 15 Abs. 4 DSGVO). Wer geschrieben hat, steht als „Mitarbeitende“.',
      'Die Rohdaten des Nachrichtendienstes sind nicht noch einmal enthalten: Was sie über Sie sagen, steht in den Nachrichten.',
      'Empfänger Ihrer Nachrichten und Nummer ist auch der Betreiber des Dienstes, über den Sie uns schreiben, etwa WhatsApp. Woher die Daten stammen: von Ihnen, vom Betreiber dieses Dienstes oder von unseren Mitarbeitenden.',
      'Wann jemand bei uns Ihre Daten angesehen hat, steht unter „Zugriffe auf Ihre Daten“.',
    ],
    rightsTitle: 'Ihre Rechte',
    rights: [
      'Berichtigung, Löschung, Einschränkung der Verarbeitung und Widerspruch (Art. 16, 17, 18, 21 DSGVO): Schreiben Sie uns.',
      'Eine Einwilligung widerrufen Sie jederzeit, zum Beispiel mit STOP.',
      'Sie können sich bei einer Datenschutz-Aufsichtsbehörde beschweren (Art. 77 DSGVO).',
    ],
    checkTitle: 'Echtheit prüfen',
    check: (days) =>
      `manifest.json nennt jede Datei mit ihrer Prüfsumme (SHA-256); manifest.jws ist dasselbe, mit unserer Signatur (JWS, Ed25519). Auf unseren Servern liegt dieses Archiv ${days} Tage lang.`,
    keys: 'Öffentliche Schlüssel',
    fields: {
      time: 'Zeit',
      who: 'Von',
      text: 'Inhalt',
      name: 'Name',
      value: 'Wert',
      kind: 'Art',
      amount: 'Betrag',
      purpose: 'Zweck',
      said: 'Erklärung',
    },
    kinds: {
      contact: 'Kontakt',
      names: 'Nummern und Namen, unter denen wir Sie kennen',
      identities: 'Kennungen in Gesprächen',
      attributes: 'Merkmale',
      activity: 'Wann Sie und wir zuletzt geschrieben haben',
      newsletters: 'Newsletter',
      merges: 'Zusammengeführte Kontakte',
      labels: 'Etiketten',
      link_uses: 'Benutzte Links und QR-Codes',
      contact_notes: 'Interne Notizen zum Kontakt',
      contact_files: 'Dateien zum Kontakt',
      consents: 'Einwilligungen und Widerrufe',
      receipts: 'Einwilligungsbelege',
      requests: 'Ihre Anträge',
      conversations: 'Gespräche',
      messages: 'Nachrichten',
      earlier_versions: 'Frühere Fassungen von Nachrichten',
      notes: 'Interne Notizen zu Gesprächen',
      drafts: 'Entwürfe',
      held_messages: 'Zurückgehaltene Nachrichten',
      survey_answers: 'Antworten auf Umfragen',
      activities: 'Bearbeitungsschritte',
      privacy_notices: 'Gegebene Datenschutzhinweise',
      files: 'Dateien',
      deliveries: 'Zustellung unserer Nachrichten',
      costs: 'Kosten von Nachrichten',
      accesses: 'Zugriffe auf Ihre Daten',
    },
    values: {
      you: 'Sie',
      colleague: 'Mitarbeitende',
      automatic: 'automatisch',
      program: 'Programm',
      api_key: 'Programm',
      system: 'automatisch',
    },
  },
  en: {
    title: 'Copy of your data',
    intro: (receivedOn) =>
      `On ${receivedOn} you asked for a copy of your personal data (Art. 15 and 20 GDPR). This archive has what we have stored about you: to be read as pages (folder “pages”), for other programs as JSON (folder “data”), with your files (“media”) and your consent receipts (“receipts”).`,
    controllerTitle: 'Who is responsible',
    controller: 'Controller',
    contact: 'Contact',
    officer: 'Data protection',
    contentsTitle: 'What is in this archive',
    what: 'Data',
    count: 'Count',
    where: 'File',
    aboutTitle: 'What it says, and what not',
    about: [
      'Internal notes of our staff about you are in it: what somebody thinks of you is data about you, too.',
      'Names of our staff are not: they acted for us, and their names are their own data (Art. 15(4) GDPR). Who wrote is called “staff”.',
      'Raw data of the messaging service are not in it a second time: what they say of you is in the messages.',
      'Whoever runs the service over which you write to us, such as WhatsApp, gets your messages and your number, too. The data come from you, from whoever runs that service, or from our staff.',
      'When somebody here looked at your data is under “Accesses to your data”.',
    ],
    rightsTitle: 'Your rights',
    rights: [
      'Rectification, erasure, restriction of processing and objection (Art. 16, 17, 18, 21 GDPR): write to us.',
      'You can withdraw a consent at any time, for example with STOP.',
      'You can complain to a data protection authority (Art. 77 GDPR).',
    ],
    checkTitle: 'Check that it is genuine',
    check: (days) =>
      `manifest.json names each file with its checksum (SHA-256); manifest.jws is the same with our signature (JWS, Ed25519). This archive stays on our servers for ${days} days.`,
    keys: 'Public keys',
    fields: {
      time: 'Time',
      who: 'By',
      text: 'Content',
      name: 'Name',
      value: 'Value',
      kind: 'Kind',
      amount: 'Amount',
      purpose: 'Purpose',
      said: 'Statement',
    },
    kinds: {
      contact: 'Contact',
      names: 'Numbers and names by which we know you',
      identities: 'Ids in conversations',
      attributes: 'Attributes',
      activity: 'When you and we wrote last',
      newsletters: 'Newsletters',
      merges: 'Merged contacts',
      labels: 'Labels',
      link_uses: 'Links and QR codes used',
      contact_notes: 'Internal notes on the contact',
      contact_files: 'Files of the contact',
      consents: 'Consents and withdrawals',
      receipts: 'Consent receipts',
      requests: 'Your requests',
      conversations: 'Conversations',
      messages: 'Messages',
      earlier_versions: 'Earlier versions of messages',
      notes: 'Internal notes on conversations',
      drafts: 'Drafts',
      held_messages: 'Held messages',
      survey_answers: 'Answers to surveys',
      activities: 'Steps of work',
      privacy_notices: 'Privacy notices given',
      files: 'Files',
      deliveries: 'Delivery of our messages',
      costs: 'Costs of messages',
      accesses: 'Accesses to your data',
    },
    values: {
      you: 'you',
      colleague: 'staff',
      automatic: 'automatic',
      program: 'program',
      api_key: 'program',
      system: 'automatic',
    },
  },
};
