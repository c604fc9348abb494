import { consentChainExtended } from '@fenster/contracts';
import { lockHeads, moveHeads, sql, unnest, type Chained, type Tx } from '@fenster/database';
import { consentChain, hashKey, type NewConsentEntry, type Statement } from './consent-chain.js';
import { signedHead, type SigningKey } from './consent-signer.js';
import { countOptOuts } from '../newsletters/count-opt-outs.js';
import { projectConsents } from './project-consents.js';

type Entry = Chained<NewConsentEntry>;

/**
 * The one way into the ledger: what was not said before becomes an entry at the end of its workspace's chain, whose new
 * head is signed; and what follows from it is known at once. The same few statements whatever the number of entries.
 * Returns which of the statements are new.
 */
export async function appendConsentEvents(
  tx: Tx,
  signingKey: SigningKey,
  statements: readonly Statement[],
): Promise<readonly Entry[]> {
  if (statements.length === 0) return [];
  const heads = await lockHeads(tx, 'consent_head', [...new Set(statements.map((each) => each.workspaceId))]);
  const fresh = await withoutKnown(tx, statements);
  if (fresh.length === 0) return [];
  const chains = [...Map.groupBy(fresh, (statement) => statement.workspaceId)].map(([workspaceId, said]) =>
    consentChain.extend(heads.get(workspaceId)!, said),
  ) as Entry[][];
  const entries = chains.flat();
  await insertEntries(tx, entries);
  const ends = chains.map((chain) => chain.at(-1)!);
  await moveHeads(tx, 'consent_head', ends);
  await signHeads(tx, signingKey, ends);
  await projectConsents(tx, entries);
  await countOptOuts(tx, entries);
  return entries;
}

/** Under the lock of the heads, so nobody else records the same meanwhile. */
async function withoutKnown(tx: Tx, statements: readonly Statement[]): Promise<Statement[]> {
  const byKey = new Map<string, Statement>();
  for (const statement of statements) {
    const key = `${statement.workspaceId} ${hashKey(statement.key)}`;
    if (!byKey.has(key)) byKey.set(key, statement);
  }
  const rows = [...byKey.keys()].map((key) => {
    const [workspace_id, key_hash] = key.split(' ');
    return { workspace_id, key_hash };
  });
  const { rows: known } = await sql<{ workspace_id: string; key_hash: string }>`
    select workspace_id, key_hash from consent_event
    join ${unnest('input', { workspace_id: 'uuid', key_hash: 'text' }, rows)} using (workspace_id, key_hash)
  `.execute(tx.sql);
  for (const { workspace_id, key_hash } of known) byKey.delete(`${workspace_id} ${key_hash}`);
  return [...byKey.values()];
}

const COLUMNS = {
  workspace_id: 'uuid',
  seq: 'bigint',
  id: 'uuid',
  kind: 'text',
  contact_id: 'uuid',
  identity_id: 'uuid',
  identity_kind: 'text',
  channel_id: 'uuid',
  purpose: 'text',
  text_hash: 'text',
  locale: 'text',
  source: 'text',
  evidence_hash: 'text',
  actor_kind: 'text',
  actor_id: 'text',
  occurred_at: 'timestamptz',
  recorded_at: 'timestamptz',
  key_hash: 'text',
  previous_hash: 'bytea',
  hash: 'bytea',
  salt: 'bytea',
  evidence: 'jsonb',
} as const;

async function insertEntries(tx: Tx, entries: readonly Entry[]): Promise<void> {
  const rows = entries.map((entry) => ({
    workspace_id: entry.workspaceId,
    seq: entry.seq,
    id: entry.id,
    kind: entry.kind,
    contact_id: entry.contactId,
    identity_id: entry.identityId,
    identity_kind: entry.identityKind,
    channel_id: entry.channelId,
    purpose: entry.purpose,
    text_hash: entry.textHash,
    locale: entry.locale,
    source: entry.source,
    evidence_hash: entry.evidenceHash,
    actor_kind: entry.actorKind,
    actor_id: entry.actorId,
    occurred_at: entry.occurredAt,
    recorded_at: entry.recordedAt,
    key_hash: entry.keyHash,
    previous_hash: entry.previousHash,
    hash: entry.hash,
    salt: entry.salt,
    evidence: entry.evidence,
  }));
  await sql`
    with input as materialized (select * from ${unnest('input', COLUMNS, rows)}), entry as (
      insert into consent_event (
        workspace_id, seq, id, kind, contact_id, identity_id, identity_kind, channel_id, purpose, text_hash, locale,
        source, evidence_hash, actor_kind, actor_id, occurred_at, recorded_at, key_hash, previous_hash, hash
      )
      select workspace_id, seq, id, kind, contact_id, identity_id, identity_kind, channel_id, purpose, text_hash, locale,
        source, evidence_hash, actor_kind, actor_id, occurred_at, recorded_at, key_hash, previous_hash, hash
      from input
    )
    insert into consent_evidence (workspace_id, event_id, salt, content)
    select workspace_id, id, salt, evidence from input
  `.execute(tx.sql);
}

async function signHeads(tx: Tx, signingKey: SigningKey, heads: readonly Entry[]): Promise<void> {
  const signed = heads.map((head) => ({ ...head, ...signingKey.sign(signedHead(head.workspaceId, head)) }));
  await sql`
    insert into consent_signature (workspace_id, seq, hash, key_id, signature, signed_at)
    select workspace_id, seq, hash, key_id, signature, ${tx.now()}::timestamptz from ${unnest(
      'input',
      { workspace_id: 'uuid', seq: 'bigint', hash: 'bytea', key_id: 'uuid', signature: 'bytea' },
      signed.map(({ workspaceId: workspace_id, seq, hash, keyId: key_id, signature }) => ({
        workspace_id,
        seq,
        hash,
        key_id,
        signature,
      })),
    )}
  `.execute(tx.sql);
  for (const { workspaceId, seq, hash, keyId, signature } of signed) {
    tx.emit(consentChainExtended, {
      workspaceId,
      entityId: workspaceId,
      data: { seq, hash: hash.toString('hex'), keyId, signature: signature.toString('base64url') },
    });
  }
}
