import { wordsIn, type Word } from '@fenster/runtime';

export interface Snippet {
  text: string;
  /** In UTF-16 units of `text`; in order, none touches another. */
  highlights: { start: number; length: number }[];
}

const SNIPPET_LENGTH = 160;
const BEFORE_FIRST_MATCH = 50;

/** The part of a text around the first word that was looked for; `…` where it goes on. Plain text, never markup. */
export function cutSnippet(text: string, isMatch: (word: Word) => boolean): Snippet {
  const words = wordsIn(text);
  const matches = words.filter(isMatch);
  const first = matches[0]?.start ?? 0;
  const from =
    text.length <= SNIPPET_LENGTH || first <= BEFORE_FIRST_MATCH
      ? 0
      : (words.find(({ start }) => start >= first - BEFORE_FIRST_MATCH)?.start ?? first);
  const limit = from + SNIPPET_LENGTH;
  // A word stays whole, unless it is as long as all that is shown.
  const whole = words.findLast(({ start, length }) => start + length <= limit && start >= from);
  const to = text.length <= limit ? text.length : whole ? whole.start + whole.length : limit;
  const [before, after] = [from > 0 ? '…' : '', to < text.length ? '…' : ''];
  return {
    text: `${before}${text.slice(from, to)}${after}`.toWellFormed(),
    highlights: matches
      .filter(({ start, length }) => start >= from && start + length <= to)
      .map(({ start, length }) => ({ start: start - from + before.length, length })),
  };
}
