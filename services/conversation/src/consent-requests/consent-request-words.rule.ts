import { normaliseWords, type TemplateDefinition } from '@fenster/contracts';

/** What is asked: a published text of a purpose, and nothing that anybody wrote for the occasion. */
export interface AskedText {
  locale: string;
  body: string;
  privacyNoticeUrl: string;
}

interface Phrases {
  notice: string;
  /** What is read below the text. */
  answer: string;
  yes: string;
  no: string;
  /** Sent once the person has answered. */
  confirmed: string;
  refused: string;
}

/** The fixed words around a text, by language; English for all others. */
const PHRASES: Readonly<Record<string, Phrases>> = {
  de: {
    notice: 'Datenschutz:',
    answer: 'Antworten Sie mit JA, wenn Sie einverstanden sind, sonst mit NEIN.',
    yes: 'Ja',
    no: 'Nein',
    confirmed: 'Danke, Ihre Einwilligung ist vermerkt. Mit STOP widerrufen Sie sie jederzeit.',
    refused: 'Danke für Ihre Antwort. Wir haben vermerkt, dass Sie nicht einverstanden sind.',
  },
  en: {
    notice: 'Privacy notice:',
    answer: 'Reply YES if you agree, otherwise NO.',
    yes: 'Yes',
    no: 'No',
    confirmed: 'Thank you, we have noted your consent. Reply STOP at any time to withdraw it.',
    refused: 'Thank you for your answer. We have noted that you do not agree.',
  },
  fr: {
    notice: 'Confidentialité :',
    answer: 'Répondez OUI si vous êtes d’accord, sinon NON.',
    yes: 'Oui',
    no: 'Non',
    confirmed: 'Merci, votre accord est enregistré. Répondez STOP à tout moment pour le retirer.',
    refused: 'Merci de votre réponse. Nous avons noté que vous n’êtes pas d’accord.',
  },
  es: {
    notice: 'Privacidad:',
    answer: 'Responda SÍ si está de acuerdo; si no, NO.',
    yes: 'Sí',
    no: 'No',
    confirmed: 'Gracias, hemos anotado su consentimiento. Responda STOP en cualquier momento para retirarlo.',
    refused: 'Gracias por su respuesta. Hemos anotado que no está de acuerdo.',
  },
  it: {
    notice: 'Privacy:',
    answer: 'Risponda SÌ se è d’accordo, altrimenti NO.',
    yes: 'Sì',
    no: 'No',
    confirmed: 'Grazie, abbiamo registrato il Suo consenso. Risponda STOP in qualsiasi momento per revocarlo.',
    refused: 'Grazie della risposta. Abbiamo registrato che non è d’accordo.',
  },
  nl: {
    notice: 'Privacy:',
    answer: 'Antwoord JA als u akkoord gaat, anders NEE.',
    yes: 'Ja',
    no: 'Nee',
    confirmed: 'Bedankt, uw toestemming is vastgelegd. Met STOP trekt u deze op elk moment in.',
    refused: 'Bedankt voor uw antwoord. We hebben vastgelegd dat u niet akkoord gaat.',
  },
};

function phrasesOf(locale: string): Phrases {
  return PHRASES[languageOf(locale)] ?? PHRASES['en']!;
}

export function languageOf(locale: string): string {
  return locale.split(/[-_]/)[0]!.toLowerCase();
}

/** The whole request, word for word: what a template for it has to say as well. */
export function requestWording({ locale, body, privacyNoticeUrl }: AskedText): string {
  const { notice, answer } = phrasesOf(locale);
  return `${body}\n\n${notice} ${privacyNoticeUrl}\n\n${answer}`;
}

/** On the buttons below it. */
export function answerTitles(locale: string): { yes: string; no: string } {
  const { yes, no } = phrasesOf(locale);
  return { yes, no };
}

/** What the person is told once they have answered: nothing but that. */
export function answerText(locale: string, answer: 'CONFIRMED' | 'REFUSED'): string {
  const { confirmed, refused } = phrasesOf(locale);
  return answer === 'CONFIRMED' ? confirmed : refused;
}

/** Whether a template is the request and nothing else: its words, no picture, no link, no button but those that answer. */
export function isRequestTemplate(definition: TemplateDefinition, text: AskedText): boolean {
  const { header, body, footer, buttons, cards } = definition;
  const titles = new Set(Object.values(answerTitles(text.locale)).map(normaliseWords));
  return (
    header === undefined &&
    footer === undefined &&
    cards === undefined &&
    definition.unknownParts.length === 0 &&
    sameWords(body.text, requestWording(text)) &&
    buttons.every((button) => button.kind === 'quickReply' && titles.has(normaliseWords(button.text)))
  );
}

/** Providers store line ends and spaces their own way. */
function sameWords(one: string, other: string): boolean {
  const plain = (words: string) => words.normalize('NFC').replace(/\s+/g, ' ').trim();
  return plain(one) === plain(other);
}

const YES = new Set(
  ['ja', 'yes', 'oui', 'si', 'ja bitte', 'ja gerne', 'ja ich bin einverstanden', 'ich bin einverstanden'].concat([
    'einverstanden',
    'ich stimme zu',
    'yes please',
    'yes i agree',
    'i agree',
    'j accepte',
    'acepto',
    'accetto',
    'ja graag',
    'akkoord',
  ]),
);
const NO = new Set(
  ['nein', 'no', 'non', 'nee', 'nein danke', 'no thanks', 'no thank you', 'non merci', 'no gracias'].concat([
    'no grazie',
    'nee bedankt',
  ]),
);
const LONGEST = Math.max(...[...YES, ...NO].map((word) => word.length));

/**
 * What a message says to the question of a consent, if it says nothing else. Whoever writes more is read by a person. It
 * means that only where such a question is open.
 */
export function answerOf(text: string | undefined): 'CONFIRMED' | 'REFUSED' | undefined {
  // Most messages: longer than any answer with all its marks.
  if (text === undefined || text.length > 4 * LONGEST) return undefined;
  const said = normaliseWords(text);
  return YES.has(said) ? 'CONFIRMED' : NO.has(said) ? 'REFUSED' : undefined;
}

/** Said alone, these ask for marketing: whoever says one is asked to confirm it (whatsapp.md §E2). */
const OPT_IN = new Set([
  'start',
  'anmelden',
  'anmeldung',
  'newsletter',
  'newsletter anmelden',
  'subscribe',
  'opt in',
  'optin',
]);
const LONGEST_OPT_IN = Math.max(...[...OPT_IN].map((word) => word.length));

export function asksForMarketing(text: string | undefined): boolean {
  return text !== undefined && text.length <= 2 * LONGEST_OPT_IN && OPT_IN.has(normaliseWords(text));
}
