import { describe, expect, it } from 'vitest';
import { tablesAboutPeople } from '../../../../test/support/tables-about-people.js';
import { tablesRead } from '../../../../test/support/tables-read.js';
import { migrations } from '../migrations.js';
import { ownRecords } from './find-own-records.js';

const NOBODY = '00000000-0000-7000-8000-000000000000';

/** Why what is in these tables is in no copy. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  consent_state: 'is what the ledger, which is in the copy, comes to',
  contact_distinction: 'names somebody else',
  contact_likeness: 'says that somebody else has the same, and no more',
  erasure: 'is of somebody who is being erased, and gets no copy',
  suppression: 'is of somebody who was erased',
};

describe('a copy of data', () => {
  it('reads every table that has rows about people, or leaves it out for a reason', async () => {
    const read = await tablesRead('contacts', migrations, async (tx) => {
      const records = ownRecords({ workspaceId: NOBODY, contactId: NOBODY });
      for (const statement of Object.values(records)) await statement.execute(tx.sql);
    });
    const tables = await tablesAboutPeople('contacts', migrations);
    expect(tables.filter((table) => !read.includes(table))).toEqual(Object.keys(LEFT_OUT).toSorted());
  });
});
