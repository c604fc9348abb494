import { threemaId } from '@fenster/contracts';
import { acrossTenants, transact } from '@fenster/database';
import { invalidInput } from '@fenster/runtime';
import type { ChannelsContext } from '../context.js';
import type { AcceptThreemaKeyInput } from './accept-threema-key.types.js';
import { Channel } from './channel.entity.js';
import { findConnection, valueOf } from './number.commands.js';
import { replacePeerKey } from './peer-keys.js';

/**
 * Takes another key of a person than the one that was kept: the one that somebody has compared with them, if it is the one
 * that Threema names. What they wrote meanwhile can be replayed.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export async function acceptThreemaKey(ctx: ChannelsContext, input: AcceptThreemaKeyInput): Promise<Channel> {
  const { channelId, threemaId: peer } = input;
  const { workspaceId, appId, provider, credentials } = await findConnection(ctx, channelId);
  if (!provider.readPeerKey) throw invalidInput('channelId', 'is no channel of Threema.');
  if (!threemaId.safeParse(peer).success)
    throw invalidInput('threemaId', 'must be eight characters, such as ECHOECHO.');
  const given = input.publicKey.replaceAll(/[\s:]/g, '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(given)) throw invalidInput('publicKey', 'must be 64 hexadecimal digits.');
  const publicKey = Buffer.from(given, 'hex');
  const named = valueOf(await provider.readPeerKey(peer, credentials), () => 'threemaId');
  if (!named.equals(publicKey)) throw invalidInput('publicKey', 'is not the key that Threema names for this id.');
  await transact(acrossTenants(ctx), async (tx) => {
    await replacePeerKey(tx, ctx.app.secretKey, { appId, peer, publicKey });
    tx.audit({ action: 'channel.peer_key_accept', object: { type: 'channel', id: channelId }, workspaceId });
  });
  return ctx.database.forTenant(workspaceId).findOneOrFail(Channel, { id: channelId });
}
