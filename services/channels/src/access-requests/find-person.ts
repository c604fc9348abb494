import { array, findPaged, sql, type FindRecords } from '@fenster/database';

/**
 * Files and what became of messages on their way. Raw webhooks are left out: what they say of the person is in the messages
 * that were made of them, and a copy is of the data, not of each place where they are (Art. 15(3) GDPR).
 */
export const findPerson: FindRecords = async function* (tx, { workspaceId, threadIds, mediaIds }) {
  yield* findPaged(
    tx,
    'files',
    (after, limit) => sql`
      select id, jsonb_build_object(
        'id', id, 'kind', kind, 'state', state, 'mimeType', mime_type, 'sizeBytes', size_bytes, 'fileName', file_name,
        'direction', case origin when 'RECEIVED' then 'from the person' else 'to the person' end, 'receivedAt', created_at
      ) as record
      from media
      where workspace_id = ${workspaceId} and id = any(${array('uuid', mediaIds)})
        and (${after}::uuid is null or id > ${after})
      order by id limit ${limit}
    `,
  );
  yield* findPaged(
    tx,
    'deliveries',
    (after, limit) => sql`
      select id, jsonb_build_object(
        'messageId', id, 'state', state, 'providerMessageId', provider_message_id, 'queuedAt', queued_at,
        'settledAt', settled_at
      ) as record
      from outbound_message
      where workspace_id = ${workspaceId} and thread_id = any(${array('uuid', threadIds)})
        and (${after}::uuid is null or id > ${after})
      order by id limit ${limit}
    `,
  );
};
