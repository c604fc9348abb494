import { existsSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { killAfterReport } from './killed-run.support.js';
import { identifyProcess } from './server-process.js';
import { startTestInfrastructure } from './test-infrastructure.js';

describe('the infrastructure of a test run', () => {
  it('runs PostgreSQL and nats-server, and leaves nothing behind', async () => {
    const infrastructure = await startTestInfrastructure();
    onTestFinished(infrastructure.stop);
    const client = new Client({ connectionString: infrastructure.postgresAdminUrl });
    await client.connect();
    const { rows } = await client.query<{ folder: string; fsync: string }>(
      `select current_setting('data_directory') as folder, current_setting('fsync') as fsync`,
    );
    await client.end();
    expect(rows[0]?.fsync).toBe('on');
    expect(infrastructure.natsUrl).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    await infrastructure.stop();
    expect(existsSync(rows[0]?.folder ?? '')).toBe(false);
  });

  it('removes what a killed test run left', async () => {
    // A temporary folder of its own: other test runs on this machine are none of its business.
    const folder = mkdtempSync(join(tmpdir(), 'fenster-infrastructure-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const left = await killAfterReport<{ data: string; pids: number[] }>(`
      const { mkdtempSync, chmodSync } = await import('node:fs');
      process.env.TMPDIR = ${JSON.stringify(folder)};
      chmodSync(process.env.TMPDIR, 0o711);
      await local.startTestInfrastructure();
      const { readdirSync, readFileSync } = await import('node:fs');
      const [name] = readdirSync(process.env.TMPDIR).filter((entry) => entry.startsWith('fenster-test-'));
      const data = process.env.TMPDIR + '/' + name;
      const pid = (file) => parseInt(readFileSync(data + file, 'utf8'));
      report({ data, pids: [pid('/postgres/cluster/postmaster.pid'), pid('/nats/nats.pid')] });
    `);
    expect(left.pids.map((pid) => identifyProcess(pid) !== undefined)).toEqual([true, true]);
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    onTestFinished(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    const next = await startTestInfrastructure();
    await next.stop();
    expect(left.pids.map((pid) => identifyProcess(pid))).toEqual([undefined, undefined]);
    expect(existsSync(left.data)).toBe(false);
  });

  it('uses the servers that the environment names, and starts none', async () => {
    const env = {
      TEST_POSTGRES_ADMIN_URL: 'postgres://elsewhere/postgres',
      TEST_NATS_URL: 'nats://elsewhere:4222',
      PATH: '',
    };
    const infrastructure = await startTestInfrastructure({ env });
    onTestFinished(infrastructure.stop);
    expect(infrastructure).toMatchObject({ postgresAdminUrl: env.TEST_POSTGRES_ADMIN_URL, natsUrl: env.TEST_NATS_URL });
  });
});
