import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';

const COMPLETE = {
  DATABASE_URL: 'postgres://identity:secret@127.0.0.1/identity',
  NATS_URL: 'nats://127.0.0.1:4222',
  SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
};

describe('the configuration of identity', () => {
  it('needs a database, NATS and a key', () => {
    expect(loadConfig(COMPLETE)).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 0,
      ACCESS_TOKEN_SECONDS: 900,
      SESSION_DAYS: 30,
    });
  });

  it('names everything that is missing or wrong at once, and no value', () => {
    const start = () => loadConfig({ NATS_URL: 'http://secret', SECRET_KEY: 'c2hvcnQ=', ACCESS_TOKEN_SECONDS: '0' });
    expect(start).toThrow(/DATABASE_URL.*\n.*NATS_URL|NATS_URL.*\n.*DATABASE_URL/);
    expect(start).toThrow('SECRET_KEY: must be 32 bytes in base64');
    expect(start).toThrow('ACCESS_TOKEN_SECONDS');
    expect(start).not.toThrow(/c2hvcnQ|secret\b/);
  });
});
