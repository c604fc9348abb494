import type { ConfigurationError } from '@fenster/runtime';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSecrets, loadSettings } from './settings.js';

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadSettings(env);
    return [];
  } catch (error) {
    return (error as ConfigurationError).problems;
  }
};

describe('the settings of a local deployment', () => {
  it('need nothing to be set', () => {
    expect(loadSettings({})).toMatchObject({
      host: '127.0.0.1',
      ports: { gateway: 4000, channels: 4001, postgres: 4032 },
    });
  });

  it('lists every problem at once, by variable and without values', () => {
    const problems = problemsOf({ FENSTER_PORT: 'secret', FENSTER_NATS_PORT: '70000', LOG_LEVEL: 'loud' });
    expect(problems).toHaveLength(3);
    for (const name of ['FENSTER_PORT', 'FENSTER_NATS_PORT', 'LOG_LEVEL']) {
      expect(problems.some((problem) => problem.startsWith(`${name}: `))).toBe(true);
    }
    expect(problems.join()).not.toContain('secret');
  });

  it('refuses two parts on one port', () => {
    expect(problemsOf({ FENSTER_PORT: '4001' })).toEqual([
      'FENSTER_CHANNELS_PORT: port 4001 is given to gateway and channels',
    ]);
  });

  it('make their secrets once and keep them to their owner', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fenster-test-settings-'));
    try {
      const secrets = loadSecrets(folder);
      expect(loadSecrets(folder)).toEqual(secrets);
      expect(new Set(Object.values(secrets)).size).toBe(5);
      expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
