import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { httpEnv, natsEnv, parseConfig, secretKey } from './config.js';
import type { ConfigurationError } from './errors.js';

const schema = z.object({ ...httpEnv, ...natsEnv, SECRET_KEY: secretKey });
const KEY = Buffer.alloc(32, 7).toString('base64');

describe('configuration', () => {
  it('takes defaults and turns text into values', () => {
    const config = parseConfig('test', schema, {
      PORT: '4001',
      NATS_URL: 'nats://127.0.0.1:4222',
      SECRET_KEY: KEY,
      OTHER: 'x',
    });
    expect(config).toMatchObject({ HOST: '127.0.0.1', PORT: 4001, SECRET_KEY: Buffer.alloc(32, 7) });
  });

  it('lists all problems at once, in words, and repeats no value', () => {
    const env = { PORT: '-1', LOG_LEVEL: '', NATS_URL: 'http://hunter2', SECRET_KEY: 'hunter2' };
    try {
      parseConfig('test', schema, env);
      expect.unreachable();
    } catch (error) {
      const { message, problems } = error as ConfigurationError;
      expect(problems.map((problem) => problem.split(':')[0])).toEqual(['PORT', 'NATS_URL', 'SECRET_KEY']);
      expect(message).toContain('test cannot start');
      expect(message).not.toContain('hunter2');
    }
    expect(() => parseConfig('test', schema, {})).toThrow('NATS_URL: is required');
  });
});
