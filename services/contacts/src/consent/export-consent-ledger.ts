import { sql, type Database } from '@fenster/database';
import { readPublicKeys } from './consent-signer.js';

const BATCH = 1_000;

/**
 * All that proves a workspace's consents, for whoever keeps or checks it elsewhere: the public keys (PEM), the texts,
 * the entries in order with their evidence, and the signatures of heads.
 */
export async function* exportConsentLedger(database: Database, workspaceId: string): AsyncGenerator<object, void> {
  const em = database.system();
  for (const [id, key] of await readPublicKeys(em)) {
    yield { type: 'key', id, publicKey: key.export({ type: 'spki', format: 'pem' }) };
  }
  const kysely = em.getKysely();
  const texts = await sql<object>`
    select 'text' as type, hash, purpose, locale, version, body, privacy_notice_url as "privacyNoticeUrl",
      privacy_notice_version as "privacyNoticeVersion", published_at as "publishedAt"
    from consent_text where workspace_id = ${workspaceId} order by published_at, hash
  `.execute(kysely);
  yield* texts.rows;
  let after = 0;
  for (let size = BATCH; size === BATCH;) {
    const { rows } = await sql<{ seq: number }>`
      select 'entry' as type, e.workspace_id as "workspaceId", e.seq::int, e.id, e.kind, e.contact_id as "contactId",
        e.identity_id as "identityId", e.identity_kind as "identityKind", e.channel_id as "channelId", e.purpose,
        e.text_hash as "textHash", e.locale, e.source, e.evidence_hash as "evidenceHash", e.actor_kind as "actorKind",
        e.actor_id as "actorId", e.occurred_at as "occurredAt", e.recorded_at as "recordedAt", e.key_hash as "keyHash",
        encode(e.previous_hash, 'hex') as "previousHash", encode(e.hash, 'hex') as hash,
        evidence.content as evidence, encode(evidence.salt, 'hex') as "evidenceSalt"
      from consent_event e
      left join consent_evidence evidence on evidence.workspace_id = e.workspace_id and evidence.event_id = e.id
      where e.workspace_id = ${workspaceId} and e.seq > ${after} order by e.seq limit ${BATCH}
    `.execute(kysely);
    yield* rows;
    size = rows.length;
    after = rows.at(-1)?.seq ?? after;
  }
  const signatures = await sql<object>`
    select 'signature' as type, seq::int, encode(hash, 'hex') as hash, key_id as "keyId",
      encode(signature, 'base64') as signature, signed_at as "signedAt"
    from consent_signature where workspace_id = ${workspaceId} order by seq
  `.execute(kysely);
  yield* signatures.rows;
}
