import type { PurposeKind, RetentionClass } from '@fenster/contracts';
import { writeTime, type Block, type DocumentLanguage, type Fact, type PrintableDocument } from '@fenster/documents';
import { DATA_WORDS } from '../erasures/data-words.js';
import { DATA_INVENTORY, type InventoryKind, type Keeping, type StoredData } from './data-inventory.js';
import type { ProcessingChannel, ProcessingFacts } from './processing-facts.js';
import { transferTo, type Transfer } from './transfer.rule.js';

/** The record of processing activities of a controller (GDPR Art. 30(1)), and where its data flow. */
export function processingRecord(facts: ProcessingFacts, language: DocumentLanguage): PrintableDocument {
  const words = WORDS[language];
  const { controller, workspaceId, generatedAt } = facts;
  return {
    language,
    title: words.title,
    issuer: controller ? `${controller.name}, ${controller.address}` : 'Fenster',
    issuedAt: generatedAt,
    reference: workspaceId,
    blocks: [
      ...missingIn(facts).map((what): Block => ({ kind: 'notice', tone: 'bad', text: words.missing[what] })),
      { kind: 'paragraph', text: words.intro(writeTime(language, generatedAt)) },
      { kind: 'heading', text: words.controllerTitle },
      { kind: 'facts', facts: controllerFacts(facts, words) },
      ...activities(facts, language),
      { kind: 'heading', text: words.ownTitle },
      ...ownData(facts, words),
      { kind: 'heading', text: words.processorsTitle },
      ...processors(facts, language),
      { kind: 'heading', text: words.storedTitle },
      ...stored(facts, language),
      { kind: 'heading', text: words.flowsTitle },
      {
        kind: 'table',
        caption: words.flowsTitle,
        columns: [
          { title: words.from, share: 3 },
          { title: words.to, share: 3 },
          { title: words.data, share: 4 },
          { title: words.protection, share: 4 },
        ],
        rows: words.flows({ ...facts.days, carriers: carriersOf(facts) }),
      },
      { kind: 'heading', text: words.measuresTitle },
      { kind: 'list', items: words.measures(facts.days) },
      { kind: 'paragraph', text: words.toCheck },
    ],
  };
}

type Missing = 'CONTROLLER' | 'LOCATION' | 'PROCESSORS' | 'RETENTION';

/** What a supervisory authority would ask for, and nobody has configured. */
function missingIn({ controller, dataLocation, channels, rules }: ProcessingFacts): Missing[] {
  return [
    ...(controller ? [] : ['CONTROLLER' as const]),
    ...(dataLocation === null ? ['LOCATION' as const] : []),
    ...(channels.some(({ processors }) => processors === null) ? ['PROCESSORS' as const] : []),
    ...(rules.has('MESSAGES') ? [] : ['RETENTION' as const]),
  ];
}

function controllerFacts({ controller }: ProcessingFacts, words: Words): Fact[] {
  return [
    { term: words.name, text: controller?.name ?? words.unknown },
    { term: words.address, text: controller?.address ?? words.unknown },
    { term: words.email, text: controller?.email ?? words.unknown },
    { term: words.officer, text: controller?.privacyOfficer ?? words.none },
  ];
}

/** Each with all that Art. 30(1) b–f asks for. */
function activities(facts: ProcessingFacts, language: DocumentLanguage): Block[] {
  const words = WORDS[language];
  const names = namesOf(language);
  const keptOf = (what: InventoryKind) => `${names[what]}: ${keptText(DATA_INVENTORY[what].kept, facts, words)}`;
  return words.activities.flatMap(({ title, kept, ...said }): Block[] => [
    { kind: 'heading', text: title },
    {
      kind: 'facts',
      facts: [
        { term: words.purpose, text: said.purpose },
        { term: words.basis, text: said.basis },
        { term: words.subjects, text: said.subjects },
        { term: words.data, text: said.data },
        { term: words.recipients, text: said.recipients },
        { term: words.erasedAfter, text: kept.map(keptOf).join('\n') },
      ],
    },
  ]);
}

