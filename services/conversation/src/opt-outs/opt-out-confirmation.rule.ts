import { likelyLanguage } from '../threads/likely-language.rule.js';

/** Who writes STOP once more within this time has been told already. */
export const CONFIRM_AGAIN_AFTER_HOURS = 24;

const TEXTS = {
  de: 'Sie erhalten von uns keine Werbung mehr. Auf Ihre Fragen antworten wir hier weiterhin.',
  en: 'You will get no more marketing from us. We still answer your questions here.',
} as const;

/** In the workspace's own words where it has some in the language; else in Fenster's. */
export function confirmationText(
  locale: string | null,
  phone: string | null,
  own: readonly { locale: string; text: string }[] = [],
): string {
  const language = locale?.split('-')[0] ?? likelyLanguage({ phone });
  const chosen =
    own.find((each) => each.locale === locale) ?? own.find((each) => each.locale.split('-')[0] === language);
  if (chosen) return chosen.text;
  return TEXTS[likelyLanguage({ locale, phone })];
}
