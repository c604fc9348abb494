import { describe, expect, it } from 'vitest';
import { tablesAboutPeople } from '../../../../test/support/tables-about-people.js';
import { tablesRead } from '../../../../test/support/tables-read.js';
import { migrations } from '../migrations.js';
import { findPerson } from './find-person.js';

const NOBODY = { workspaceId: '00000000-0000-7000-8000-000000000000', contactIds: [], threadIds: [], mediaIds: [] };

/** Why what is in these tables is in no copy. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  contact_cost: 'is the sum of charges, which are in the copy',
  conversation_cost: 'is the sum of charges',
  conversation_label: 'is what the conversation service has, whose labels are in the copy',
  conversation_month: 'is the sum of charges',
  unattributed_status: 'is of messages of which nobody knows whose they are',
  unrated_message: 'has no price yet',
  window_cost: 'is the sum of charges',
};

describe('a copy of data', () => {
  it('reads every table that has rows about people, or leaves it out for a reason', async () => {
    const read = await tablesRead('billing', migrations, async (tx) => {
      for await (const _ of findPerson(tx, NOBODY));
    });
    const tables = await tablesAboutPeople('billing', migrations);
    expect(tables.filter((table) => !read.includes(table))).toEqual(Object.keys(LEFT_OUT).toSorted());
  });
});
