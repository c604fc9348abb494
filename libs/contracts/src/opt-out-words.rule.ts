import type { TemplateDefinition } from './templates.js';

/** A word that, said alone, ends marketing; normalised by {@link normaliseWords}. */
export interface OptOutWord {
  word: string;
  /** BCP 47; null where people of many languages say it. */
  locale: string | null;
  /** Whether it is a word of everyday sentences too: then only the whole message counts, and no sentence with it asks for anything. */
  isEveryday: boolean;
}

/** Of one workspace: its own words, and those of Fenster that it has switched off. */
export interface WordChoice extends OptOutWord {
  isActive: boolean;
}

const word = (locale: string | null, isEveryday: boolean, words: readonly string[]): OptOutWord[] =>
  words.map((each) => ({ word: each, locale, isEveryday }));

/** whatsapp.md §E2, the carriers' conventions for SMS, and what the buttons of marketing templates say. */
export const DEFAULT_OPT_OUT_WORDS: readonly OptOutWord[] = [
  ...word(null, false, ['stop', 'stop all', 'stopall']),
  ...word('de', false, ['stopp', 'abmelden', 'abmeldung', 'abbestellen', 'keine werbung', 'keine werbung mehr']),
  ...word('de', false, ['werbung stoppen', 'newsletter abbestellen', 'newsletter abmelden']),
  ...word('en', false, ['unsubscribe', 'opt out', 'optout', 'stop promotions']),
  ...word('en', true, ['cancel', 'end', 'quit']),
];

/** What somebody says about marketing in one message. */
export type Wish =
  /** Nothing but the word: it is done at once. */
  | { kind: 'STOP'; locale: string | null }
  /** The word among others: a person has to read what is meant. */
  | { kind: 'MAYBE' };

/** Longer than any word; nothing in front of it is looked at twice. */
export const MAX_WORD_LENGTH = 60;
const MAX_READ = 4_096;

/**
 * Words as people mean them: full-width and other forms of letters are the letters, accents, invisible characters,
 * punctuation, emoji and the number of spaces do not count, nor does case. `S.T.O.P.` is a word as well.
 */
export function normaliseWords(text: string): string {
  const words = text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return /^(?:\p{L} )+\p{L}$/u.test(words) ? words.replaceAll(' ', '') : words;
}

/** What a message that a customer wrote says about marketing; undefined if nothing. */
export function wishOf(text: string | undefined, choices: readonly WordChoice[] = []): Wish | undefined {
  if (text === undefined || isHarmless(text, choices)) return undefined;
  const said = normaliseWords(text.length > MAX_READ ? text.slice(0, MAX_READ) : text);
  if (said === '') return undefined;
  const words = activeWords(choices);
  const whole = said.length <= MAX_WORD_LENGTH ? words.get(said) : undefined;
  if (whole) return { kind: 'STOP', locale: whole.locale };
  const padded = ` ${said} `;
  for (const { word: each, isEveryday } of words.values()) {
    if (!isEveryday && padded.includes(` ${each} `)) return { kind: 'MAYBE' };
  }
  return undefined;
}

/** Letters that have one form, and signs that hide none. */
const PLAIN = /^[\t\n\r\x20-\x7eäöüßÄÖÜéèêàâçÉ€§°´–—‘’“”„…«»\u00a0\u{1f300}-\u{1faff}]*$/u;
const TWO_LETTERS = /\p{L}{2}/u;

/** Most messages: a look at what is written tells that none of the words can be in it, without normalising all of it. */
function isHarmless(text: string, choices: readonly WordChoice[]): boolean {
  if (!PLAIN.test(text) || !TWO_LETTERS.test(text)) return false;
  const isShort = text.length <= 2 * MAX_WORD_LENGTH;
  const isSuspicious =
    choices.length === 0 ? (isShort ? SUSPICIOUS : SUSPICIOUS_IN_SENTENCES) : traceOf(choices, isShort);
  return !isSuspicious.test(text);
}

/** The longest part of each word, in any of the ways in which plain text may write it. */
function traceOf(choices: readonly WordChoice[], isShort: boolean): RegExp {
  const traces = [...activeWords(choices).values()].flatMap(({ word: each, isEveryday }) =>
    isEveryday && !isShort ? [] : [each.split(' ').toSorted((one, other) => other.length - one.length)[0]!],
  );
  const written = traces.map((trace) =>
    trace.replace(
      /ss|[aceou]/g,
      (part) => ({ ss: '(?:ss|ß)', a: '[aäàâ]', c: '[cç]', e: '[eéèê]', o: '[oö]', u: '[uü]' })[part]!,
    ),
  );
  return new RegExp(`(?:${written.join('|')})`, 'iu');
}

const DEFAULTS: ReadonlyMap<string, OptOutWord> = new Map(DEFAULT_OPT_OUT_WORDS.map((each) => [each.word, each]));

/** Fenster's words, with a workspace's own beside them and without those that it has switched off. */
export function activeWords(choices: readonly WordChoice[]): ReadonlyMap<string, OptOutWord> {
  if (choices.length === 0) return DEFAULTS;
  const words = new Map(DEFAULTS);
  for (const { isActive, ...choice } of choices) {
    if (isActive) words.set(choice.word, choice);
    else words.delete(choice.word);
  }
  return words;
}

const SUSPICIOUS = traceOf([], true);
const SUSPICIOUS_IN_SENTENCES = traceOf([], false);

/** Whoever gets marketing has to read how to end it: in the footer, in the text, or on a button. */
export function carriesOptOutHint(
  { body, footer, buttons }: Pick<TemplateDefinition, 'body' | 'footer' | 'buttons'>,
  choices: readonly WordChoice[],
): boolean {
  const replies = buttons.flatMap((button) => (button.kind === 'quickReply' ? [button.text] : []));
  return [footer, body.text, ...replies].some((text) => wishOf(text, choices) !== undefined);
}
