/** By what somebody can be called in a text. */
export interface Called {
  /** As colleagues wrote it, and as they call themselves. */
  names: readonly string[];
  emails: readonly string[];
  /** In E.164. */
  numbers: readonly string[];
  /** User ids and Threema ids. */
  ids: readonly string[];
}

/** What stands where somebody stood: in no language, and no longer than the shortest that it stands for. */
export const ERASED = '[…]';

const MIN_DIGITS = 7;
/** What stands before the rest of a number that is written as one dials it at home. */
const MAX_COUNTRY_DIGITS = 3;
const NUMBER = /(?<![\p{L}\p{N}])[+(]*\d[\d\s()/.-]{4,}\d(?![\p{L}\p{N}])/gu;

/** One word alone is many people’s, and more things’ than people’s: Sommer, Berlin, Anna. */
export function isTelling(name: string): boolean {
  return wordsOf(name).length > 1;
}

/** Without whoever is called so: by their whole name in either order, a number however it is written, an address or an id. */
export function withoutPerson(text: string, { names, emails, numbers, ids }: Called): string {
  const phrases = [...names.filter(isTelling).flatMap(patternsOf), ...[...emails, ...ids].map(escaped)];
  const without = phrases
    .toSorted((one, other) => other.length - one.length)
    .reduce((left, phrase) => left.replace(asWhole(phrase), ERASED), text);
  return without.replaceAll(NUMBER, (written) =>
    numbers.some((number) => isNumber(written, number)) ? ERASED : written,
  );
}

function isNumber(written: string, number: string): boolean {
  const digits = written.replaceAll(/\D/g, '').replace(/^0+/, '');
  const whole = number.replaceAll(/\D/g, '');
  return digits.length >= MIN_DIGITS && whole.endsWith(digits) && whole.length - digits.length <= MAX_COUNTRY_DIGITS;
}

const wordsOf = (name: string) => name.split(/[\s,]+/u).filter((word) => word !== '');

/** `Anna Maria Berg` is `Berg, Anna Maria` in lists. */
function patternsOf(name: string): string[] {
  const words = wordsOf(name).map(escaped);
  return [words.join(String.raw`[\s,]+`), [words.at(-1)!, ...words.slice(0, -1)].join(String.raw`[\s,]+`)];
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

/** Not within another word, nor within a longer address. */
function asWhole(phrase: string): RegExp {
  return new RegExp(String.raw`(?<![\p{L}\p{N}_@.+-])${phrase}(?![\p{L}\p{N}_@]|[.+-][\p{L}\p{N}])`, 'giu');
}

/** One that there is not yet, where there may be no two that differ in upper and lower case only. */
export function freeName(name: string, taken: ReadonlySet<string>, max: number): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : ` ${number}`;
    const free = `${[...name].slice(0, max - suffix.length).join('')}${suffix}`;
    if (!taken.has(free.toLowerCase())) return free;
  }
}
