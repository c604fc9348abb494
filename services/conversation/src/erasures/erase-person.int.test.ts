import { describe, expect, it } from 'vitest';
import { tablesAboutPeople } from '../../../../test/support/tables-about-people.js';
import { migrations } from '../migrations.js';
import { tablesOf } from './erase-person.js';

const NOBODY = {
  workspaceId: 'w',
  erasureId: 'e',
  contactIds: [],
  threadIds: [],
  mediaIds: [],
  messageKeys: [],
  personMarks: [],
  upTo: null,
};
/** Ids that lead nowhere any more. */
const KEPT = ['erased_contact'];

describe('an erasure', () => {
  it('knows every table that has rows about people', async () => {
    const erased = tablesOf(NOBODY, { conversationIds: [], subjectIds: [] }).map(({ table }) => table);
    const tables = await tablesAboutPeople('conversation', migrations);
    expect(tables.filter((table) => ![...erased, ...KEPT].includes(table))).toEqual([]);
    expect(tables).toContain('message');
  });
});
