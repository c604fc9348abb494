import { invalidInput } from './errors.js';

export const MAX_QUERY_LENGTH = 200;
export const MAX_QUERY_WORDS = 10;
/** Shorter words are looked for as they are; longer ones also find what begins with them. */
export const MIN_PREFIX_LENGTH = 3;
/** Longer ones are no words of people, and PostgreSQL would drop the longest. */
const MAX_WORD_LENGTH = 64;

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

/** A word as stemming takes it, and as it is compared letter by letter: without accents and case. */
export interface Word {
  plain: string;
  folded: string;
}

export interface PlacedWord extends Word {
  /** In UTF-16 units. */
  start: number;
  length: number;
}

/** The words of a text in order. What is no letter and no digit parts words: DE-2026-0815 are three. */
export function wordsIn(text: string): PlacedWord[] {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ ...toWord(word), start: index, length: word.length }));
}

function toWord(word: string): Word {
  const plain = word.normalize('NFKC').toLowerCase().slice(0, MAX_WORD_LENGTH).toWellFormed();
  const folded = plain
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '');
  return { plain, folded };
}

/** @throws DomainError INVALID_INPUT */
export function parseQuery(text: string, field = 'text'): Word[] {
  if (text.length > MAX_QUERY_LENGTH) throw invalidInput(field, `must have at most ${MAX_QUERY_LENGTH} characters.`);
  const words = wordsIn(text);
  if (words.length === 0) throw invalidInput(field, 'must contain a letter or a digit.');
  if (words.length > MAX_QUERY_WORDS) throw invalidInput(field, `must have at most ${MAX_QUERY_WORDS} words.`);
  return words;
}
