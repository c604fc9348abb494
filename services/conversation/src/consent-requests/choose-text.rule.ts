import { likelyLanguage } from '../threads/likely-language.rule.js';
import { languageOf } from './consent-request-words.rule.js';

/**
 * The text that a person is asked with: in the language that was asked for, else in that of their number's country, else
 * in English, else in any. Of one language the exact locale first, then the shortest.
 */
export function chooseText<Text extends { locale: string }>(
  texts: readonly Text[],
  { locale, phone }: { locale?: string | null | undefined; phone?: string | null | undefined },
): Text | undefined {
  const inOrder = texts.toSorted(
    (one, other) => one.locale.length - other.locale.length || (one.locale < other.locale ? -1 : 1),
  );
  const inLanguage = (wanted: string) => inOrder.find((text) => languageOf(text.locale) === languageOf(wanted));
  if (locale != null) return inOrder.find((text) => text.locale === locale) ?? inLanguage(locale);
  return inLanguage(likelyLanguage({ phone })) ?? inLanguage('en') ?? inOrder[0];
}
