import { AUDITED_SERVICES } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { auditEvent, publishEvents } from '../testing/audit-events.js';
import { IdentityUnderTest } from '../testing/identity-under-test.js';
import { AuditEntry } from './audit-entry.entity.js';
import { verifyAuditLogs } from './verify-audit-log.js';

const identity = new IdentityUnderTest();
beforeAll(() => identity.start());
afterAll(() => identity.stop());

async function logOf(workspaceId: string, length: number): Promise<AuditEntry[]> {
  return eventually(async () => {
    const entries = await identity.database.system().find(AuditEntry, { workspaceId }, { orderBy: { seq: 'asc' } });
    expect(entries).toHaveLength(length);
    return entries;
  });
}

async function verified(workspaceId: string) {
  for await (const log of verifyAuditLogs(identity.database, { workspaceId })) return log;
  return undefined;
}

describe('the audit log', () => {
  it('has each entry once, without gaps, in the order of its service, however many consume at once', async () => {
    const others = await Promise.all([identity.anotherInstance(), identity.anotherInstance()]);
    const workspaces = [newId(), newId(), newId()];
    const events = Array.from({ length: 1_500 }, (_, index) =>
      auditEvent(workspaces[index % 3]!, { service: AUDITED_SERVICES[index % AUDITED_SERVICES.length]! }),
    );
    await publishEvents(identity.nats.url, events);
    // A broker delivers at least once.
    await publishEvents(identity.nats.url, events.slice(0, 200));
    for (const workspaceId of workspaces) {
      const entries = await logOf(workspaceId, 500);
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
      for (const service of AUDITED_SERVICES) {
        const published = events.filter(
          (event) => event.workspaceId === workspaceId && event.name.startsWith(`${service}.`),
        );
        const stored = entries.filter((entry) => entry.service === service);
        expect(stored.map(({ id }) => id)).toEqual(published.map(({ id }) => id));
      }
      expect(await verified(workspaceId)).toMatchObject({ head: { seq: 500 }, broken: undefined });
    }
    await Promise.all(others.map((other) => other.stop()));
  });

  it('keeps all of an event, and says where it ends', async () => {
    const workspaceId = newId();
    const event = auditEvent(
      workspaceId,
      { service: 'identity', actor: { kind: 'member', id: newId() }, correlationId: 'request 7' },
      {
        action: 'member.role_change',
        objectType: 'member',
        objectIds: [newId().toUpperCase()],
        changes: { role: { before: 'agent', after: 'Größe \u{1f511} "x" \\' }, quota: { before: 1e21, after: 0.1 } },
        sessionId: newId(),
        clientAddress: '2001:db8::7',
        userAgent: 'Probe/1.0',
      },
    );
    await publishEvents(identity.nats.url, [event]);
    const [entry] = await logOf(workspaceId, 1);
    expect(entry).toMatchObject({
      id: event.id,
      seq: 1,
      service: 'identity',
      action: 'member.role_change',
      actorKind: 'member',
      actorId: event.actor.id,
      sessionId: event.data.sessionId,
      objectType: 'member',
      objectIds: [event.data.objectIds[0]!.toLowerCase()],
      changes: event.data.changes,
      clientAddress: '2001:db8::7',
      userAgent: 'Probe/1.0',
      correlationId: 'request 7',
      occurredAt: new Date(event.occurredAt),
    });
    const log = await verified(workspaceId);
    expect(log).toMatchObject({ head: { seq: 1 }, broken: undefined });
    expect(await readLog(identity.database.forTenant(workspaceId), 0, 10)).toMatchObject([
      { name: 'identity.audit_chain.extended', data: { seq: 1, hash: log!.head.hash.toString('hex') } },
    ]);
  });

  it('takes in what comes together in one transaction', async () => {
    const workspaceId = newId();
    await publishEvents(identity.nats.url, [auditEvent(workspaceId)]);
    const [one] = await logOf(workspaceId, 1);
    const many = Array.from({ length: 60 }, () => auditEvent(workspaceId));
    await publishEvents(identity.nats.url, many, 60);
    const entries = await logOf(workspaceId, 61);
    // One transaction, so one head.
    const heads = await readLog(identity.database.forTenant(workspaceId), 0, 100);
    expect(heads.map(({ data }) => (data as { seq: number }).seq)).toEqual([one!.seq, entries.at(-1)!.seq]);
  });
});

describe('entries', () => {
  it.each(['audit_entry', 'audit_entry_object'])(
    'of %s are changed and removed by nobody, the owner included',
    async (table) => {
      const workspaceId = newId();
      await publishEvents(identity.nats.url, [auditEvent(workspaceId)]);
      await logOf(workspaceId, 1);
      const statements = [`update ${table} set occurred_at = now()`, `delete from ${table}`, `truncate ${table}`];
      const owner = new pg.Client({ connectionString: identity.databaseUrl });
      await owner.connect();
      try {
        for (const statement of statements) {
          await expect(owner.query(statement)).rejects.toThrow(`${table} is append-only`);
          for (const em of [identity.database.system(), identity.database.forTenant(workspaceId)]) {
            await expect(em.execute(statement)).rejects.toThrow(/permission denied|is append-only/);
          }
        }
      } finally {
        await owner.end();
      }
      await expect(
        identity.database.forTenant(workspaceId).execute(`insert into ${table} select * from ${table}`),
      ).rejects.toThrow('permission denied');
    },
  );

  it('show themselves to their own workspace only', async () => {
    const [ours, theirs] = [newId(), newId()];
    await publishEvents(identity.nats.url, [auditEvent(ours), auditEvent(theirs)]);
    await Promise.all([logOf(ours, 1), logOf(theirs, 1)]);
    for (const table of ['audit_entry', 'audit_entry_object']) {
      const rows = await identity.database
        .forTenant(ours)
        .execute<{ workspace_id: string }[]>(`select workspace_id from ${table}`);
      expect(rows).toEqual([{ workspace_id: ours }]);
      expect(await identity.database.forTenant('').execute(`select 1 from ${table}`)).toEqual([]);
    }
    await expect(identity.database.forTenant(ours).execute('select 1 from audit_head')).rejects.toThrow(
      'permission denied',
    );
  });
});