/** What this workspace alone keeps: its attributes, and what it asks people for. */
function ownData(facts: ProcessingFacts, words: Words): Block[] {
  const { attributes, purposes } = facts;
  const ofAttributes: Block = {
    kind: 'table',
    caption: words.attributes,
    columns: [
      { title: words.name, share: 3 },
      { title: words.purpose, share: 5 },
      { title: words.erasedAfter, share: 5 },
    ],
    rows: attributes.map(({ name, purpose, retentionClass }) => [
      name,
      purpose,
      keptText(`ATTRIBUTES_${retentionClass}`, facts, words),
    ]),
  };
  return [
    attributes.length > 0 ? ofAttributes : { kind: 'paragraph', text: words.noAttributes },
    {
      kind: 'table',
      caption: words.purposes,
      columns: [
        { title: words.name, share: 3 },
        { title: words.basis, share: 6 },
        { title: words.meaning, share: 6 },
      ],
      rows: purposes.map(({ name, kind, description }) => [name, words.bases[kind], description ?? '']),
    },
  ];
}

function processors({ channels, dataLocation, objectStore }: ProcessingFacts, language: DocumentLanguage): Block[] {
  const words = WORDS[language];
  const ofChannels = channels.flatMap((channel) =>
    (channel.processors ?? []).map(({ name, country }, index) => [
      channel.name,
      name,
      countryName(language, country),
      index === 0 ? regionText(channel, language) : '–',
      words.transfers[transferTo(country)],
    ]),
  );
  return [
    {
      kind: 'table',
      caption: words.processorsCaption,
      columns: [
        { title: words.channel, share: 3 },
        { title: words.processor, share: 4 },
        { title: words.seat, share: 3 },
        { title: words.region, share: 3 },
        { title: words.transfer, share: 6 },
      ],
      rows: ofChannels,
    },
    {
      kind: 'facts',
      facts: [
        { term: words.hosting, text: dataLocation ?? words.unknown },
        {
          term: words.objectStore,
          text: objectStore.kind === 'S3' ? words.s3(objectStore.host, objectStore.region) : words.disk,
        },
      ],
    },
  ];
}

function stored(facts: ProcessingFacts, language: DocumentLanguage): Block[] {
  const words = WORDS[language];
  const names = namesOf(language);
  const rows = (Object.entries(DATA_INVENTORY) as [InventoryKind, StoredData][]).map(
    ([what, { services, place, kept }]) => [
      names[what],
      services.length > 0 ? services.join(', ') : words.allServices,
      words.places[place],
      keptText(kept, facts, words),
    ],
  );
  return [
    { kind: 'paragraph', text: words.storedText },
    {
      kind: 'table',
      caption: words.storedCaption,
      columns: [
        { title: words.data, share: 4 },
        { title: words.service, share: 3 },
        { title: words.place, share: 3 },
        { title: words.erasedAfter, share: 6 },
      ],
      rows,
    },
  ];
}

function namesOf(language: DocumentLanguage): Readonly<Record<InventoryKind, string>> {
  return { ...DATA_WORDS[language], ...WORDS[language].moreData };
}

const ATTRIBUTE_CLASSES = [
  'ATTRIBUTES_MASTER_DATA',
  'ATTRIBUTES_PREFERENCE',
  'ATTRIBUTES_CONTRACT',
  'ATTRIBUTES_SENSITIVE',
] as const satisfies RetentionClass[];

