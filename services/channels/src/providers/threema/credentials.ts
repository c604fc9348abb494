import { threemaId } from '@fenster/contracts';
import { z } from 'zod';
import { baseUrl, secret } from '../credentials.js';
import type { ProviderOptions } from '../provider-options.js';

const key = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');

export const gatewayId = threemaId.regex(/^\*/, 'must begin with a star');

export const threemaSettings = z.object({
  /** `https://msgapi.threema.ch`. */
  apiBaseUrl: baseUrl,
  gatewayId,
  /** Whose callbacks are its own; the keys of people are kept under it. */
  appId: z.uuid(),
});
export const threemaSecrets = z.object({
  apiSecret: secret,
  /** Hexadecimal. */
  privateKey: z
    .string()
    .transform((text) => text.replace(/^private:/, '').toLowerCase())
    .pipe(key),
});
export type ThreemaCredentials = z.output<typeof threemaSettings> & z.output<typeof threemaSecrets>;

/** Whose key is which. The first one that is seen of somebody stays. */
export interface PeerKeys {
  find(appId: string, peer: string): Promise<{ publicKey: Buffer; checkedAt: Date } | undefined>;
  /** Keeps it unless there is one; and that it was seen just now, if it is that one. Returns the one that is kept. */
  pin(appId: string, peer: string, publicKey: Buffer): Promise<Buffer>;
}

export interface ThreemaOptions extends ProviderOptions {
  peerKeys: PeerKeys;
  now(): Date;
}
