import type { KeyObject } from 'node:crypto';
import {
  sql,
  verifyChains,
  type BrokenLinkCheck,
  type Database,
  type EntityManager,
  type VerifiedChain,
} from '@fenster/database';
import { consentChain, hashEvidence, type ChainedConsentEntry, type Evidence } from './consent-chain.js';
import { isSignedBy, readPublicKeys, signedHead } from './consent-signer.js';

/** `evidence`: it is not what was recorded. `signature`: the head there was signed by none of our keys, or says another thing. */
export type ConsentCheck = BrokenLinkCheck | 'evidence' | 'signature';
export type VerifiedLedger = VerifiedChain<ConsentCheck>;

/** What lies beside an entry. Evidence may be erased; the head has to be signed. */
interface Beside {
  evidence: Evidence | null;
  salt: Buffer | null;
  signedHash: Buffer | null;
  keyId: string | null;
  signature: Buffer | null;
  isHead: boolean;
}
type StoredEntry = ChainedConsentEntry & Beside;

/** Walks the ledgers: see {@link verifyChains}. Checks the evidence that is there, and every signature, as well. */
export async function* verifyConsentLedgers(
  database: Database,
  options: { workspaceId?: string | undefined; batch?: number } = {},
): AsyncGenerator<VerifiedLedger, void> {
  const keys = await readPublicKeys(database.system());
  yield* verifyChains<StoredEntry, ConsentCheck>(
    database,
    {
      entries: 'consent_event',
      heads: 'consent_head',
      read: readEntries,
      brokenLink: (last, entry) => consentChain.brokenLink(last, entry) ?? brokenProof(keys, entry),
    },
    options,
  );
}

function brokenProof(
  keys: ReadonlyMap<string, KeyObject>,
  { workspaceId, seq, hash, evidenceHash, evidence, salt, signedHash, keyId, signature, isHead }: StoredEntry,
): { seq: number; check: ConsentCheck } | undefined {
  if (evidence && salt && hashEvidence(evidence, salt) !== evidenceHash) return { seq, check: 'evidence' };
  if (!signature) return isHead ? { seq, check: 'signature' } : undefined;
  const isGood =
    signedHash?.equals(hash) && isSignedBy(keys.get(keyId ?? ''), signedHead(workspaceId, { seq, hash }), signature);
  return isGood ? undefined : { seq, check: 'signature' };
}

async function readEntries(
  em: EntityManager,
  workspaceId: string,
  after: number,
  limit: number,
): Promise<StoredEntry[]> {
  const { rows } = await sql<Omit<StoredEntry, 'seq'> & { seq: string }>`
    select e.workspace_id as "workspaceId", e.seq, e.id, e.kind, e.contact_id as "contactId",
      e.identity_id as "identityId", e.identity_kind as "identityKind", e.channel_id as "channelId", e.purpose,
      e.text_hash as "textHash", e.locale, e.source, e.evidence_hash as "evidenceHash", e.actor_kind as "actorKind",
      e.actor_id as "actorId", e.occurred_at as "occurredAt", e.recorded_at as "recordedAt", e.key_hash as "keyHash",
      e.previous_hash as "previousHash", e.hash, evidence.content as evidence, evidence.salt,
      signed.hash as "signedHash", signed.key_id as "keyId", signed.signature,
      e.seq = (select head.seq from consent_head head where head.workspace_id = e.workspace_id) as "isHead"
    from (
      select * from consent_event where workspace_id = ${workspaceId} and seq > ${after} order by seq limit ${limit}
    ) e
    left join consent_evidence evidence on evidence.workspace_id = e.workspace_id and evidence.event_id = e.id
    left join consent_signature signed on signed.workspace_id = e.workspace_id and signed.seq = e.seq
    order by e.seq
  `.execute(em.getKysely());
  return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
}
