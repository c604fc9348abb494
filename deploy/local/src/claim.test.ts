import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AlreadyRunningError, claimant, claimDirectory } from './claim.js';
import { killAfterReport } from './killed-run.support.js';
import { identifyProcess, isAlive } from './server-process.js';

describe('the claim on a directory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'fenster-claim-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  });

  it('is refused while its owner lives, and granted after its release', () => {
    const claim = claimDirectory(directory);
    expect(() => claimDirectory(directory)).toThrow(AlreadyRunningError);
    expect(() => claimDirectory(directory)).toThrow(`process ${process.pid}`);
    claim.release();
    expect(() => claimDirectory(directory)).not.toThrow();
  });

  it('passes to the next process when its owner was killed', async () => {
    const pid = await killAfterReport<number>(
      `local.claimDirectory(${JSON.stringify(directory)}); report(process.pid);`,
    );
    expect(identifyProcess(pid)).toBeUndefined();
    expect(claimant(directory)).toBeUndefined();
    claimDirectory(directory);
    expect(claimant(directory)?.pid).toBe(process.pid);
    expect(readdirSync(directory)).toEqual(['owner.json']);
  });

  it('is dead when its pid has gone to another process', () => {
    const self = identifyProcess(process.pid);
    writeFileSync(join(directory, 'owner.json'), JSON.stringify({ pid: process.pid, startedAt: 'another time' }));
    expect(self && isAlive(self)).toBe(true);
    expect(claimant(directory)).toBeUndefined();
    expect(() => claimDirectory(directory)).not.toThrow();
  });

  it('survives the late release of a claim before it', () => {
    const first = claimDirectory(directory);
    first.release();
    claimDirectory(directory);
    first.release();
    expect(claimant(directory)?.pid).toBe(process.pid);
  });
});
