import type { AuditEntryRecorded } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { EVENT_HEADER, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';

const contacts = new ContactsUnderTest();
const [anna, bert] = [newId(), newId()];
let ours: string;

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(async () => {
  ours = newId();
  const named = [
    [anna, { phone: '+4915112345678', profileName: 'Anna' }],
    [bert, { bsuid: 'DE.2', profileName: 'Bert' }],
  ] as const;
  await contacts.publish(
    ...named.map(([contactId, identity]) =>
      contacts.event('opened', { workspaceId: ours, contactId, channelId: newId(), identity }),
    ),
  );
  await contacts.settle();
});

const logOf = async () =>
  (await readLog(contacts.database.forTenant(ours), 0, 100)).filter(
    ({ name }) => name === 'contacts.audit_entry.recorded',
  );

/** What the requests so far have left in the log; a last one shows that nothing more comes. */
async function audited(): Promise<{ action: string; objectIds: string[] }[]> {
  const marker = contacts.token(ours, 'contact:read');
  const before = (await logOf()).length;
  await contacts.query(`{ contact(id: "${bert}") { createdAt } }`, marker);
  return eventually(async () => {
    const log = await logOf();
    const last = log.at(-1);
    expect(log.length).toBeGreaterThan(before);
    expect((last!.data as AuditEntryRecorded).action).toBe('contact.read');
    return log.slice(0, -1).map(({ data }) => {
      const { action, objectIds } = data as AuditEntryRecorded;
      return { action, objectIds: objectIds.toSorted() };
    });
  });
}

const REFERENCES = `query ($ids: [_Any!]!) { _entities(representations: $ids) { ... on Contact { name phone maskedPhone } } }`;
const references = { ids: [anna, bert].map((id) => ({ __typename: 'Contact', id })) };

describe('whose data somebody was shown', () => {
  it('is in the audit log: who opened a contact, who listed contacts, who saw a number', async () => {
    const token = contacts.token(ours, 'contact:read', 'contact:read_phone');
    await contacts.query(`{ contact(id: "${anna}") { name phone } }`, token);
    await contacts.query('{ contacts { nodes { name } } }', token);
    await contacts.query(REFERENCES, token, references);
    expect(await audited()).toEqual([
      { action: 'contact.read', objectIds: [anna] },
      { action: 'contact.read_phone', objectIds: [anna] },
      { action: 'contact.read', objectIds: [anna, bert].toSorted() },
      // Bert has no number.
      { action: 'contact.read_phone', objectIds: [anna] },
    ]);
    const log = await logOf();
    expect(log[0]).toMatchObject({ name: 'contacts.audit_entry.recorded', actor: { kind: 'member' } });
    expect(JSON.stringify(log)).not.toContain('15112345678');
  });

  it('is not, where nothing was shown', async () => {
    const masked = contacts.token(ours, 'contact:read');
    await contacts.query(REFERENCES, masked, references);
    await contacts.query(`{ contact(id: "${newId()}") { name } }`, masked);
    await contacts.query(`{ contact(id: "${anna}") { name } }`, contacts.token(newId(), 'contact:read'));
    await contacts.query('{ contacts { nodes { name } } }', contacts.token(ours, 'cost:read'));
    expect(await audited()).toEqual([]);
  });

  it('is not, where the gateway completes an event for its subscribers', async () => {
    const token = contacts.token(ours, 'contact:read', 'contact:read_phone');
    const { data } = await contacts.query(REFERENCES, token, references, { [EVENT_HEADER]: '1' });
    expect(data!._entities).toMatchObject([{ phone: '+4915112345678' }, {}]);
    expect(await audited()).toEqual([]);
  });

  it('is still stored when the service stops right after the answer', async () => {
    await contacts.query(`{ contact(id: "${anna}") { name } }`, contacts.token(ours, 'contact:read'));
    await contacts.service.stop();
    await contacts.startService();
    expect((await logOf()).map(({ data }) => data)).toMatchObject([{ action: 'contact.read', objectIds: [anna] }]);
  });
});
