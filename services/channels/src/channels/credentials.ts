import { sql } from '@fenster/database';
import { seal, unseal } from '@fenster/runtime';
import type { ChannelKind } from '../providers/channel-kind.js';
import type { ProviderCredentials } from '../providers/provider.js';
import { ADAPTERS } from '../providers/providers.js';

/** As the table of channels has them. */
export interface SealedCredentials {
  channelId: string;
  channelKind: ChannelKind;
  settings: object;
  secrets: Buffer;
}

/** The columns of `c`, a channel, but for its id. */
export const SEALED_CREDENTIALS = sql.raw(`c.kind as "channelKind", c.settings, c.secrets`);

/** @throws Error if they were sealed with another key, or are not those of this kind. */
export function openCredentials(secretKey: Buffer, sealed: SealedCredentials): ProviderCredentials {
  return { ...ADAPTERS[sealed.channelKind].settings.parse(sealed.settings), ...openSecrets(secretKey, sealed) };
}

/** @throws Error if they were sealed with another key, or are not those of this kind. */
export function openSecrets(
  secretKey: Buffer,
  { channelId, channelKind, secrets }: Omit<SealedCredentials, 'settings'>,
): Record<string, string> {
  const text = unseal(secretKey, secrets, contextOf(channelId));
  // While there was one kind, its token was all there was.
  return ADAPTERS[channelKind].secrets.parse(text.startsWith('{') ? JSON.parse(text) : { accessToken: text });
}

export function sealSecrets(secretKey: Buffer, channelId: string, secrets: Record<string, string>): Buffer {
  return seal(secretKey, JSON.stringify(secrets), contextOf(channelId));
}

/** Ties sealed secrets to their channel. */
function contextOf(channelId: string): string {
  return `channel:${channelId}`;
}
