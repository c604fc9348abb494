import { consentChanged, type ConsentEventKind, type ConsentIdentityKind, type ConsentState } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { knownIdsOf } from '../identities/announce-names.js';
import { consentStanding, type Said, type Standing } from './consent-state.rule.js';
import { kindsOfPurposes } from './purpose.queries.js';

/** One identity's consent to one purpose. */
export interface ConsentKey {
  workspaceId: string;
  identityId: string;
  purpose: string;
}

interface Row {
  workspace_id: string;
  identity_id: string;
  purpose: string;
  contact_id: string;
  channel_id: string;
  id: string;
  kind: ConsentEventKind;
  occurred_at: Date;
}

export interface ProjectedConsent extends ConsentKey, Standing {
  contactId: string;
  channelId: string;
}

const KEY = { workspace_id: 'uuid', identity_id: 'uuid', purpose: 'text' } as const;

function toRow({ workspaceId, identityId, purpose }: ConsentKey) {
  return { workspace_id: workspaceId, identity_id: identityId, purpose };
}

/** What these consents come to, by all that was ever said of them; told where that is new. Their chain is locked. */
export async function projectConsents(tx: Tx, keys: readonly ConsentKey[]): Promise<void> {
  const distinct = [...new Map(keys.map((key) => [keyOf(toRow(key)), key])).values()];
  // Whose the identity is now: the entries say whose it was.
  const { rows } = await sql<Row>`
    select event.workspace_id, event.identity_id, event.purpose, coalesce(identity.contact_id, event.contact_id) as contact_id,
      event.channel_id, event.id, event.kind, event.occurred_at
    from consent_event event
    join ${unnest('input', KEY, distinct.map(toRow))} using (workspace_id, identity_id, purpose)
    left join contact_identity identity
      on identity.workspace_id = event.workspace_id and identity.id = event.identity_id
  `.execute(tx.sql);
  const consents = standingsOf(rows);
  const { rows: stored } = await sql<{ workspace_id: string; identity_id: string; purpose: string }>`
    insert into consent_state as before
      (workspace_id, identity_id, purpose, contact_id, channel_id, state, is_granted, since, event_id, announced_at)
    select workspace_id, identity_id, purpose, contact_id, channel_id, state, is_granted, since, event_id,
      ${tx.now()}::timestamptz
    from ${unnest(
      'input',
      {
        ...KEY,
        contact_id: 'uuid',
        channel_id: 'uuid',
        state: 'text',
        is_granted: 'boolean',
        since: 'timestamptz',
        event_id: 'uuid',
      },
      consents.map((consent) => ({
        ...toRow(consent),
        contact_id: consent.contactId,
        channel_id: consent.channelId,
        state: consent.state,
        is_granted: consent.isGranted,
        since: consent.since,
        event_id: consent.eventId,
      })),
    )}
    on conflict (workspace_id, identity_id, purpose) do update set contact_id = excluded.contact_id, state = excluded.state,
      is_granted = excluded.is_granted, since = excluded.since, event_id = excluded.event_id,
      announced_at = excluded.announced_at
      where (before.state, before.since, before.event_id) is distinct from (excluded.state, excluded.since, excluded.event_id)
    returning workspace_id, identity_id, purpose
  `.execute(tx.sql);
  const changed = new Set(stored.map(keyOf));
  await announceConsents(
    tx,
    consents.filter((consent) => changed.has(keyOf(toRow(consent)))),
  );
}

/** Events of many consents, in any order. */
export function standingsOf(rows: readonly Row[]): ProjectedConsent[] {
  return [...Map.groupBy(rows, keyOf).values()].flatMap((said) => {
    const [first] = said;
    const standing = consentStanding(
      said.map(({ id, kind, occurred_at: occurredAt }): Said => ({ id, kind, occurredAt: new Date(occurredAt) })),
    );
    if (!first || !standing) return [];
    const { workspace_id: workspaceId, identity_id: identityId, purpose, contact_id, channel_id } = first;
    return [{ workspaceId, identityId, purpose, contactId: contact_id, channelId: channel_id, ...standing }];
  });
}