/** The one place that says how long something is kept. */
function keptText(kept: Keeping, { rules, days }: ProcessingFacts, words: Words): string {
  switch (kept) {
    case 'ATTRIBUTES': {
      const months = ATTRIBUTE_CLASSES.flatMap((each) => rules.get(each) ?? []);
      return months.length === 0 ? words.keptUntilErased : words.keptByAttribute;
    }
    case 'ERASURE':
      return words.keptUntilErased;
    case 'ACCOUNTING':
    case 'CONSENT_PROOF':
    case 'SUPPRESSION':
    case 'MEMBERSHIP':
    case 'LEGAL_HOLD':
    case 'WEBHOOKS':
      return words.kept[kept];
    case 'MERGES':
      return words.keptDays(days.mergeUndo);
    case 'JOB_FILES':
      return words.keptDays(days.jobFiles);
    case 'EVENT_LOGS':
      return words.keptDays(days.eventLogs);
    case 'STREAMS':
      return words.keptDays(days.streams);
    case 'DEAD_LETTERS':
      return words.keptDays(days.deadLetters);
    case 'AUDIT_LOG':
    case 'ALERTS': {
      const months = rules.get(kept);
      return months === undefined ? words.keptUntilRule : words.keptMonthsFromEntry(months);
    }
    default: {
      const months = rules.get(kept);
      return months === undefined ? words.keptUntilErased : words.keptMonths(months);
    }
  }
}

function carriersOf({ channels }: ProcessingFacts): string[] {
  return [...new Set(channels.flatMap(({ processors }) => (processors ?? []).map(({ name }) => name)))].toSorted();
}

function regionText({ storageRegion }: ProcessingChannel, language: DocumentLanguage): string {
  if (storageRegion === null) return WORDS[language].anyRegion;
  return /^[A-Z]{2}$/.test(storageRegion) ? countryName(language, storageRegion) : storageRegion;
}

function countryName(language: DocumentLanguage, country: string): string {
  return new Intl.DisplayNames(language, { type: 'region' }).of(country) ?? country;
}

type Days = ProcessingFacts['days'];

interface Activity {
  title: string;
  purpose: string;
  basis: string;
  subjects: string;
  data: string;
  recipients: string;
  kept: readonly InventoryKind[];
}

interface Words {
  title: string;
  intro: (at: string) => string;
  missing: Record<Missing, string>;
  controllerTitle: string;
  name: string;
  address: string;
  email: string;
  officer: string;
  unknown: string;
  none: string;
  purpose: string;
  basis: string;
  subjects: string;
  data: string;
  recipients: string;
  erasedAfter: string;
  meaning: string;
  activities: readonly Activity[];
  ownTitle: string;
  attributes: string;
  noAttributes: string;
  purposes: string;
  bases: Record<PurposeKind, string>;
  processorsTitle: string;
  processorsCaption: string;
  channel: string;
  processor: string;
  seat: string;
  region: string;
  anyRegion: string;
  transfer: string;
  transfers: Record<Transfer, string>;
  hosting: string;
  objectStore: string;
  disk: string;
  s3: (host: string, region: string) => string;
  storedTitle: string;
  storedText: string;
  storedCaption: string;
  service: string;
  allServices: string;
  place: string;
  places: Record<StoredData['place'], string>;
  /** Of what erasures have no word for. */
  moreData: Record<'job_files' | 'members' | 'alerts', string>;
  keptUntilErased: string;
  keptByAttribute: string;
  keptMonths: (months: number) => string;
  /** Of what an erasure leaves. */
  keptUntilRule: string;
  keptMonthsFromEntry: (months: number) => string;
  keptDays: (days: number) => string;
  kept: Record<'ACCOUNTING' | 'CONSENT_PROOF' | 'SUPPRESSION' | 'LEGAL_HOLD' | 'MEMBERSHIP' | 'WEBHOOKS', string>;
  flowsTitle: string;
  from: string;
  to: string;
  protection: string;
  flows: (facts: Days & { carriers: readonly string[] }) => string[][];
  measuresTitle: string;
  measures: (days: Days) => string[];
  toCheck: string;
}

