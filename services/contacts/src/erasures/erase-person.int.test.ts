import { describe, expect, it } from 'vitest';
import { tablesAboutPeople } from '../../../../test/support/tables-about-people.js';
import { migrations } from '../migrations.js';
import { tablesOf } from './erase-person.js';

/** The proof of consents, and what tells who was forgotten: without names. */
const KEPT = ['consent_event', 'consent_state', 'consent_receipt', 'erasure', 'suppression'];

describe('an erasure', () => {
  it('knows every table that has rows about people', async () => {
    const erased = tablesOf({ workspaceId: 'w', contactIds: [] }).map(({ table }) => table);
    const tables = await tablesAboutPeople('contacts', migrations);
    expect(tables.filter((table) => ![...erased, ...KEPT].includes(table))).toEqual([]);
    expect(tables).toContain('contact_identity');
  });
});