/** Whoever is called so no longer has no consent by that name: nothing may be sent to it, and whoever gets it has agreed to nothing. */
export async function endConsents(
  tx: Tx,
  identities: readonly { workspaceId: string; identityId: string }[],
): Promise<void> {
  if (identities.length === 0) return;
  const { rows } = await sql<ProjectedConsent>`
    select workspace_id as "workspaceId", identity_id as "identityId", purpose, contact_id as "contactId",
      channel_id as "channelId", state, is_granted as "isGranted", since, event_id as "eventId"
    from consent_state join ${unnest(
      'input',
      { workspace_id: 'uuid', identity_id: 'uuid' },
      identities.map(({ workspaceId, identityId }) => ({ workspace_id: workspaceId, identity_id: identityId })),
    )} using (workspace_id, identity_id)
  `.execute(tx.sql);
  await announceConsents(tx, rows);
}

type Announced = ConsentKey & {
  contactId: string;
  channelId: string;
  state: ConsentState;
  isGranted: boolean;
  since: Date;
};

/**
 * Under each id that others have for the person whose identity it is, and of those that were made one for that one alone:
 * what is told under an id reaches the threads that have it. A number that is somebody's no longer has no consent any more.
 */
export async function announceConsents(tx: Tx, consents: readonly Announced[]): Promise<void> {
  if (consents.length === 0) return;
  const { rows: identities } = await sql<{
    workspace_id: string;
    identity_id: string;
    purpose: string;
    origin_id: string;
    kind: ConsentIdentityKind;
    value: string;
    valid_to: Date | null;
  }>`
    select input.workspace_id, input.identity_id, input.purpose, identity.kind, identity.value, identity.valid_to,
      coalesce(identity.origin_id, identity.contact_id) as origin_id
    from contact_identity identity
    join ${unnest('input', KEY, consents.map(toRow))}
      on input.workspace_id = identity.workspace_id and input.identity_id = identity.id
    -- Who has a former name again is spoken of by the new one, if anything was said of that.
    where identity.valid_to is null or not exists (
      select from contact_identity again
      join consent_state said on said.workspace_id = again.workspace_id and said.identity_id = again.id
        and said.purpose = input.purpose
      where again.workspace_id = identity.workspace_id
        and again.contact_id = identity.contact_id and again.channel_id = identity.channel_id
        and again.kind = identity.kind and again.value = identity.value and again.valid_to is null
        and again.origin_id is not distinct from identity.origin_id
    )
  `.execute(tx.sql);
  const identityOf = new Map(identities.map((row) => [keyOf(row), row]));
  const contacts = new Map(
    consents.map(({ workspaceId, contactId: id }) => [`${workspaceId} ${id}`, { workspaceId, id }]),
  );
  const idsOf = Map.groupBy(
    await knownIdsOf(tx, [...contacts.values()]),
    (known) => `${known.workspaceId} ${known.originId}`,
  );
  const kinds = await kindsOfPurposes(tx, consents);
  for (const consent of consents) {
    const { workspaceId, purpose, contactId, channelId, ...standing } = consent;
    const identity = identityOf.get(keyOf(toRow(consent)));
    // Erased: there is nobody to say it of.
    if (!identity) continue;
    const { state, isGranted, since } = identity.valid_to
      ? { state: 'UNKNOWN' as const, isGranted: false, since: identity.valid_to }
      : standing;
    for (const known of idsOf.get(`${workspaceId} ${identity.origin_id}`) ?? []) {
      tx.emit(consentChanged, {
        workspaceId,
        entityId: contactId,
        data: {
          contactId: known.id,
          channelId,
          identity: { kind: identity.kind, value: identity.value },
          purpose,
          purposeKind: kinds.get(`${workspaceId} ${purpose}`) ?? 'SERVICE',
          state,
          isGranted,
          since: new Date(since).toISOString(),
        },
      });
    }
  }
}

function keyOf({ workspace_id, identity_id, purpose }: ReturnType<typeof toRow>): string {
  return `${workspace_id} ${identity_id} ${purpose}`;
}
