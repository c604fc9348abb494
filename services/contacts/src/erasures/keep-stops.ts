import { consentIdentityKind, type ConsentSource } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import type { PersonMark } from '@fenster/runtime';
import { appendConsentEvents } from '../consent/append-consent-events.js';
import type { Statement } from '../consent/consent-chain.js';
import type { SigningKey } from '../consent/consent-signer.js';
import type { IdentityKind } from '../identities/contact-book.js';
import type { Stop } from './erase-person.js';

/** A name that somebody has been given here just now. */
export interface NewName {
  workspaceId: string;
  contactId: string;
  identityId: string;
  channelId: string;
  kind: IdentityKind;
  value: string;
}

export interface Suppressions {
  markOf: PersonMark;
  signingKey: () => Promise<SigningKey>;
}

interface SuppressedRow {
  ordinal: number;
  channel_id: string;
  erasure_id: string;
  stops: Stop[];
  created_at: Date;
}

/**
 * Whoever was forgotten and comes back is somebody new, but for what they had stopped: that is said again of the name that
 * they have now. One statement where nobody is known, and none where nobody is new.
 */
export async function keepStops(
  tx: Tx,
  { markOf, signingKey }: Suppressions,
  names: readonly NewName[],
): Promise<void> {
  const rows = await findSuppressions(tx, markOf, names);
  const statements = rows.flatMap(
    ({ ordinal, channel_id: channelId, erasure_id: erasureId, stops, created_at: createdAt }) => {
      const { workspaceId, contactId, identityId, kind, channelId: here } = names[ordinal]!;
      // Consent is that of an address on a channel.
      const { data: identityKind } = consentIdentityKind.safeParse(kind);
      if (channelId !== here || !identityKind) return [];
      return stops.map(({ purpose, state }): Statement => ({
        workspaceId,
        kind: state,
        contactId,
        identityId,
        identityKind,
        channelId,
        purpose,
        textHash: null,
        locale: null,
        source: (state === 'PLATFORM_STOPPED' ? 'PLATFORM' : 'IMPORT') satisfies ConsentSource,
        evidence: {},
        actor: { kind: 'system', id: 'suppression' },
        // Said before they were forgotten: what they say from now on is newer.
        occurredAt: new Date(createdAt),
        recordedAt: tx.now(),
        key: `suppression ${erasureId} ${identityId} ${purpose}`,
      }));
    },
  );
  if (statements.length > 0) await appendConsentEvents(tx, await signingKey(), statements);
}

/** Which of these belong to people who were forgotten: an import must not bring them back. */
export async function suppressedNames<N extends Pick<NewName, 'workspaceId' | 'value'>>(
  tx: Tx,
  markOf: PersonMark,
  names: readonly N[],
): Promise<ReadonlySet<N>> {
  const rows = await findSuppressions(tx, markOf, names);
  return new Set(rows.map(({ ordinal }) => names[ordinal]!));
}

async function findSuppressions(
  tx: Tx,
  markOf: PersonMark,
  names: readonly Pick<NewName, 'workspaceId' | 'value'>[],
): Promise<SuppressedRow[]> {
  if (names.length === 0) return [];
  const { rows } = await sql<SuppressedRow>`
    select input.ordinal, channel_id, erasure_id, stops, created_at from ${unnest(
      'input',
      { ordinal: 'int', workspace_id: 'uuid', mark: 'text' },
      names.map(({ workspaceId, value }, ordinal) => ({
        ordinal,
        workspace_id: workspaceId,
        mark: markOf(workspaceId, value),
      })),
    )} join suppression using (workspace_id, mark)
  `.execute(tx.sql);
  return rows;
}
