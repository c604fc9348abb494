import { parseConfig } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkObjectStoreEnv, objectStoreEnv } from './config.js';

const schema = z
  .object({ ...objectStoreEnv, OTHER: z.string() })
  .superRefine(checkObjectStoreEnv, { when: () => true });
const load = (env: Record<string, string>) => parseConfig('test', schema, { OTHER: 'x', ...env });

describe('the configuration of an object store', () => {
  const directory = { OBJECT_STORE_DIRECTORY: '/var/lib/fenster/objects' };
  const bucket = { OBJECT_STORE_S3_URL: 'https://minio.example.com/objects' };
  const keys = { OBJECT_STORE_S3_ACCESS_KEY_ID: 'id', OBJECT_STORE_S3_SECRET_ACCESS_KEY: 'secret' };

  it('is one place, and what opens it', () => {
    expect(load(directory)).toMatchObject(directory);
    expect(load({ ...bucket, ...keys })).toMatchObject(bucket);
    const isRequired = /OBJECT_STORE_DIRECTORY: or OBJECT_STORE_S3_URL is required/;
    expect(() => load({})).toThrow(isRequired);
    expect(() => load({ ...directory, ...bucket, ...keys })).toThrow(isRequired);
    expect(() => load(bucket)).toThrow(/OBJECT_STORE_S3_ACCESS_KEY_ID: and OBJECT_STORE_S3_SECRET_ACCESS_KEY are req/);
  });

  it('is said beside the problems of other variables', () => {
    expect(() => load({ OTHER: '' })).toThrow(/OTHER[^]*OBJECT_STORE_DIRECTORY/);
  });
});
