import { Agent } from 'undici';
import type { PeerKeys, ThreemaOptions } from '../providers/threema/credentials.js';
import type { TwilioOptions } from '../providers/twilio-sms/credentials.js';

/** What providers are made with, short of what a test says. */
export function providerOptions(
  overrides: Partial<TwilioOptions & ThreemaOptions> = {},
): TwilioOptions & ThreemaOptions {
  return {
    dispatcher: new Agent(),
    timeoutMs: 5_000,
    maxResponseBytes: 65_536,
    webhookUrl: () => 'https://hooks.example/webhooks',
    twilioMediaHosts: ['media.twiliocdn.com'],
    peerKeys: memoryOfKeys(),
    now: () => new Date(),
    ...overrides,
  };
}

/** Keys of people, as long as a test takes. */
export function memoryOfKeys(now: () => Date = () => new Date()): PeerKeys {
  const kept = new Map<string, { publicKey: Buffer; checkedAt: Date }>();
  return {
    find: async (appId, peer) => kept.get(`${appId} ${peer}`),
    async pin(appId, peer, publicKey) {
      const key = `${appId} ${peer}`;
      const known = kept.get(key);
      if (!known || known.publicKey.equals(publicKey)) kept.set(key, { publicKey, checkedAt: now() });
      return kept.get(key)!.publicKey;
    },
  };
}
