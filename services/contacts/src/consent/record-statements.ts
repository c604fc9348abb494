import type { ConsentIdentityKind, Envelope, ThreadConsentStated } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { appendConsentEvents } from './append-consent-events.js';
import type { Evidence, Statement } from './consent-chain.js';
import type { ConsentSigner } from './consent-signer.js';
import { marketingPurposes } from './purpose.queries.js';

interface IdentityRow {
  ordinal: number;
  contact_id: string;
  identity_id: string;
  kind: ConsentIdentityKind;
}

/**
 * What was said in threads goes into the ledger: for each name by which the channel knew the person then, and for each
 * purpose that it is about. Comes after the sightings of the same batch, which make the identities.
 */
export async function recordStatements(
  tx: Tx,
  signer: ConsentSigner,
  events: readonly Envelope<ThreadConsentStated>[],
): Promise<void> {
  const identities = Map.groupBy(await readIdentities(tx, events), ({ ordinal }) => ordinal);
  const marketing = await marketingPurposes(tx, [...new Set(events.map(({ workspaceId }) => workspaceId))]);
  const statements = events.flatMap((event, ordinal) => {
    const named = identities.get(ordinal);
    // A wish that is lost would be broken: the event goes to the dead letters, where people see it.
    if (!named) throw new Error('Nobody is known by the names of this statement.');
    return (event.data.purposes ?? marketing.get(event.workspaceId)!).flatMap((purpose) =>
      named.map((identity) => toStatement(tx, event, purpose, identity)),
    );
  });
  await appendConsentEvents(tx, await signer.key(), statements);
}

function toStatement(tx: Tx, event: Envelope<ThreadConsentStated>, purpose: string, identity: IdentityRow): Statement {
  const { workspaceId, actor, data } = event;
  const { kind, source, channelId, locale, statedAt } = data;
  return {
    workspaceId,
    kind,
    contactId: identity.contact_id,
    identityId: identity.identity_id,
    identityKind: identity.kind,
    channelId,
    purpose,
    textHash: data.textHash ?? null,
    locale: locale ?? null,
    source,
    evidence: evidenceOf(data),
    actor,
    occurredAt: new Date(statedAt),
    recordedAt: tx.now(),
    key: `${statementKey(event)} ${identity.identity_id} ${purpose}`,
  };
}

/** The platform says one thing in several webhooks. */
function statementKey({ id, data }: Envelope<ThreadConsentStated>): string {
  const { source, kind, messageId, statedAt } = data;
  return source === 'PLATFORM' && messageId === undefined ? `${kind} ${statedAt}` : id;
}

function evidenceOf(said: ThreadConsentStated): Evidence {
  return Object.fromEntries(EVIDENCE.flatMap((field) => (said[field] === undefined ? [] : [[field, said[field]]])));
}

const EVIDENCE = [
  'messageId',
  'providerMessageId',
  'webhookHash',
  'requestMessageId',
  'requestProviderMessageId',
  'formRequestId',
  'formUrl',
  'clickToChatLinkId',
  'note',
] as const satisfies (keyof Evidence & keyof ThreadConsentStated)[];

/** As the names were when it was said: they may have ended since. */
async function readIdentities(tx: Tx, events: readonly Envelope<ThreadConsentStated>[]): Promise<IdentityRow[]> {
  const names = events.flatMap(({ workspaceId, data: { contactId, channelId, identity, statedAt } }, ordinal) =>
    (
      [
        ['PHONE', identity.phone],
        ['BSUID', identity.bsuid],
        ['THREEMA_ID', identity.threemaId],
      ] as const
    ).flatMap(([kind, value]) =>
      value === undefined
        ? []
        : [
            {
              ordinal,
              workspace_id: workspaceId,
              contact_id: contactId,
              channel_id: channelId,
              kind,
              value,
              at: statedAt,
            },
          ],
    ),
  );
  const { rows } = await sql<IdentityRow>`
    with name as materialized (select * from ${unnest(
      'name',
      {
        ordinal: 'int',
        workspace_id: 'uuid',
        contact_id: 'uuid',
        channel_id: 'uuid',
        kind: 'text',
        value: 'text',
        at: 'timestamptz',
      },
      names,
    )})
    select name.ordinal, coalesce(identity.origin_id, identity.contact_id) as contact_id, identity.id as identity_id, name.kind
    from name
    left join contact_alias alias on alias.workspace_id = name.workspace_id and alias.id = name.contact_id
    cross join lateral (
      select contact_id, origin_id, id from contact_identity
      where workspace_id = name.workspace_id and contact_id = coalesce(alias.contact_id, name.contact_id)
        and coalesce(origin_id, contact_id) = coalesce(alias.origin_id, alias.contact_id, name.contact_id)
        and channel_id = name.channel_id and kind = name.kind and value = name.value
      order by (valid_to is null or valid_to > name.at) desc, valid_from desc limit 1
    ) identity
  `.execute(tx.sql);
  return rows;
}
