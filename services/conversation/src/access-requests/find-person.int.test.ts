import { describe, expect, it } from 'vitest';
import { tablesAboutPeople } from '../../../../test/support/tables-about-people.js';
import { tablesRead } from '../../../../test/support/tables-read.js';
import { migrations } from '../migrations.js';
import { findPerson } from './find-person.js';

const NOBODY = { workspaceId: '00000000-0000-7000-8000-000000000000', contactIds: [], threadIds: [], mediaIds: [] };

/** Why what is in these tables is in no copy. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  access_code: 'is the code word of a request, which the person has',
  claim: 'is which colleague answers',
  consent: 'is told by contacts, which has the ledger',
  consent_request: 'is in the ledger as what was asked',
  contact_name: 'is told by contacts, which has the names',
  control: 'is whether a colleague or a program answers',
  erased_contact: 'is who was erased',
  mention: 'is which colleague a note is for',
  opt_out_question: 'is a message, which is in the copy, until a colleague has read it',
  participant: 'is which colleagues take part',
  read_cursor: 'is how far a colleague has read',
  read_receipt: 'is which messages the provider is to be told of as read',
  search_entry: 'is the words of messages once more',
  service_level_clock: 'is how soon colleagues have to answer',
  thread: 'is in the names, in the activity that contacts has, and in the ledger',
};

describe('a copy of data', () => {
  it('reads every table that has rows about people, or leaves it out for a reason', async () => {
    const read = await tablesRead('conversation', migrations, async (tx) => {
      for await (const _ of findPerson(tx, NOBODY));
    });
    const tables = await tablesAboutPeople('conversation', migrations);
    expect(tables.filter((table) => !read.includes(table))).toEqual(Object.keys(LEFT_OUT).toSorted());
  });
});
