import { askThreema, type ApiAnswer } from './api.js';
import type { ThreemaCredentials, ThreemaOptions } from './credentials.js';

export type PeerKey =
  | { kind: 'known'; publicKey: Buffer }
  /** Another one than before: perhaps somebody else. */
  | { kind: 'changed' }
  | Exclude<ApiAnswer, { kind: 'answered' }>;

/** Keys do not change; that somebody at the server says so, is asked now and then. */
const CHECKED_EVERY_MS = 24 * 3_600_000;

/**
 * The public key of a person: looked up once, and from then on that one and no other.
 * @param isDoubted whether it is looked up again although it was just now.
 */
export async function peerKeyOf(
  peer: string,
  credentials: ThreemaCredentials,
  options: ThreemaOptions,
  isDoubted = false,
): Promise<PeerKey> {
  const { peerKeys, now } = options;
  const kept = await peerKeys.find(credentials.appId, peer);
  const isFresh = kept && now().getTime() - kept.checkedAt.getTime() < CHECKED_EVERY_MS;
  if (isFresh && !isDoubted) return { kind: 'known', publicKey: kept.publicKey };
  const named = await namedKeyOf(peer, credentials, options);
  if (named.kind !== 'answered') {
    const isAway = named.kind === 'unreachable' && kept && !isDoubted;
    return isAway ? { kind: 'known', publicKey: kept.publicKey } : named;
  }
  const publicKey = named.value;
  const pinned = await peerKeys.pin(credentials.appId, peer, publicKey);
  return pinned.equals(publicKey) ? { kind: 'known', publicKey } : { kind: 'changed' };
}

/** The one that Threema names now. */
export async function namedKeyOf(
  peer: string,
  credentials: ThreemaCredentials,
  options: ThreemaOptions,
): Promise<{ kind: 'answered'; value: Buffer } | Exclude<ApiAnswer, { kind: 'answered' }>> {
  const answer = await askThreema(['pubkeys', peer], credentials, options);
  if (answer.kind !== 'answered') return answer;
  if (!/^[0-9a-f]{64}$/i.test(answer.text)) return { kind: 'unreachable', reason: 'answer is no key' };
  return { kind: 'answered', value: Buffer.from(answer.text, 'hex') };
}
