import { messageKey } from '@fenster/contracts';
import { describe, expect, it } from 'vitest';
import { createPersonKeys } from './person-keys.js';

const person = {
  contactIds: ['c1'],
  threadIds: ['t1'],
  mediaIds: ['m1'],
  messageKeys: [messageKey('wamid.1')],
  personMarks: ['mark of +491'],
};
const isAbout = createPersonKeys(person, (name) => `mark of ${name}`);

describe('the keys of a person', () => {
  it('are found wherever they stand in the data', () => {
    for (const data of [
      { threadId: 't1' },
      { mediaIds: ['x', 'm1'] },
      { deep: [{ contact: { contactId: 'c1' } }] },
      { providerMessageId: 'wamid.1' },
      { identity: { phone: '+491' } },
    ]) {
      expect(isAbout(data)).toBe(true);
    }
  });

  it('are not found in data of others, nor within words', () => {
    for (const data of [
      { threadId: 't2' },
      { providerMessageId: 'wamid.2', identity: { phone: '+492' } },
      { text: 'call +491' },
      null,
      7,
    ]) {
      expect(isAbout(data)).toBe(false);
    }
  });

  it('are no numbers where nobody can tell marks', () => {
    expect(createPersonKeys(person)({ identity: { phone: '+491' } })).toBe(false);
  });
});
