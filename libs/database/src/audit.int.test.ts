import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { auditRead, ReadNotes } from './audit.js';
import { readLog } from './event-log.js';
import { createReadAudit } from './read-audit.js';
import { createProbe, type Probe } from './testing/probe.js';
import { transact, type Ctx, type Tx } from './transact.js';

let probe: Probe;
beforeAll(async () => {
  probe = await createProbe('billing');
});
afterAll(() => probe.close());

const logOf = (workspaceId: string) => readLog(probe.database.forTenant(workspaceId), 0, 1_000);
const member = { kind: 'member', id: newId() } as const;

function requestOf(workspaceId: string): Ctx {
  const origin = {
    actor: member,
    correlationId: 'request 1',
    sessionId: newId(),
    clientAddress: '192.0.2.7',
    userAgent: 'Probe/1.0',
  };
  return { ...probe.ctx(workspaceId), origin, reads: new ReadNotes() };
}

async function auditedBy(work: (tx: Tx) => void): Promise<unknown> {
  const workspaceId = newId();
  await transact(requestOf(workspaceId), async (tx) => work(tx));
  const [event] = await logOf(workspaceId);
  return event?.data;
}

describe('tx.audit', () => {
  it('says who did what to which object, from where and in which session, with the settings that changed', async () => {
    const workspaceId = newId();
    const ctx = requestOf(workspaceId);
    const id = newId();
    const channel = newId();
    await transact(ctx, async (tx) =>
      tx.audit({
        action: 'team.update',
        object: { type: 'team', id },
        before: { name: 'Sales', channelIds: [], memberIds: [channel] },
        after: { name: 'Sales +49 151 12345678', channelIds: [channel], memberIds: [channel] },
      }),
    );
    expect(await logOf(workspaceId)).toMatchObject([
      {
        name: 'billing.audit_entry.recorded',
        dataClass: 'audit',
        workspaceId,
        entityId: id,
        actor: member,
        correlationId: 'request 1',
        data: {
          action: 'team.update',
          objectType: 'team',
          objectIds: [id],
          changes: {
            name: { before: 'Sales', after: 'Sales •••' },
            channelIds: { before: [], after: [channel] },
          },
          sessionId: ctx.origin.sessionId,
          clientAddress: '192.0.2.7',
          userAgent: 'Probe/1.0',
        },
      },
    ]);
  });

  it('shows a setting that was not there, or is not any more, as null, and nothing where nothing changed', async () => {
    const object = { type: 'member', id: newId() } as const;
    expect(
      await auditedBy((tx) => tx.audit({ action: 'member.create', object, after: { role: 'agent' } })),
    ).toMatchObject({
      changes: { role: { before: null, after: 'agent' } },
    });
    expect(
      await auditedBy((tx) => tx.audit({ action: 'member.remove', object, before: { role: 'agent' } })),
    ).toMatchObject({
      changes: { role: { before: 'agent', after: null } },
    });
    const same = await auditedBy((tx) =>
      tx.audit({ action: 'member.update', object, before: { role: 'agent' }, after: { role: 'agent' } }),
    );
    expect(same).toBeUndefined();
  });

  it('is undone with its transaction', async () => {
    const workspaceId = newId();
    const work = transact(requestOf(workspaceId), async (tx) => {
      tx.audit({ action: 'member.remove', object: { type: 'member', id: newId() } });
      throw new Error('undone');
    });
    await expect(work).rejects.toThrow('undone');
    expect(await logOf(workspaceId)).toEqual([]);
  });

  it('takes no secret: neither the compiler nor the running program lets one in', async () => {
    const object = { type: 'member', id: newId() } as const;
    const row = { role: 'admin', passwordHash: '$argon2id$…', email: 'anna@example.test' };
    const phone = { name: 'Main', displayPhoneNumber: '+4930123456' };
    const withRow = (tx: Tx) =>
      tx.audit({
        action: 'member.update',
        object,
        // @ts-expect-error: a whole row has more than its settings
        after: row,
      });
    await expect(auditedBy(withRow)).rejects.toThrow('passwordHash');
    const withPhone = (tx: Tx) =>
      tx.audit({
        action: 'channel.update',
        object: { type: 'channel', id: newId() },
        // @ts-expect-error: a phone number is no setting
        before: phone,
      });
    await expect(auditedBy(withPhone)).rejects.toThrow('displayPhoneNumber');
  });
});

describe('reads', () => {
  const create = (database: unknown = probe.database) =>
    createReadAudit({ ...probe.ctx(), database: database as Ctx['database'] });

  it('of one request are one entry for each action, stored after it', async () => {
    const workspaceId = newId();
    const ctx = requestOf(workspaceId);
    const [anna, bert] = [newId(), newId()];
    for (const id of [anna, bert, anna]) auditRead(ctx, 'contact.read_phone', id);
    auditRead(ctx, 'conversation.read', anna);
    const audit = create();
    await audit.store(ctx.reads!);
    await audit.stop();
    expect(await logOf(workspaceId)).toMatchObject([
      {
        actor: member,
        correlationId: 'request 1',
        data: {
          action: 'contact.read_phone',
          objectType: 'contact',
          objectIds: [anna, bert],
          clientAddress: '192.0.2.7',
        },
      },
      { data: { action: 'conversation.read', objectType: 'conversation', objectIds: [anna] } },
    ]);
  });

  it('of many requests are stored together, each workspace in its own log, and long lists in parts', async () => {
    const workspaces = [newId(), newId()];
    const audit = create();
    for (const workspaceId of [...workspaces, ...workspaces]) {
      const ctx = requestOf(workspaceId);
      for (let object = 0; object < 250; object += 1) auditRead(ctx, 'contact.read', newId());
      await audit.store(ctx.reads!);
    }
    for (const workspaceId of workspaces) {
      const lengths = () =>
        logOf(workspaceId).then((log) => log.map(({ data }) => (data as { objectIds: string[] }).objectIds.length));
      await eventually(async () => expect(await lengths()).toEqual([200, 50, 200, 50]));
    }
    await audit.stop();
  });

  it('wait while the database is away, hold up answers when too many wait, and are stored once it is back', async () => {
    let isAway = true;
    const audit = create(
      new Proxy(probe.database, {
        get(target, key) {
          if (isAway && key === 'system') throw new Error('away');
          return Reflect.get(target, key) as unknown;
        },
      }),
    );
    const workspaceId = newId();
    const read = () => {
      const ctx = requestOf(workspaceId);
      auditRead(ctx, 'contact.read', newId());
      return audit.store(ctx.reads!);
    };
    await Promise.all(Array.from({ length: 5_000 }, read));
    await expect(read()).rejects.toThrow('Reads cannot be audited at present.');
    isAway = false;
    await read();
    await audit.stop();
    const rows = await probe.database.system().execute('select 1 from outbox where workspace_id = ?', [workspaceId]);
    expect(rows).toHaveLength(5_001);
  });

  it('are not noted where nobody reads', () => {
    expect(() => auditRead(probe.ctx(newId()), 'contact.read', newId())).not.toThrow();
  });
});
