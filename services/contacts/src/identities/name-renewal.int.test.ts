import { readLog, renewAll, RENEWED_AFTER_MS, sql, unnest } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { nameRenewal } from './name-renewal.js';

const contacts = new ContactsUnderTest();
let workspaceId: string;
beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(() => {
  workspaceId = newId();
});

const told = async (workspace = workspaceId) => {
  const log = await readLog(contacts.database.forTenant(workspace), 0, 2_000);
  return log.map(({ name, data }) => {
    expect(name).toBe('contacts.contact.changed');
    return data as { contactId: string; name: string };
  });
};
const renew = (at = new Date()) =>
  renewAll(
    {
      database: contacts.database,
      now: () => at,
      log: createLogger('test', 'silent'),
      wakeRelay() {},
      origin: { actor: { kind: 'system' }, correlationId: 'test' },
    },
    nameRenewal,
  );
const daysLater = (after = 0) => new Date(Date.now() + RENEWED_AFTER_MS + after);

/** As an earlier version stored it, that told nobody. */
async function store(name: string | null, count = 1, workspace = workspaceId): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  const rows = ids.map((id) => ({ id }));
  await sql`
    insert into contact (workspace_id, id, profile_name, created_at, updated_at)
    select ${workspace}::uuid, id, ${name}::text, now(), now() from ${unnest('input', { id: 'uuid' }, rows)}
  `.execute(contacts.database.system().getKysely());
  return ids;
}
const alias = (contactId: string, id: string) =>
  sql`insert into contact_alias (workspace_id, id, contact_id, created_at) values (${workspaceId}, ${id}, ${contactId}, now())`.execute(
    contacts.database.system().getKysely(),
  );

describe('what contacts are called', () => {
  it('is told, given that nobody was, once under each id and in every workspace', async () => {
    const [anna] = await store('Anna');
    const other = newId();
    await alias(anna!, other);
    await store(null);
    const elsewhere = newId();
    const [ben] = await store('Ben', 1, elsewhere);
    await Promise.all([renew(), renew()]);
    await renew();
    expect((await told()).toSorted((a, b) => (a.contactId < b.contactId ? -1 : 1))).toEqual([
      { contactId: anna, name: 'Anna' },
      { contactId: other, name: 'Anna' },
    ]);
    expect(await told(elsewhere)).toEqual([{ contactId: ben, name: 'Ben' }]);
  });

  it('is told of many in batches, and of each once, whoever does it', async () => {
    const ids = await store('Anna', 450);
    await Promise.all([renew(), renew()]);
    expect((await told()).map(({ contactId }) => contactId).toSorted()).toEqual(ids.toSorted());
  });

  it('is told again when days have passed since it was told, and not before', async () => {
    const [channelId, contactId] = [newId(), newId()];
    const see = async (kind: 'opened' | 'identity_changed', profileName: string) => {
      const identity = { bsuid: 'DE.1', profileName };
      await contacts.publish(contacts.event(kind, { workspaceId, contactId, channelId, identity }));
      await contacts.settle();
    };
    await see('opened', 'Anna');
    await renew();
    expect(await told()).toHaveLength(1);
    await see('identity_changed', 'Anna B.');
    await renew(daysLater(-60_000));
    expect(await told()).toHaveLength(2);
    await renew(daysLater(60_000));
    expect((await told()).slice(2)).toEqual([{ contactId, name: 'Anna B.' }]);
  });
});
