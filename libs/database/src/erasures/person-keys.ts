import { messageKey } from '@fenster/contracts';

/** Whom something may be about, by all that leads to them. */
export interface Person {
  contactIds: readonly string[];
  threadIds: readonly string[];
  mediaIds: readonly string[];
  /** See `messageKey` of the contracts. */
  messageKeys: readonly string[];
  /** See `createPersonMark` of the runtime. */
  personMarks: readonly string[];
}

/** Longer texts are words, and no name or id. */
const MAX_KEY_LENGTH = 512;

/** Recognises a person in data of any shape: one of these ids, names or message ids stands in it by itself. */
export function createPersonKeys(person: Person, markOf?: (name: string) => string): (data: unknown) => boolean {
  const ids = new Set([...person.contactIds, ...person.threadIds, ...person.mediaIds]);
  const messageKeys = new Set(person.messageKeys);
  const marks = new Set(markOf ? person.personMarks : []);
  const isKey = (text: string) =>
    text.length > 0 &&
    text.length <= MAX_KEY_LENGTH &&
    (ids.has(text) ||
      (messageKeys.size > 0 && messageKeys.has(messageKey(text))) ||
      (marks.size > 0 && marks.has(markOf!(text))));
  return function isAbout(data: unknown): boolean {
    if (typeof data === 'string') return isKey(data);
    return typeof data === 'object' && data !== null && Object.values(data).some(isAbout);
  };
}
