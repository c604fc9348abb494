import { newId } from '@fenster/runtime';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { auditEvent, publishEvents } from '../testing/audit-events.js';
import { IdentityUnderTest } from '../testing/identity-under-test.js';
import { auditChain, type AuditEntryContent } from './audit-chain.js';
import { AuditEntry } from './audit-entry.entity.js';
import { verifyAuditLogs, type VerifiedLog } from './verify-audit-log.js';

const LENGTH = 9;
const [first, ours, last] = [newId(), newId(), newId()];
const identity = new IdentityUnderTest();
let owner: pg.Client;

beforeAll(async () => {
  await identity.start();
  const workspaces = [first, ours, last].flatMap((workspaceId) => Array.from({ length: LENGTH }, () => workspaceId));
  await publishEvents(
    identity.nats.url,
    workspaces.map((workspaceId, index) =>
      auditEvent(workspaceId, {}, { changes: { name: { before: null, after: `${index}` } } }),
    ),
  );
  await eventually(async () => expect(await identity.database.system().count(AuditEntry)).toBe(3 * LENGTH));
  owner = new pg.Client({ connectionString: identity.databaseUrl });
  await owner.connect();
  // Whoever owns the database can do this; the chain is there to show it.
  await owner.query('alter table audit_entry disable trigger user');
  await owner.query('create table entry_copy as select * from audit_entry');
  await owner.query('create table head_copy as select * from audit_head');
});
afterAll(async () => {
  await owner.end();
  await identity.stop();
});
beforeEach(async () => {
  await owner.query('truncate audit_entry');
  await owner.query('insert into audit_entry select * from entry_copy');
  await owner.query('truncate audit_head');
  await owner.query('insert into audit_head select * from head_copy');
});

async function verify(workspaceId?: string): Promise<VerifiedLog[]> {
  const logs: VerifiedLog[] = [];
  // Batches that end in the middle, and exactly at the end.
  for await (const log of verifyAuditLogs(identity.database, { workspaceId, batch: 3 })) logs.push(log);
  return logs;
}

async function entryAt(seq: number): Promise<AuditEntryContent & { previousHash: Buffer }> {
  const { rows } = await owner.query<AuditEntryContent & { previousHash: Buffer }>(
    `select workspace_id as "workspaceId", seq::int, id, service, action, actor_kind as "actorKind", actor_id as "actorId",
       session_id as "sessionId", object_type as "objectType", object_ids as "objectIds", changes,
       client_address as "clientAddress", user_agent as "userAgent", correlation_id as "correlationId",
       occurred_at as "occurredAt", recorded_at as "recordedAt", previous_hash as "previousHash"
     from audit_entry where workspace_id = $1 and seq = $2`,
    [ours, seq],
  );
  return rows[0]!;
}

/** As somebody would who knows how hashes are made. */
async function hashAnew(seq: number): Promise<void> {
  const entry = await entryAt(seq);
  await owner.query('update audit_entry set hash = $3 where workspace_id = $1 and seq = $2', [
    ours,
    seq,
    auditChain.hash(entry, entry.previousHash),
  ]);
}

const run = (statement: string, ...values: unknown[]) => owner.query(statement, [ours, ...values]);

const TAMPERINGS: [string, () => Promise<unknown>, { seq: number; check: string }][] = [
  [
    'a changed field',
    () => run(`update audit_entry set actor_id = 'somebody else' where workspace_id = $1 and seq = 4`),
    { seq: 4, check: 'hash' },
  ],
  [
    'a changed setting',
    () =>
      run(`update audit_entry set changes = '{"name":{"before":null,"after":""}}' where workspace_id = $1 and seq = 1`),
    { seq: 1, check: 'hash' },
  ],
  [
    'a deleted entry',
    () => run('delete from audit_entry where workspace_id = $1 and seq = 5'),
    { seq: 5, check: 'gap' },
  ],
  [
    'the first entry deleted',
    () => run('delete from audit_entry where workspace_id = $1 and seq = 1'),
    { seq: 1, check: 'gap' },
  ],
  [
    'an inserted entry, the later ones moved on',
    async () => {
      await run('update audit_entry set seq = seq + 1000 where workspace_id = $1 and seq > 5');
      await run('update audit_entry set seq = seq - 999 where workspace_id = $1 and seq > 1000');
      await run(
        `insert into audit_entry select workspace_id, 6, $2, service, action, actor_kind, actor_id, session_id, object_type,
           object_ids, changes, client_address, user_agent, correlation_id, occurred_at, recorded_at, hash, hash
         from audit_entry where workspace_id = $1 and seq = 5`,
        newId(),
      );
      await hashAnew(6);
    },
    { seq: 7, check: 'previous hash' },
  ],
  [
    'an entry added at the end',
    async () => {
      await run(
        `insert into audit_entry select workspace_id, 10, $2, service, action, actor_kind, actor_id, session_id, object_type,
           object_ids, changes, client_address, user_agent, correlation_id, occurred_at, recorded_at, hash, hash
         from audit_entry where workspace_id = $1 and seq = 9`,
        newId(),
      );
      await hashAnew(10);
    },
    { seq: 10, check: 'head' },
  ],
  [
    'two entries that changed places',
    async () => {
      await run('update audit_entry set seq = 1000 where workspace_id = $1 and seq = 3');
      await run('update audit_entry set seq = 3 where workspace_id = $1 and seq = 4');
      await run('update audit_entry set seq = 4 where workspace_id = $1 and seq = 1000');
    },
    { seq: 3, check: 'previous hash' },
  ],
  [
    'a changed entry with its hash made anew',
    async () => {
      await run(`update audit_entry set action = 'message.read' where workspace_id = $1 and seq = 6`);
      await hashAnew(6);
    },
    { seq: 7, check: 'previous hash' },
  ],
  [
    'the last entry changed, with its hash made anew',
    async () => {
      await run(`update audit_entry set action = 'message.read' where workspace_id = $1 and seq = 9`);
      await hashAnew(9);
    },
    { seq: 9, check: 'head' },
  ],
  [
    'a tail that was cut off',
    () => run('delete from audit_entry where workspace_id = $1 and seq > 7'),
    { seq: 8, check: 'head' },
  ],
  ['all entries gone', () => run('delete from audit_entry where workspace_id = $1'), { seq: 1, check: 'head' }],
  ['the head gone', () => run('delete from audit_head where workspace_id = $1'), { seq: 1, check: 'head' }],
];

describe('verifying the audit logs', () => {
  it('finds nothing wrong with what nobody touched, and says where each ends', async () => {
    const { rows } = await owner.query<{ workspace_id: string; hash: Buffer }>(
      'select workspace_id, hash from audit_head order by workspace_id',
    );
    expect(await verify()).toEqual(
      rows.map(({ workspace_id, hash }) => ({
        workspaceId: workspace_id,
        head: { seq: LENGTH, hash },
        broken: undefined,
      })),
    );
    expect(await verify(ours)).toMatchObject([{ workspaceId: ours, broken: undefined }]);
  });

  it.each(TAMPERINGS)('names the first broken link: %s', async (_what, tamper, broken) => {
    await tamper();
    expect(await verify()).toMatchObject([
      { workspaceId: first, broken: undefined },
      { workspaceId: ours, broken },
      { workspaceId: last, broken: undefined },
    ]);
  });
});
