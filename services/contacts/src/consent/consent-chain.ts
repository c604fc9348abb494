import { createHash, randomBytes } from 'node:crypto';
import type { ActorRef, ConsentEventKind, ConsentIdentityKind, ConsentSource } from '@fenster/contracts';
import { canonicalJson, defineChain, type Chained } from '@fenster/database';
import { newId } from '@fenster/runtime';

export const CONSENT_DOCUMENTS = ['PAPER', 'RECORDING'] as const;
export type ConsentDocumentKind = (typeof CONSENT_DOCUMENTS)[number];

/** By what it can be proven: kept apart from the entry that has its hash, because it may have to be erased one day. */
export interface Evidence {
  /** Where it was said. */
  messageId?: string;
  providerMessageId?: string;
  /** SHA-256 of the webhook that brought it. */
  webhookHash?: string;
  /** What was answered. */
  requestMessageId?: string;
  requestProviderMessageId?: string;
  formRequestId?: string;
  formUrl?: string;
  /** With which the message was begun that asked to be asked. */
  clickToChatLinkId?: string;
  address?: string;
  userAgent?: string;
  /** Why address and browser had to be kept. */
  justification?: string;
  /** What somebody else can look at: a signed paper, a recording. */
  documentKind?: ConsentDocumentKind;
  /** By which it is found where it is kept. */
  documentReference?: string;
  /** Of whoever noted it. */
  note?: string;
}

/** Something said about the consent of one identity to one purpose, that is to be recorded. */
export interface Statement {
  workspaceId: string;
  kind: ConsentEventKind;
  contactId: string;
  identityId: string;
  identityKind: ConsentIdentityKind;
  channelId: string;
  purpose: string;
  /** Of the text that the person read. */
  textHash: string | null;
  locale: string | null;
  source: ConsentSource;
  evidence: Evidence;
  actor: ActorRef;
  occurredAt: Date;
  recordedAt: Date;
  /** What makes two statements one: told again, it is recorded once. */
  key: string;
}

/** What an entry says; all of it is hashed. It has no name, number or words of anybody. */
export interface ConsentEntryContent {
  workspaceId: string;
  /** Place in the workspace's ledger: 1, 2, 3, … without gaps. */
  seq: number;
  id: string;
  kind: ConsentEventKind;
  contactId: string;
  identityId: string;
  identityKind: string;
  channelId: string;
  purpose: string;
  textHash: string | null;
  locale: string | null;
  source: ConsentSource;
  /** SHA-256 of a random salt and the evidence, so that erased evidence cannot be guessed. */
  evidenceHash: string;
  actorKind: string;
  actorId: string | null;
  occurredAt: Date;
  recordedAt: Date;
  /** SHA-256 of the key. */
  keyHash: string;
}

export interface NewConsentEntry extends ConsentEntryContent {
  salt: Buffer;
  evidence: Evidence;
}
export type ChainedConsentEntry = Chained<ConsentEntryContent>;

const SALT_BYTES = 16;

/** All that was said about consent, in the order in which it became known. */
export const consentChain = defineChain({
  toContent,
  hashed(entry: ConsentEntryContent) {
    const { workspaceId, seq, id, kind, contactId, identityId, identityKind, channelId, purpose, textHash } = entry;
    const { locale, source, evidenceHash, actorKind, actorId, occurredAt, recordedAt, keyHash } = entry;
    const about = { workspaceId, seq, id, kind, contactId, identityId, identityKind, channelId, purpose, textHash };
    return { ...about, locale, source, evidenceHash, actorKind, actorId, occurredAt, recordedAt, keyHash };
  },
});

export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function hashEvidence(evidence: Evidence, salt: Buffer): string {
  return createHash('sha256').update(salt).update(canonicalJson(evidence)).digest('hex');
}

function toContent(statement: Statement, seq: number): NewConsentEntry {
  const { key, actor, evidence, ...said } = statement;
  const salt = randomBytes(SALT_BYTES);
  return {
    ...said,
    seq,
    id: newId(),
    actorKind: actor.kind,
    actorId: actor.id ?? null,
    evidenceHash: hashEvidence(evidence, salt),
    keyHash: hashKey(key),
    salt,
    evidence,
  };
}
