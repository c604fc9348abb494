import { randomBytes } from 'node:crypto';
import { migrations } from '@fenster/contacts';
import { newId } from '@fenster/runtime';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { consentLedger } from './consent-ledger.js';

let database: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('contacts', migrations);
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

async function run(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await consentLedger(args, { CONTACTS_DATABASE_URL: database.url }, (line) => lines.push(line));
  return { code, lines };
}

describe('npm run consent:…', () => {
  it('verify says of each workspace whether its ledger holds, and ends with 1 if one does not', async () => {
    expect(await run('verify')).toEqual({ code: 0, lines: [] });
    const cut = newId();
    await owner.query('insert into consent_head (workspace_id, seq, hash) values ($1, 5, $2)', [cut, randomBytes(32)]);
    expect(await run('verify', '--workspace', cut)).toEqual({
      code: 1,
      lines: [
        `workspace ${cut}: BROKEN at seq 1: the log does not end as its head says (entries cut off, added or replaced)`,
      ],
    });
  });

  it('export writes keys, texts and entries, a line of JSON each', async () => {
    const [workspaceId, hash] = [newId(), 'ab'.repeat(32)];
    await owner.query(
      `insert into consent_text values ($1, $2, 'marketing', 'de', 1, 'Ja, gern', 'https://x.example', '1', now(), 'm')`,
      [workspaceId, hash],
    );
    const { code, lines } = await run('export', '--workspace', workspaceId);
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ type: 'text', hash, body: 'Ja, gern' }]);
  });

  it('rebuild says how many consents there are', async () => {
    expect(await run('rebuild')).toEqual({ code: 0, lines: ['0 consents are what their events come to.'] });
  });

  it('refuses what it does not know', async () => {
    await expect(run('forget')).rejects.toThrow('There are verify, export and rebuild.');
    await expect(run('export')).rejects.toThrow('--workspace says whose ledger.');
    await expect(run('verify', '--workspace', 'ours')).rejects.toThrow('--workspace must be the id of a workspace.');
  });
});
