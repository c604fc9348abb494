import { LANGUAGES, LOCALES, WORDS, type Language, type Words } from './words.js';

const MICROS = 1_000_000;

let chosen: Language = 'en';

/** The first of these tags that is a language of the page. */
export function chooseLanguage(tags: readonly (string | null)[]): void {
  for (const tag of tags) {
    const known = LANGUAGES.find((each) => each === tag?.split('-')[0]?.toLowerCase());
    if (known) {
      chosen = known;
      return;
    }
  }
}

export const language = (): Language => chosen;
export const locale = (): string => LOCALES[chosen];
export const words = (): Words => WORDS[chosen];
export const number = (value: number): string => new Intl.NumberFormat(locale()).format(value);

export function money(micros: number, currency: string): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 4 };
  return new Intl.NumberFormat(locale(), { style: 'currency', currency, ...digits }).format(micros / MICROS);
}

/** With its sign, because it is added to something. */
export function signed(value: number, write: (value: number) => string): string {
  return value > 0 ? `+${write(value)}` : write(value);
}

export function dayName(day: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  );
}

/** Where whoever reads it is. */
export function momentName(instant: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(instant));
}

export function categoryName(key: string | null | undefined): string {
  return key == null ? words().none : (words().categories[key] ?? key);
}
