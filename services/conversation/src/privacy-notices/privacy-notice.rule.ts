import { LIMITS } from '../messages/outgoing-content.rule.js';
import { likelyLanguage } from '../threads/likely-language.rule.js';

const WORDS = {
  de: 'Wie wir mit Ihren Daten umgehen:',
  en: 'How we handle your data:',
} as const;

/** What a person is told at the first contact: where the privacy notice is, and nothing else. */
export function privacyNoticeText(url: string, phone: string | null): string {
  return `${WORDS[likelyLanguage({ phone })]} ${url}`;
}

/** With the automatic answer that is sent anyway, if both fit: each message may cost money. */
export function withPrivacyNotice(reply: string, notice: string): string | undefined {
  const both = `${reply}\n\n${notice}`;
  return [...both].length <= LIMITS.text ? both : undefined;
}
