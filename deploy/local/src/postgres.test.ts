import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AlreadyRunningError } from './claim.js';
import { killAfterReport } from './killed-run.support.js';
import { freePort, PortTakenError } from './ports.js';
import {
  relocatedPostgres,
  startPostgres,
  stopOrphanedPostgres,
  type PostgresOptions,
  type RunningPostgres,
} from './postgres.js';
import { identifyProcess } from './server-process.js';

const isRoot = process.getuid?.() === 0;

describe('the embedded PostgreSQL', () => {
  let dataDir: string;
  beforeEach(() => {
    const home = mkdtempSync(join(tmpdir(), 'fenster-postgres-'));
    chmodSync(home, 0o711);
    dataDir = join(home, 'postgres');
    onTestFinished(async () => {
      await stopOrphanedPostgres(dataDir);
      const relocated = relocatedPostgres(dataDir);
      for (const folder of [home, ...(relocated ? [relocated] : [])]) rmSync(folder, { recursive: true, force: true });
    });
  });

  const start = async (options: Partial<PostgresOptions> = {}): Promise<RunningPostgres> => {
    const postgres = await startPostgres({ dataDir, port: await freePort(), ...options });
    onTestFinished(postgres.stop);
    return postgres;
  };
  const query = async (url: string, sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  /** Starts PostgreSQL in a process that is killed right after; what is left is an orphan. */
  const leaveOrphan = async () =>
    killAfterReport<number>(`
      const port = await local.freePort();
      const postgres = await local.startPostgres({ dataDir: ${JSON.stringify(dataDir)}, port });
      report(postgres.pid);
    `);

  it('keeps data and password over a restart, and nobody else can read the password', async () => {
    const first = await start();
    await query(first.adminUrl, 'create table kept as select 42 as answer');
    await first.stop();
    expect(identifyProcess(first.pid)).toBeUndefined();
    expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);

    const second = await start();
    expect(await query(second.adminUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(new URL(second.adminUrl).password).toBe(new URL(first.adminUrl).password);
  });

  it('asks every client for the password and commits durably', async () => {
    const { adminUrl } = await start();
    const wrong = new URL(adminUrl);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    const [settings] = await query(
      adminUrl,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
    );
    expect(settings).toEqual({ fsync: 'on', commit: 'on' });
  });

  it('refuses a second instance on the same folder and leaves the first alone', async () => {
    const { adminUrl } = await start();
    await expect(start()).rejects.toThrow(AlreadyRunningError);
    expect(await query(adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('stops the orphan of a killed run, then starts', async () => {
    const orphan = await leaveOrphan();
    expect(identifyProcess(orphan)).toBeDefined();
    const lines: string[] = [];
    const { adminUrl } = await start({ log: (line) => lines.push(line) });
    expect(identifyProcess(orphan)).toBeUndefined();
    expect(lines.join('\n')).toContain(`process ${orphan}`);
    expect(await query(adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts after the server itself was killed too', async () => {
    const orphan = await leaveOrphan();
    process.kill(orphan, 'SIGKILL');
    const { adminUrl } = await start();
    expect(await query(adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is not held up by a pid file whose pid has gone to another process', async () => {
    const first = await start();
    await first.stop();
    const cluster = join(relocatedPostgres(dataDir) ?? dataDir, 'cluster');
    writeFileSync(
      join(cluster, 'postmaster.pid'),
      [process.pid, cluster, 0, 5432, '', '127.0.0.1', '1 1', 'ready   ', ''].join('\n'),
    );
    const { adminUrl } = await start();
    expect(await query(adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('names a taken port and its variable, leaves nothing running and the folder free', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const refusal = start({ port });
    await expect(refusal).rejects.toThrow(PortTakenError);
    await expect(refusal).rejects.toThrow(/PostgreSQL.*FENSTER_POSTGRES_PORT/);
    await expect(start()).resolves.toBeDefined();
  });

  it('says what a server that does not start last said, and lets the folder go', async () => {
    await expect(start({ settings: { shared_buffers: 'nonsense' } })).rejects.toThrow(
      /did not start[\s\S]*shared_buffers/,
    );
    await expect(start()).resolves.toBeDefined();
  });

  it('reports its end', async () => {
    const { pid, exited } = await start();
    process.kill(pid, 'SIGINT');
    await expect(exited).resolves.toEqual({ code: 0, signal: null });
  });

  it.runIf(isRoot)(
    'moves its data to a reachable place when root’s folder is closed to its user, and finds them there again',
    async () => {
      chmodSync(join(dataDir, '..'), 0o700);
      const first = await start();
      const relocated = relocatedPostgres(dataDir);
      expect(relocated).toMatch(/fenster-[0-9a-f]{16}$/);
      await query(first.adminUrl, 'create table kept as select 42 as answer');
      await first.stop();
      const second = await start();
      expect(relocatedPostgres(dataDir)).toBe(relocated);
      expect(await query(second.adminUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    },
  );
});
