import { httpUrl } from '@fenster/runtime';
import { z } from 'zod';
import { createDiskObjectStore } from './disk-object-store.js';
import type { ObjectStore } from './object-store.js';
import { createS3ObjectStore } from './s3-object-store.js';

/** What a service that keeps objects is told. Every service has a folder or a bucket of its own. */
export const objectStoreEnv = {
  /** A folder that all processes of the service share. Else its objects live in a bucket. */
  OBJECT_STORE_DIRECTORY: z.string().optional(),
  /** Of the bucket, in any store that speaks S3: `https://bucket.s3.eu-central-1.amazonaws.com`, `https://minio.example.com/bucket`. */
  OBJECT_STORE_S3_URL: httpUrl.optional(),
  OBJECT_STORE_S3_REGION: z.string().default('us-east-1'),
  OBJECT_STORE_S3_ACCESS_KEY_ID: z.string().optional(),
  OBJECT_STORE_S3_SECRET_ACCESS_KEY: z.string().optional(),
};

export type ObjectStoreConfig = z.output<z.ZodObject<typeof objectStoreEnv>>;

/** For `superRefine`: there is one place for objects, and what opens it. */
export function checkObjectStoreEnv(env: Partial<ObjectStoreConfig>, ctx: z.RefinementCtx): void {
  const problem = (name: keyof ObjectStoreConfig, message: string) =>
    ctx.addIssue({ code: 'custom', path: [name], message });
  const { OBJECT_STORE_DIRECTORY: directory, OBJECT_STORE_S3_URL: bucketUrl } = env;
  if ((directory === undefined) === (bucketUrl === undefined)) {
    problem('OBJECT_STORE_DIRECTORY', 'or OBJECT_STORE_S3_URL is required, one of them');
  }
  if (bucketUrl && !(env.OBJECT_STORE_S3_ACCESS_KEY_ID && env.OBJECT_STORE_S3_SECRET_ACCESS_KEY)) {
    problem(
      'OBJECT_STORE_S3_ACCESS_KEY_ID',
      'and OBJECT_STORE_S3_SECRET_ACCESS_KEY are required with OBJECT_STORE_S3_URL',
    );
  }
}

export async function openObjectStore(config: ObjectStoreConfig): Promise<ObjectStore> {
  if (!config.OBJECT_STORE_S3_URL) return createDiskObjectStore(config.OBJECT_STORE_DIRECTORY!);
  return createS3ObjectStore({
    bucketUrl: config.OBJECT_STORE_S3_URL,
    region: config.OBJECT_STORE_S3_REGION,
    accessKeyId: config.OBJECT_STORE_S3_ACCESS_KEY_ID!,
    secretAccessKey: config.OBJECT_STORE_S3_SECRET_ACCESS_KEY!,
  });
}
