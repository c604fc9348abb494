import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '@fenster/runtime';
import { loadConfig } from './config.js';

const VALID = {
  NATS_URL: 'nats://127.0.0.1:4222',
  JWKS_URL: 'http://127.0.0.1:4001/jwks.json',
  SUBGRAPHS: '{"identity":"http://127.0.0.1:4001/graphql"}',
};

describe('The configuration', () => {
  it('needs little', () => {
    const config = loadConfig(VALID);
    expect(config.SUBGRAPHS).toEqual({ identity: 'http://127.0.0.1:4001/graphql' });
    expect([config.INTROSPECTION, config.MAX_QUERY_DEPTH, config.OUTGOING_BUFFER_BYTES]).toEqual([
      false,
      10,
      1_048_576,
    ]);
  });

  it('reads lists and flags', () => {
    const config = loadConfig({
      ...VALID,
      ALLOWED_ORIGINS: 'https://a.example, https://b.example,',
      INTROSPECTION: 'true',
    });
    expect([config.ALLOWED_ORIGINS, config.INTROSPECTION]).toEqual([['https://a.example', 'https://b.example'], true]);
  });

  it('names all problems at once', () => {
    const load = () =>
      loadConfig({ SUBGRAPHS: '{"Identity":"ftp://x"}', MAX_QUERY_DEPTH: 'deep', INTROSPECTION: 'yes' });
    expect(load).toThrow(ConfigurationError);
    for (const name of ['JWKS_URL', 'SUBGRAPHS', 'MAX_QUERY_DEPTH', 'INTROSPECTION']) expect(load).toThrow(name);
    expect(() => loadConfig({ ...VALID, SUBGRAPHS: 'identity=http://x' })).toThrow('must be a JSON object');
  });

  it('names what does not go together beside what is wrong by itself', () => {
    const load = () => loadConfig({ TRUSTED_DOCUMENTS: 'only', REQUESTS_PER_MEMBER: '20000' });
    for (const problem of [
      'JWKS_URL: is required',
      'TRUSTED_DOCUMENTS_FILE: is needed',
      'REQUESTS_PER_MEMBER: must be',
    ])
      expect(load).toThrow(problem);
    expect(() => loadConfig({ ...VALID, TRUSTED_DOCUMENTS: 'none' })).not.toThrow('TRUSTED_DOCUMENTS_FILE');
  });
});
