import { createHmac } from 'node:crypto';
import { sql, type Database, type Tx } from '@fenster/database';
import type { Clock } from '@fenster/runtime';
import type { PeerKeys } from '../providers/threema/credentials.js';

/** Keys of people, each under the app whose callbacks they write to. Who they are of, only their ids can tell. */
export function createPeerKeys(database: Database, secretKey: Buffer, now: Clock): PeerKeys {
  return {
    async find(appId, peer) {
      const { rows } = await sql<{ public_key: Buffer; checked_at: Date }>`
        select public_key, checked_at from peer_key where app_id = ${appId} and peer_hash = ${hashOf(secretKey, peer)}
      `.execute(database.system().getKysely());
      const [row] = rows;
      return row && { publicKey: row.public_key, checkedAt: new Date(row.checked_at) };
    },
    async pin(appId, peer, publicKey) {
      const { rows } = await sql<{ public_key: Buffer }>`
        insert into peer_key (app_id, peer_hash, public_key, pinned_at, checked_at)
        values (${appId}, ${hashOf(secretKey, peer)}, ${publicKey}, ${now()}, ${now()})
        on conflict (app_id, peer_hash) do update set checked_at =
          case when peer_key.public_key = excluded.public_key then excluded.checked_at else peer_key.checked_at end
        returning public_key
      `.execute(database.system().getKysely());
      return rows[0]!.public_key;
    },
  };
}

/** Keeps this key of a person instead of the one that was kept. */
export async function replacePeerKey(
  tx: Tx,
  secretKey: Buffer,
  { appId, peer, publicKey }: { appId: string; peer: string; publicKey: Buffer },
): Promise<void> {
  const now = tx.now();
  await sql`
    insert into peer_key (app_id, peer_hash, public_key, pinned_at, checked_at)
    values (${appId}, ${hashOf(secretKey, peer)}, ${publicKey}, ${now}, ${now})
    on conflict (app_id, peer_hash) do update
      set public_key = excluded.public_key, pinned_at = excluded.pinned_at, checked_at = excluded.checked_at
  `.execute(tx.sql);
}

function hashOf(secretKey: Buffer, peer: string): Buffer {
  return createHmac('sha256', secretKey).update('peer\0').update(peer).digest();
}
