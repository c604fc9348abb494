import { describe, expect, it } from 'vitest';
import { tablesAboutPeople } from '../../../../test/support/tables-about-people.js';
import { tablesRead } from '../../../../test/support/tables-read.js';
import { migrations } from '../migrations.js';
import { findPerson } from './find-person.js';

const NOBODY = { workspaceId: '00000000-0000-7000-8000-000000000000', contactIds: [], threadIds: [], mediaIds: [] };

/** Why what is in these tables is in no copy. */
const LEFT_OUT: Readonly<Record<string, string>> = {};

describe('a copy of data', () => {
  it('reads every table that has rows about people, or leaves it out for a reason', async () => {
    const read = await tablesRead('identity', migrations, async (tx) => {
      for await (const _ of findPerson(tx, NOBODY));
    });
    expect(read).toContain('audit_entry_object');
    const tables = await tablesAboutPeople('identity', migrations);
    expect(tables.filter((table) => !read.includes(table))).toEqual(Object.keys(LEFT_OUT).toSorted());
  });
});