const WORDS: Record<DocumentLanguage, Words> = {
  de: {
    title: 'Verzeichnis von Verarbeitungstätigkeiten',
    intro: (at) =>
      `Verzeichnis nach Art. 30 Abs. 1 DSGVO für die Kommunikation mit Kundinnen und Kunden über Messenger, mit Datenflüssen. Erzeugt am ${at} aus dem, was eingerichtet ist; ändert sich das, ist es neu zu erzeugen.`,
    missing: {
      CONTROLLER: 'Es fehlt: wer verantwortlich ist (setDataController).',
      LOCATION:
        'Es fehlt: wo die Server stehen und wer sie betreibt (Einstellung DATA_LOCATION des Dienstes contacts).',
      PROCESSORS: 'Es fehlt: wer die Nachrichten eines Kanals befördert. Der Dienst channels meldet es in Kürze.',
      RETENTION:
        'Es fehlt: eine Löschfrist für Nachrichten (setRetentionRule). Ohne sie bleiben sie bis zu einer Löschung.',
    },
    controllerTitle: 'Verantwortlicher',
    name: 'Name',
    address: 'Anschrift',
    email: 'E-Mail',
    officer: 'Datenschutzbeauftragte Person',
    unknown: 'nicht angegeben',
    none: 'keine angegeben',
    purpose: 'Zweck',
    basis: 'Rechtsgrundlage',
    subjects: 'Betroffene',
    data: 'Daten',
    recipients: 'Empfänger',
    erasedAfter: 'Löschfrist',
    meaning: 'Bedeutung',
    activities: [
      {
        title: 'Gespräche mit Kundinnen und Kunden',
        purpose: 'Anfragen beantworten und bearbeiten.',
        basis: 'Art. 6 Abs. 1 lit. b DSGVO (Vertrag, Anbahnung), sonst lit. f (Interesse, Anfragen zu beantworten).',
        subjects: 'Wer dem Unternehmen schreibt oder von ihm angeschrieben wird.',
        data: 'Nummer oder Kennung im Messenger, Profilname, Nachrichten, Dateien, Zustellzeiten, interne Notizen, Bewertungen.',
        recipients: 'Zuständige Mitarbeitende; die Anbieter der Kanäle (siehe unten).',
        kept: ['messages', 'notes'],
      },
      {
        title: 'Kontaktverwaltung',
        purpose: 'Wissen, mit wem man spricht, und über welchen Link oder QR-Code jemand kam.',
        basis: 'Art. 6 Abs. 1 lit. b und f DSGVO.',
        subjects: 'Kundinnen, Kunden und Interessierte.',
        data: 'Name, E-Mail, Anschrift, Sprache, Nummern und Kennungen, Etiketten, Notizen, eigene Merkmale (siehe unten).',
        recipients: 'Zuständige Mitarbeitende.',
        kept: ['contacts', 'attributes'],
      },
      {
        title: 'Einwilligungen und Newsletter',
        purpose: 'Werbung nur an die senden, die eingewilligt haben, und das nachweisen.',
        basis: 'Art. 6 Abs. 1 lit. a DSGVO, § 7 UWG; für den Nachweis Art. 7 Abs. 1 und Art. 6 Abs. 1 lit. c und f.',
        subjects: 'Wer um eine Einwilligung gebeten wurde oder sich abgemeldet hat.',
        data: 'Erklärung mit Wortlaut, Zeit und Beleg; Zustellung und Antwort je Newsletter; Sperreinträge als Prüfsummen.',
        recipients: 'Die Anbieter der Kanäle; wer einen Einwilligungsbeleg vorgelegt bekommt.',
        kept: ['consent_events', 'suppression_entries'],
      },
      {
        title: 'Rechte der Betroffenen',
        purpose: 'Auskunft und Löschung erteilen und nachweisen.',
        basis: 'Art. 6 Abs. 1 lit. c mit Art. 12 bis 21 DSGVO.',
        subjects: 'Wer einen Antrag stellt.',
        data: 'Antrag, Fristen, Archiv der Daten, Bescheinigung.',
        recipients: 'Die betroffene Person.',
        kept: ['access_requests', 'job_files'],
      },
      {
        title: 'Kosten der Nachrichten',
        purpose: 'Kosten je Gespräch und Newsletter ermitteln und mit der Rechnung des Anbieters abgleichen.',
        basis: 'Art. 6 Abs. 1 lit. c (§ 147 AO, § 257 HGB) und lit. f DSGVO.',
        subjects: 'Empfängerinnen und Empfänger, pseudonym.',
        data: 'Kennung der Nachricht, Land, Kategorie, Preis; keine Inhalte, keine Nummern.',
        recipients: 'Buchhaltung.',
        kept: ['charges', 'alerts'],
      },
      {
        title: 'Mitarbeitende und Zugriffe',
        purpose: 'Zugänge verwalten; nachweisen, wer welche Daten gesehen und geändert hat.',
        basis: 'Art. 6 Abs. 1 lit. b und f, Art. 5 Abs. 2, Art. 32 DSGVO; § 26 BDSG.',
        subjects: 'Mitarbeitende und Programme mit Zugang.',
        data: 'Name, E-Mail, Rolle, Sitzungen, Zugriffsprotokoll mit Kennungen, ohne Inhalte.',
        recipients: 'Leitung und Datenschutz.',
        kept: ['members', 'audit_entries'],
      },
    ],
    ownTitle: 'Eigene Merkmale und Zwecke',
    attributes: 'Merkmale von Kontakten',
    noAttributes: 'Eigene Merkmale von Kontakten sind nicht eingerichtet.',
    purposes: 'Wozu Nachrichten gesendet werden',
    bases: {
      SERVICE: 'Antwort auf eine Anfrage: Art. 6 Abs. 1 lit. b und f DSGVO',
      UTILITY: 'Mitteilung zu Auftrag oder Termin, bis zum Widerspruch: Art. 6 Abs. 1 lit. b DSGVO',
      MARKETING: 'Nur mit bestätigter Einwilligung: Art. 6 Abs. 1 lit. a DSGVO, § 7 UWG',
    },
    processorsTitle: 'Auftragsverarbeiter, Standorte und Drittländer',
    processorsCaption: 'Wer die Nachrichten der Kanäle befördert',
    channel: 'Kanal',
    processor: 'Anbieter',
    seat: 'Sitz',
    region: 'Speicherort',
    anyRegion: 'nicht festgelegt',
    transfer: 'Übermittlung in Drittländer',
    transfers: {
      NONE: 'keine: EU oder EWR',
      ADEQUACY: 'Angemessenheitsbeschluss (Art. 45 DSGVO)',
      DATA_PRIVACY_FRAMEWORK:
        'Angemessenheitsbeschluss, wenn zertifiziert (EU-US Data Privacy Framework), sonst Standardvertragsklauseln (Art. 46)',
      SAFEGUARDS: 'geeignete Garantien nötig, etwa Standardvertragsklauseln (Art. 46 DSGVO)',
    },
    hosting: 'Server, Datenbanken und Broker',
    objectStore: 'Dateien',
    disk: 'auf denselben Servern, je Datei verschlüsselt',
    s3: (host, region) => `im Objektspeicher ${host} (Region ${region}), je Datei verschlüsselt`,
    storedTitle: 'Welche Daten wo liegen',
    storedText:
      'Jeder Dienst hat eine eigene Datenbank. Eine Löschung (Art. 17 DSGVO) nimmt alles vorher, was nicht aus den genannten Gründen bleibt.',
    storedCaption: 'Daten, je Dienst',
    service: 'Dienst',
    allServices: 'alle Dienste',
    place: 'Ort',
    places: { DATABASE: 'Datenbank', OBJECT_STORE: 'Dateien', BROKER: 'Broker (NATS)' },
    moreData: {
      job_files: 'Importe, Exporte und Archive',
      members: 'Mitarbeitende',
      alerts: 'Warnungen zu Kosten und wohin sie gingen',
    },
    keptUntilErased: 'Bis zur Löschung auf Antrag.',
    keptByAttribute: 'Je nach der Klasse des Merkmals oder der Datei.',
    keptMonths: (months) => `${months} ${months === 1 ? 'Monat' : 'Monate'} nach der letzten Aktivität.`,
    keptUntilRule: 'Ohne Frist, bis eine gesetzt ist (setRetentionRule).',
    keptMonthsFromEntry: (months) => `${months} Monate nach dem Eintrag.`,
    keptDays: (days) => `${days} ${days === 1 ? 'Tag' : 'Tage'}.`,
    kept: {
      ACCOUNTING: 'Frist für Buchungsbelege (§ 147 AO, § 257 HGB).',
      CONSENT_PROOF: 'Drei Jahre nach dem Jahr der letzten Erklärung (§§ 195, 199 BGB).',
      SUPPRESSION: 'Solange die Löschung oder der Widerspruch gilt.',
      LEGAL_HOLD: 'Bis jemand sie aufhebt; die Gründe werden regelmäßig geprüft.',
      MEMBERSHIP: 'Bis jemand ausscheidet.',
      WEBHOOKS: 'Wie im Dienst channels eingestellt (WEBHOOK_RETENTION_DAYS, sonst 30 Tage).',
    },
    flowsTitle: 'Datenflüsse',
    from: 'Von',
    to: 'Nach',
    protection: 'Schutz',
    flows: ({ streams, carriers }) => {
      const provider = carriers.join(', ') || 'Anbieter des Kanals';
      return [
        ['Person', provider, 'Nachrichten, Dateien, Kennung, Profilname', 'Bedingungen des Messengers'],
        [provider, 'channels', 'Nachrichten und Zustellberichte', 'HTTPS, Signatur jedes Webhooks'],
        ['channels', provider, 'Antworten, Dateien, Empfänger', 'HTTPS, verschlüsselt gespeicherte Zugangsdaten'],
        ['channels', 'conversation, contacts, billing', 'Nachrichten, Kennungen, Preise', `Broker, ${streams} Tage`],
        ['conversation', 'contacts', 'Erklärungen, Zeiten, benutzte Links', `Broker, ${streams} Tage`],
        ['contacts', 'conversation', 'Namen, Stand der Einwilligungen', `Broker, ${streams} Tage`],
        ['channels, contacts, billing', 'Dateien', 'Medien, Importe, Exporte, Archive', 'ein Schlüssel je Datei'],
        ['gateway', 'Mitarbeitende, Programme', 'was ihre Rechte erlauben', 'Anmeldung, Rechte, Zugriffsprotokoll'],
        ['contacts', 'betroffene Person', 'Belege, Bescheinigungen, Archive', 'Adresse, die niemand erraten kann'],
      ];
    },
    measuresTitle: 'Technische und organisatorische Maßnahmen (Art. 32 DSGVO)',
    measures: ({ backups }) => [
      'Rechte je Rolle, Team und Kanal; in der Datenbank trennt Row-Level-Security die Mandanten ein zweites Mal.',
      'Zugangsdaten, Rohdaten der Anbieter und Dateien sind verschlüsselt gespeichert (AES-256-GCM).',
      'Protokolle des Betriebs enthalten keine Inhalte, Nummern oder Schlüssel.',
      'Zugriffe und Änderungen stehen in einem verketteten Protokoll; das Einwilligungsregister ist verkettet und signiert (Ed25519).',
      'Löschung in allen Diensten mit Bescheinigung; Löschfristen mit Nachweis; Aufbewahrung im Streitfall (Legal Hold) mit Grund.',
      `Sicherungskopien laufen nach ${backups} Tagen ab; nach einer Rücksicherung werden Löschungen wiederholt.`,
    ],
    toCheck:
      'Vom Verantwortlichen zu prüfen: die Vertragspartner und Auftragsverarbeitungsverträge (Art. 28 DSGVO), Unterauftragsverarbeiter der Anbieter, und ob weitere Zwecke hinzukommen.',
  },
  en: {
    title: 'Record of processing activities',
    intro: (at) =>
      `Record under Art. 30(1) GDPR of communication with customers over messengers, with the flows of data. Made at ${at} of what is configured; when that changes, make it anew.`,
    missing: {
      CONTROLLER: 'Missing: who is responsible (setDataController).',
      LOCATION: 'Missing: where the servers are and who runs them (setting DATA_LOCATION of the service contacts).',
      PROCESSORS: 'Missing: who carries the messages of a channel. The service channels will tell it shortly.',
      RETENTION:
        'Missing: how long messages are kept (setRetentionRule). Without a rule they stay until they are erased.',
    },
    controllerTitle: 'Controller',
    name: 'Name',
    address: 'Address',
    email: 'E-mail',
    officer: 'Data protection officer',
    unknown: 'not given',
    none: 'none given',
    purpose: 'Purpose',
    basis: 'Legal basis',
    subjects: 'Data subjects',
    data: 'Data',
    recipients: 'Recipients',
    erasedAfter: 'Kept for',
    meaning: 'Meaning',
    activities: [
      {
        title: 'Conversations with customers',
        purpose: 'To answer enquiries and deal with them.',
        basis: 'Art. 6(1)(b) GDPR (contract, steps before it), else (f) (interest in answering enquiries).',
        subjects: 'Whoever writes to the business, or is written to by it.',
        data: 'Number or id on the messenger, profile name, messages, files, times of delivery, internal notes, ratings.',
        recipients: 'The colleagues in charge; the providers of the channels (see below).',
        kept: ['messages', 'notes'],
      },
      {
        title: 'Contact management',
        purpose: 'To know whom one talks to, and by which link or QR code somebody came.',
        basis: 'Art. 6(1)(b) and (f) GDPR.',
        subjects: 'Customers and people who are interested.',
        data: 'Name, e-mail, address, language, numbers and ids, labels, notes, attributes of one’s own (see below).',
        recipients: 'The colleagues in charge.',
        kept: ['contacts', 'attributes'],
      },
      {
        title: 'Consents and newsletters',
        purpose: 'To send marketing only to those who have agreed, and to prove it.',
        basis: 'Art. 6(1)(a) GDPR, § 7 UWG; for the proof Art. 7(1) and Art. 6(1)(c) and (f).',
        subjects: 'Whoever was asked for a consent, or has opted out.',
        data: 'What was said, with wording, time and evidence; delivery and answer of each newsletter; suppression entries as hashes.',
        recipients: 'The providers of the channels; whoever is shown a consent receipt.',
        kept: ['consent_events', 'suppression_entries'],
      },
      {
        title: 'Rights of data subjects',
        purpose: 'To grant access and erasure, and to prove it.',
        basis: 'Art. 6(1)(c) with Art. 12 to 21 GDPR.',
        subjects: 'Whoever makes a request.',
        data: 'Request, deadlines, archive of the data, certificate.',
        recipients: 'The person.',
        kept: ['access_requests', 'job_files'],
      },
      {
        title: 'Costs of messages',
        purpose: 'To know the cost of each conversation and newsletter, and to compare it with the provider’s invoice.',
        basis: 'Art. 6(1)(c) (§ 147 AO, § 257 HGB) and (f) GDPR.',
        subjects: 'Recipients, pseudonymous.',
        data: 'Id of the message, country, category, price; no content, no numbers.',
        recipients: 'Accounting.',
        kept: ['charges', 'alerts'],
      },
      {
        title: 'Colleagues and accesses',
        purpose: 'To manage access; to prove who has seen and changed which data.',
        basis: 'Art. 6(1)(b) and (f), Art. 5(2), Art. 32 GDPR; § 26 BDSG.',
        subjects: 'Colleagues and programs with access.',
        data: 'Name, e-mail, role, sessions, log of accesses with ids, without content.',
        recipients: 'Management and data protection.',
        kept: ['members', 'audit_entries'],
      },
    ],
    ownTitle: 'Attributes and purposes of one’s own',
    attributes: 'Attributes of contacts',
    noAttributes: 'No attributes of contacts have been set up.',
    purposes: 'What messages are sent for',
    bases: {
      SERVICE: 'Answer to an enquiry: Art. 6(1)(b) and (f) GDPR',
      UTILITY: 'Notice about an order or appointment, until somebody objects: Art. 6(1)(b) GDPR',
      MARKETING: 'Only with a confirmed consent: Art. 6(1)(a) GDPR, § 7 UWG',
    },
    processorsTitle: 'Processors, locations and third countries',
    processorsCaption: 'Who carries the messages of the channels',
    channel: 'Channel',
    processor: 'Provider',
    seat: 'Seat',
    region: 'Stored in',
    anyRegion: 'not fixed',
    transfer: 'Transfer to third countries',
    transfers: {
      NONE: 'none: EU or EEA',
      ADEQUACY: 'adequacy decision (Art. 45 GDPR)',
      DATA_PRIVACY_FRAMEWORK:
        'adequacy decision if certified (EU-US Data Privacy Framework), else standard contractual clauses (Art. 46)',
      SAFEGUARDS: 'needs safeguards such as standard contractual clauses (Art. 46 GDPR)',
    },
    hosting: 'Servers, databases and broker',
    objectStore: 'Files',
    disk: 'on the same servers, each file encrypted',
    s3: (host, region) => `in the object store ${host} (region ${region}), each file encrypted`,
    storedTitle: 'Which data are where',
    storedText:
      'Each service has a database of its own. An erasure (Art. 17 GDPR) takes all of it earlier that does not stay for the reasons named.',
    storedCaption: 'Data, by service',
    service: 'Service',
    allServices: 'all services',
    place: 'Place',
    places: { DATABASE: 'database', OBJECT_STORE: 'files', BROKER: 'broker (NATS)' },
    moreData: {
      job_files: 'Imports, exports and archives',
      members: 'Colleagues',
      alerts: 'Alerts of costs, and where they were sent',
    },
    keptUntilErased: 'Until erased on request.',
    keptByAttribute: 'By the class of the attribute or file.',
    keptMonths: (months) => `${months} ${months === 1 ? 'month' : 'months'} after the last activity.`,
    keptUntilRule: 'Without limit until one is set (setRetentionRule).',
    keptMonthsFromEntry: (months) => `${months} months after the entry.`,
    keptDays: (days) => `${days} ${days === 1 ? 'day' : 'days'}.`,
    kept: {
      ACCOUNTING: 'As long as accounts have to be kept (§ 147 AO, § 257 HGB).',
      CONSENT_PROOF: 'Three years after the year of the last statement (§§ 195, 199 BGB).',
      SUPPRESSION: 'As long as the erasure or the objection holds.',
      LEGAL_HOLD: 'Until somebody releases them; their reasons are looked at regularly.',
      MEMBERSHIP: 'Until somebody leaves.',
      WEBHOOKS: 'As set in the service channels (WEBHOOK_RETENTION_DAYS, else 30 days).',
    },
    flowsTitle: 'Flows of data',
    from: 'From',
    to: 'To',
    protection: 'Protection',
    flows: ({ streams, carriers }) => {
      const provider = carriers.join(', ') || 'provider of the channel';
      return [
        ['person', provider, 'messages, files, id, profile name', 'terms of the messenger'],
        [provider, 'channels', 'messages and delivery reports', 'HTTPS, signature of each webhook'],
        ['channels', provider, 'answers, files, recipients', 'HTTPS, credentials encrypted at rest'],
        ['channels', 'conversation, contacts, billing', 'messages, ids, prices', `broker, ${streams} days`],
        ['conversation', 'contacts', 'statements, times, links used', `broker, ${streams} days`],
        ['contacts', 'conversation', 'names, where consents stand', `broker, ${streams} days`],
        ['channels, contacts, billing', 'files', 'media, imports, exports, archives', 'one key for each file'],
        ['gateway', 'colleagues, programs', 'what their permissions allow', 'sign-in, permissions, log of accesses'],
        ['contacts', 'person', 'receipts, certificates, archives', 'an address that nobody can guess'],
      ];
    },
    measuresTitle: 'Technical and organisational measures (Art. 32 GDPR)',
    measures: ({ backups }) => [
      'Permissions by role, team and channel; in the database row-level security keeps tenants apart a second time.',
      'Credentials, raw data of providers and files are encrypted at rest (AES-256-GCM).',
      'Operational logs have no content, numbers or keys.',
      'Accesses and changes are in a chained log; the consent ledger is chained and signed (Ed25519).',
      'Erasure in all services with a certificate; retention with proof; legal hold with a reason.',
      `Backups expire after ${backups} days; after a restore erasures are done again.`,
    ],
    toCheck:
      'For the controller to check: the contracting parties and processing agreements (Art. 28 GDPR), sub-processors of the providers, and whether there are further purposes.',
  },
};
