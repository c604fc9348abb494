import { randomBytes } from 'node:crypto';
import { migrations } from '@fenster/identity';
import { newId } from '@fenster/runtime';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { auditVerify } from './audit-verify.js';

let database: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('identity', migrations);
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

async function verify(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await auditVerify(args, { IDENTITY_DATABASE_URL: database.url }, (line) => lines.push(line));
  return { code, lines };
}

describe('npm run audit:verify', () => {
  it('says of each workspace whether its log holds, and ends with 1 if one does not', async () => {
    expect(await verify()).toEqual({ code: 0, lines: [] });
    const [sound, cut] = [newId(), newId()].toSorted() as [string, string];
    const nothing = Buffer.alloc(32);
    await owner.query('insert into audit_head (workspace_id, seq, hash) values ($1, 0, $2), ($3, 5, $4)', [
      sound,
      nothing,
      cut,
      randomBytes(32),
    ]);
    const [first, second] = [
      `workspace ${sound}: 0 entries hold together, head ${nothing.toString('hex')}`,
      `workspace ${cut}: BROKEN at seq 1: the log does not end as its head says (entries cut off, added or replaced)`,
    ];
    expect(await verify()).toEqual({ code: 1, lines: [first, second] });
    expect(await verify('--workspace', sound)).toEqual({ code: 0, lines: [first] });
    expect(await verify('--workspace', cut)).toEqual({ code: 1, lines: [second] });
  });

  it('refuses what is no workspace, and says what it needs when nothing runs here', async () => {
    await expect(verify('--workspace', 'ours')).rejects.toThrow('--workspace must be the id of a workspace.');
    await expect(verify('--everything')).rejects.toThrow("Unknown option '--everything'");
    const nowhere = { FENSTER_DATA_DIR: `/tmp/fenster-none-${newId()}` };
    await expect(auditVerify([], nowhere, () => {})).rejects.toThrow('Fenster does not run here.');
  });
});
