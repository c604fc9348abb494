import { wordsIn } from '@fenster/runtime';

/** By which somebody is found, as `contact_words` in SQL takes them. */
export function wordsOf({ givenName, profileName }: { givenName: string | null; profileName: string | null }): string {
  return wordsIn([givenName, profileName].filter(Boolean).join(' '))
    .map(({ folded }) => folded)
    .join(' ');
}
