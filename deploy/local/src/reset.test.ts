import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openDataDirectory } from './data-dir.js';
import { killAfterReport } from './killed-run.support.js';
import { reset } from './reset.js';
import { identifyProcess } from './server-process.js';

describe('reset', () => {
  let env: Record<string, string>;
  let data: string;
  let cache: string;
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), 'fenster-reset-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    data = join(folder, 'data');
    cache = join(folder, 'cache');
    mkdirSync(cache);
    env = { FENSTER_DATA_DIR: data, FENSTER_CACHE_DIR: cache };
  });

  it('removes the data and keeps the cache, which only --all removes', async () => {
    openDataDirectory(data);
    await reset({ env });
    expect([existsSync(data), existsSync(cache)]).toEqual([false, true]);
    await reset({ env, all: true });
    expect(existsSync(cache)).toBe(false);
  });

  it('does not touch a folder that Fenster did not make, and start does not take it', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'thesis.txt'), 'years of work');
    await expect(reset({ env })).rejects.toThrow('FENSTER_DATA_DIR');
    expect(() => openDataDirectory(data)).toThrow('FENSTER_DATA_DIR');
    expect(existsSync(join(data, 'thesis.txt'))).toBe(true);
  });

  it('stops the orphans of a killed run and removes their data, wherever these are', async () => {
    openDataDirectory(data);
    const left = await killAfterReport<{ pid: number; relocated?: string }>(`
      const dataDir = local.postgresDirectory(${JSON.stringify(data)});
      const postgres = await local.startPostgres({ dataDir, port: await local.freePort() });
      report({ pid: postgres.pid, relocated: local.relocatedPostgres(dataDir) });
    `);
    expect(identifyProcess(left.pid)).toBeDefined();
    await reset({ env });
    expect(identifyProcess(left.pid)).toBeUndefined();
    expect(existsSync(data)).toBe(false);
    if (left.relocated !== undefined) expect(existsSync(left.relocated)).toBe(false);
  });

  it('stops a running instance first', async () => {
    openDataDirectory(data);
    // Stands for an instance: it has claimed the folder and ends on SIGTERM.
    const child = spawn(process.execPath, ['-e', 'process.send("up"); setInterval(() => {}, 60000)'], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'message');
    writeFileSync(join(data, 'owner.json'), JSON.stringify(identifyProcess(child.pid ?? 0)));
    const exited = once(child, 'exit');
    await reset({ env });
    expect(await exited).toEqual([null, 'SIGTERM']);
    expect(existsSync(data)).toBe(false);
  });
});
