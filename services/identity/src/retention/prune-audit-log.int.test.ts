import { retentionRunReported } from '@fenster/contracts';
import { readLog, startRetentionTask, sql, transact, workOnRetention, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { verifyAuditLogs } from '../audit/verify-audit-log.js';
import { auditEvent, publishEvents } from '../testing/audit-events.js';
import { IdentityUnderTest } from '../testing/identity-under-test.js';
import { auditLogStep } from './prune-audit-log.js';

const OLD = 1_204;
const identity = new IdentityUnderTest();
const at = (day: string) => ({ occurredAt: `${day}T10:00:00.000Z`, recordedAt: `${day}T10:00:00.000Z` });
const BEFORE = '2024-11-22T00:00:00.000Z';

let owner: pg.Client;
beforeAll(async () => {
  await identity.start();
  owner = new pg.Client({ connectionString: identity.databaseUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await identity.stop();
});

const ctx = (): Ctx => ({
  database: identity.database,
  origin: { actor: { kind: 'system', id: 'test' }, correlationId: 'test' },
  log: createLogger('test', 'silent'),
  now: () => identity.now,
  wakeRelay: () => {},
});
const db = () => identity.database.system().getKysely();

/** A log of so many entries of 2024, then one that is young, then one that is old again, because it came late. */
async function logOf(workspaceId: string, old: number): Promise<void> {
  const events = [
    ...Array.from({ length: old }, () => auditEvent(workspaceId, at('2024-01-01'))),
    auditEvent(workspaceId, at('2025-01-01')),
    auditEvent(workspaceId, at('2024-02-01')),
  ];
  await publishEvents(identity.nats.url, events, 200);
  await eventually(async () => expect(await entriesOf(workspaceId)).toHaveLength(old + 2));
}

async function entriesOf(workspaceId: string): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`
    select seq::int from audit_entry where workspace_id = ${workspaceId} order by seq
  `.execute(db());
  return rows.map(({ seq }) => seq);
}

async function run(workspaceId: string, { isDryRun = false, heldContactIds = [] as string[] } = {}) {
  const runId = newId();
  await transact(ctx(), (tx) =>
    startRetentionTask(tx, workspaceId, {
      runId,
      isDryRun,
      rules: [{ retentionClass: 'AUDIT_LOG', before: BEFORE }],
      heldContactIds,
      expiresAt: new Date(identity.now.getTime() + 60_000).toISOString(),
    }),
  );
  // The worker of the service takes part in it.
  while (await workOnRetention({ service: 'identity', ctx: ctx(), steps: [auditLogStep] }));
  return eventually(async () => {
    const log = await readLog(identity.database.forTenant(workspaceId), 0, 100);
    const report = log.find(
      ({ name, entityId }) => name === retentionRunReported.get('identity')!.name && entityId === runId,
    );
    expect(report).toBeDefined();
    return (report!.data as { counts: unknown[] }).counts;
  });
}

async function verify(workspaceId: string) {
  for await (const verified of verifyAuditLogs(identity.database, { workspaceId, batch: 3 })) return verified;
}

const entries = (count: number) => [{ retentionClass: 'AUDIT_LOG', what: 'audit_entries', count }];

describe('an audit log that has reached its age', () => {
  it('loses its beginning up to the first entry that is young, as the dry run says, and is verified from there', async () => {
    const workspaceId = newId();
    await logOf(workspaceId, OLD);
    expect(await run(workspaceId, { isDryRun: true })).toEqual(entries(OLD));
    expect(await entriesOf(workspaceId)).toHaveLength(OLD + 2);
    const whole = await verify(workspaceId);
    expect(await run(workspaceId)).toEqual(entries(OLD));
    expect((await entriesOf(workspaceId))[0]).toBe(OLD + 1);
    const { rows: orphans } = await sql`
      select from audit_entry_object o where workspace_id = ${workspaceId} and not exists (
        select from audit_entry e where e.workspace_id = o.workspace_id and e.id = o.entry_id
      )
    `.execute(db());
    expect(orphans).toEqual([]);
    const rest = await verify(workspaceId);
    expect(rest).toMatchObject({ broken: undefined });
    expect(rest!.head.seq).toBeGreaterThanOrEqual(whole!.head.seq);
    // Where it begins is in the log itself.
    const { rows: anchor } = await sql<{ hash: string }>`
      select encode(hash, 'hex') as hash from audit_anchor where workspace_id = ${workspaceId}
    `.execute(db());
    await eventually(async () => {
      const { rows } = await sql<{ changes: unknown }>`
        select changes from audit_entry where workspace_id = ${workspaceId} and action = 'audit_log.prune'
        order by seq desc limit 1
      `.execute(db());
      expect(rows[0]?.changes).toMatchObject({ lastSeq: { after: OLD }, digest: { after: anchor[0]!.hash } });
    });
    expect(await run(workspaceId)).toEqual([]);
  });

  it('is broken if more than that is missing, or its anchor is another one', async () => {
    const workspaceId = newId();
    await logOf(workspaceId, 5);
    await run(workspaceId);
    const forge = (what: string) =>
      owner.query(`update audit_anchor set ${what} where workspace_id = $1`, [workspaceId]);
    await forge(`hash = decode(repeat('00', 32), 'hex')`);
    expect(await verify(workspaceId)).toMatchObject({ broken: { seq: 6, check: 'previous hash' } });
    await forge('seq = 4');
    expect(await verify(workspaceId)).toMatchObject({ broken: { seq: 5, check: 'gap' } });
  });

  it('keeps what is young, wherever somebody has moved the anchor', async () => {
    const workspaceId = newId();
    const now = new Date().toISOString();
    const young = auditEvent(workspaceId, { occurredAt: now, recordedAt: now });
    await publishEvents(identity.nats.url, [auditEvent(workspaceId, at('2024-01-01')), young], 200);
    await eventually(async () => expect(await entriesOf(workspaceId)).toEqual([1, 2]));
    await sql`
      insert into audit_anchor (workspace_id, seq, hash, pruned_at)
      select workspace_id, seq, hash, now() from audit_entry where workspace_id = ${workspaceId} and seq = 2
    `.execute(db());
    for (const table of ['audit_entry_object', 'audit_entry']) {
      await expect(
        sql`delete from ${sql.table(table)} where workspace_id = ${workspaceId}`.execute(db()),
      ).rejects.toThrow('append-only');
    }
    expect(await entriesOf(workspaceId)).toEqual([1, 2]);
  });

  it('stays as a whole while anybody is held', async () => {
    const workspaceId = newId();
    await logOf(workspaceId, 5);
    const heldContactIds = [newId()];
    expect(await run(workspaceId, { isDryRun: true, heldContactIds })).toEqual([]);
    expect(await run(workspaceId, { heldContactIds })).toEqual([]);
    expect(await entriesOf(workspaceId)).toHaveLength(7);
  });

  it('loses nothing to anybody who deletes what the anchor is not behind', async () => {
    const workspaceId = newId();
    await logOf(workspaceId, 5);
    await expect(
      sql`delete from audit_entry where workspace_id = ${workspaceId} and seq = 1`.execute(db()),
    ).rejects.toThrow('append-only');
    await expect(
      owner.query('delete from audit_entry where workspace_id = $1 and seq = 1', [workspaceId]),
    ).rejects.toThrow('append-only');
  });
});
