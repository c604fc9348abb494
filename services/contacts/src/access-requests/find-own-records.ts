import { sql, type Ctx, type RawBuilder } from '@fenster/database';

interface Person {
  workspaceId: string;
  contactId: string;
}

/** Of each kind, the records that contacts itself has of a person. A test knows which tables must be read. */
export function ownRecords({ workspaceId, contactId }: Person): Record<string, RawBuilder<{ record: object }>> {
  const mine = sql`workspace_id = ${workspaceId} and contact_id = ${contactId}`;
  const formerIds = sql`select id from contact_alias where ${mine}`;
  // Of the time when they were several to us, too.
  const everMine = sql`workspace_id = ${workspaceId} and (contact_id = ${contactId} or contact_id in (${formerIds}))`;
  return {
    contact: sql`
      select jsonb_build_object(
        'id', id, 'name', name, 'givenName', given_name, 'profileName', profile_name, 'email', email, 'address', address,
        'language', language, 'knownSince', created_at, 'formerIds', (select jsonb_agg(id order by id) from (${formerIds}) former)
      ) as record from contact where workspace_id = ${workspaceId} and id = ${contactId}
    `,
    names: sql`
      select jsonb_build_object(
        'kind', kind, 'value', value, 'channelId', channel_id, 'validFrom', valid_from, 'validTo', valid_to
      ) as record from contact_identity where ${mine} order by valid_from, id
    `,
    attributes: sql`
      select jsonb_build_object(
        'name', attribute.name, 'value', stored.value, 'purpose', attribute.purpose, 'changedAt', stored.changed_at
      ) as record
      from contact_attribute_value stored join contact_attribute attribute using (workspace_id, key)
      where stored.workspace_id = ${workspaceId} and stored.contact_id = ${contactId} order by key
    `,
    labels: sql`
      select jsonb_build_object('name', label.name, 'setAt', set.set_at) as record
      from labelled_contact set join contact_label label on label.workspace_id = set.workspace_id and label.id = set.label_id
      where set.workspace_id = ${workspaceId} and set.contact_id = ${contactId} order by label.name
    `,
    activity: sql`
      select jsonb_build_object(
        'channelId', channel_id, 'youWroteAt', last_inbound_at, 'weWroteAt', last_outbound_at,
        'mayAnswerUntil', window_expires_at
      ) as record from contact_thread where ${mine} order by thread_id
    `,
    newsletters: sql`
      select jsonb_build_object(
        'name', newsletter.name, 'state', got.state, 'reason', got.reason, 'sentAt', got.queued_at,
        'answeredAt', got.replied_at, 'endedMarketingAt', got.opted_out_at
      ) as record
      from newsletter_recipient got
      join newsletter on newsletter.workspace_id = got.workspace_id and newsletter.id = got.newsletter_id
      where got.id in (select id from newsletter_recipient where ${everMine}) and got.workspace_id = ${workspaceId}
      order by got.queued_at, got.id
    `,
    // Without who set labels and who merged them, and only as long as it can be undone.
    merges: sql`
      select jsonb_build_object(
        'mergedAt', merged_at, 'undoneAt', undone_at,
        'before', jsonb_build_array(kept - '{labels,noteIds,fileIds}'::text[], merged - '{labels,noteIds,fileIds}'::text[])
      ) as record from contact_merge where ${mine} and kept is not null order by merged_at, id
    `,
    link_uses: sql`
      select jsonb_build_object(
        'name', link.name, 'campaign', link.campaign, 'usedAt', used.used_at, 'messageId', used.message_id
      ) as record
      from click_to_chat_use used join click_to_chat_link link
        on link.workspace_id = used.workspace_id and link.id = used.link_id
      where used.workspace_id = ${workspaceId} and used.contact_id = ${contactId} order by used.used_at, used.message_id
    `,
    contact_notes: sql`
      select jsonb_build_object('id', id, 'writtenAt', created_at, 'editedAt', edited_at, 'text', text) as record
      from contact_note where ${mine} order by created_at, id
    `,
    contact_files: sql`
      select jsonb_build_object(
        'id', id, 'addedAt', added_at, 'name', name, 'mimeType', mime_type, 'sizeBytes', size_bytes, 'purpose', purpose
      ) as record from contact_file where ${mine} order by added_at, id
    `,
    consents: sql`
      select jsonb_build_object(
        'at', said.occurred_at, 'purpose', said.purpose, 'said', said.kind, 'source', said.source,
        'channelId', said.channel_id, 'text', wording.body, 'textSha256', said.text_hash, 'evidence', evidence.content,
        'ledgerPosition', said.seq, 'entrySha256', encode(said.hash, 'hex')
      ) as record
      from consent_event said
      left join consent_evidence evidence on evidence.workspace_id = said.workspace_id and evidence.event_id = said.id
      left join consent_text wording on wording.workspace_id = said.workspace_id and wording.hash = said.text_hash
      where said.id in (select id from consent_event where ${everMine}) and said.workspace_id = ${workspaceId}
      order by said.seq
    `,
    receipts: sql`
      select jsonb_build_object('id', id, 'issuedAt', issued_at, 'purpose', purpose, 'jws', jws) as record
      from consent_receipt where ${everMine} order by issued_at, id
    `,
    legal_holds: sql`
      select jsonb_build_object(
        -- Not the reason: it may be about somebody else, and what a court is to see (Art. 15(4) GDPR).
        'setAt', set_at, 'reviewOn', review_on, 'releasedAt', released_at
      ) as record from legal_hold where workspace_id = ${workspaceId} and ${contactId} = any(contact_ids)
      order by set_at, id
    `,
    requests: sql`
      select jsonb_build_object(
        'reference', reference, 'receivedAt', received_at, 'dueAt', due_at, 'extensionReason', extension_reason,
        'confirmedBy', confirmed_by
      ) as record from access_request where ${mine} order by opened_at, id
    `,
  };
}

/** What contacts itself knows of a person: by kind, in the order in which it is shown. */
export async function findOwnRecords(
  { database }: Pick<Ctx, 'database'>,
  person: Person,
): Promise<{ kind: string; records: object[] }[]> {
  const found: { kind: string; records: object[] }[] = [];
  for (const [kind, statement] of Object.entries(ownRecords(person))) {
    const rows = await database.readForTenant(person.workspaceId, statement);
    if (rows.length > 0) found.push({ kind, records: rows.map(({ record }) => record) });
  }
  return found;
}
