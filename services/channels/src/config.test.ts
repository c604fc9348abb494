import { ConfigurationError } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';

const good = {
  NATS_URL: 'nats://127.0.0.1:4222',
  DATABASE_URL: 'postgres://channels@127.0.0.1/channels',
  JWKS_URL: 'http://127.0.0.1:4001/.well-known/jwks.json',
  SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  OBJECT_STORE_DIRECTORY: '/var/lib/fenster/media',
};

describe('loadConfig', () => {
  it('has defaults for everything but addresses and the secret key', () => {
    expect(loadConfig(good)).toMatchObject({
      SEND_CONCURRENCY: 16,
      SEND_TIMEOUT_MS: 20_000,
      UNCONFIRMED_AFTER_MS: 60_000,
      HOUSEKEEPING_POLL_MS: 5_000,
      MEDIA_URL_MINUTES: 15,
      MEDIA_UPLOAD_MINUTES: 30,
      MEDIA_FETCH_CONCURRENCY: 4,
    });
  });

  it('wants a place for files', () => {
    expect(() => loadConfig({ ...good, OBJECT_STORE_DIRECTORY: undefined })).toThrow(/OBJECT_STORE_DIRECTORY/);
  });

  it('finds ClamAV by its address', () => {
    const scannerOf = (url: string) => loadConfig({ ...good, MEDIA_SCANNER_URL: url }).MEDIA_SCANNER_URL;
    expect(scannerOf('clamd://scanner:3311')).toEqual({ host: 'scanner', port: 3311 });
    expect(scannerOf('clamd://127.0.0.1')).toEqual({ host: '127.0.0.1', port: 3310 });
    for (const wrong of ['scanner:3310', 'https://scanner', 'clamd://']) {
      expect(() => scannerOf(wrong)).toThrow(/MEDIA_SCANNER_URL: must be clamd:\/\/host:port/);
    }
  });

  it('names every problem at once, and repeats no value', () => {
    const load = () => loadConfig({ ...good, NATS_URL: undefined, SECRET_KEY: 'c2hvcnQ=', SEND_CONCURRENCY: '0' });
    expect(load).toThrow(ConfigurationError);
    expect(load).toThrow(/NATS_URL: is required[\s\S]*SECRET_KEY: must be 32 bytes in base64[\s\S]*SEND_CONCURRENCY/);
    expect(load).not.toThrow(/c2hvcnQ/);
  });

  it('does not call a message unconfirmed that is still being sent', () => {
    expect(() => loadConfig({ ...good, SEND_TIMEOUT_MS: '60000' })).toThrow(
      /UNCONFIRMED_AFTER_MS: must be longer than SEND_TIMEOUT_MS/,
    );
  });
});
