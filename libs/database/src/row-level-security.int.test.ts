import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from './database.js';
import { createProbe, type Probe } from './testing/probe.js';
import { transact } from './transact.js';

let probe: Probe;
const [ours, theirs] = [newId(), newId()];

beforeAll(async () => {
  probe = await createProbe();
  for (const workspaceId of [ours, theirs]) {
    await transact(probe.ctx(), (tx) =>
      tx.em.execute('insert into note (workspace_id, id, text) values (?, ?, ?)', [workspaceId, newId(), workspaceId]),
    );
  }
});
afterAll(() => probe.close());

const texts = async (workspaceId: string) =>
  (await probe.database.forTenant(workspaceId).execute<{ text: string }[]>('select text from note')).map(
    (row) => row.text,
  );

describe('row-level security', () => {
  it('shows a query without any condition the rows of its own workspace only', async () => {
    expect(await texts(ours)).toEqual([ours]);
    expect(await texts(theirs)).toEqual([theirs]);
    expect(await texts(newId())).toEqual([]);
  });

  it('keeps tenants apart when many requests share few connections', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const workspaceId = [ours, theirs, newId()][index % 3]!;
        return { workspaceId, found: await texts(workspaceId) };
      }),
    );
    for (const { workspaceId, found } of answers) {
      expect(found).toEqual(workspaceId === ours || workspaceId === theirs ? [workspaceId] : []);
    }
  });

  it('holds for plain statements that are prepared, whatever ran on their connection before', async () => {
    const read = async (workspaceId: string) =>
      (
        await probe.database.readForTenant(workspaceId, sql<{ text: string }>`/* prepared */ select text from note`)
      ).map((row) => row.text);
    const nobody = newId();
    const asked = Array.from({ length: 60 }, (_, index) => [ours, theirs, nobody][index % 3]!);
    expect(await Promise.all(asked.map(read))).toEqual(asked.map((id) => (id === nobody ? [] : [id])));
    await expect(probe.database.readForTenant(ours, sql`select * from missing`)).rejects.toMatchObject({
      code: '42P01',
    });
    expect(await read(theirs)).toEqual([theirs]);
  });

  it('ends a statement that takes longer than it may, and the connection is as it was', async () => {
    const asleep = sql`select pg_sleep(600)`;
    await expect(probe.database.readForTenant(ours, asleep, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'TIMED_OUT',
    });
    const patient = await probe.database.readForTenant(
      ours,
      sql<{ limit: string }>`
      select current_setting('statement_timeout') as limit from pg_sleep(0.05)
    `,
    );
    expect(patient).toEqual([{ limit: '0' }]);
  });

  it('shows nothing to a query that forgot its tenant', async () => {
    const em = probe.database.forTenant(ours);
    await em.execute('select 1');
    // Kysely outside a transaction has no scope, on a connection that had one a moment ago.
    const { rows } = await sql`select * from note`.execute(em.getKysely());
    expect(rows).toEqual([]);
  });

  it('refuses to write into another workspace', async () => {
    const intrusion = transact(probe.ctx(ours), (tx) =>
      tx.em.execute('insert into note (workspace_id, id, text) values (?, ?, ?)', [theirs, newId(), 'intruder']),
    );
    await expect(intrusion).rejects.toThrow(/row-level security/);
    const moved = transact(probe.ctx(ours), (tx) => tx.em.execute('update note set workspace_id = ?', [theirs]));
    await expect(moved).rejects.toThrow(/row-level security/);
    expect(await texts(theirs)).toEqual([theirs]);
  });

  it('gives requests a role that neither owns tables nor bypasses policies', async () => {
    const rows = await probe.database.forTenant(ours).execute(`
      select rolsuper, rolbypassrls, exists(select from pg_tables where tableowner = current_user) as owns
      from pg_roles where rolname = current_user
    `);
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false, owns: false }]);
  });

  it('guards every table of tenant data', async () => {
    const rows = await probe.database.system().execute<{ table: string }[]>(`
      select c.relname as table from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id'
      where c.relkind = 'r' and not c.relrowsecurity
    `);
    expect(rows).toEqual([]);
  });
});
