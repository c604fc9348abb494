import { array, findPaged, sql, type FindRecords } from '@fenster/database';

/** Whoever of the business it was: colleagues' names are their own data, and no answer to what is known of the person. */
const BY = sql`case
  when direction = 'INBOUND' then 'you' when automation is not null then 'automatic' when api_key_id is not null then 'program'
  else 'colleague' end`;

/**
 * All that was said in conversations with the person, and about them. Notes of colleagues are in it: what somebody thinks
 * of a person is about that person (CJEU C-434/16, Nowak, 34–39). Who of the colleagues wrote, was mentioned or assigned
 * is not.
 */
export const findPerson: FindRecords = async function* (tx, { workspaceId, threadIds }) {
  const ofThread = sql`workspace_id = ${workspaceId} and thread_id = any(${array('uuid', threadIds)})`;
  const conversationIds = sql`(select id from conversation where ${ofThread})`;
  const ofConversation = sql`workspace_id = ${workspaceId} and conversation_id in ${conversationIds}`;
  const after = (column: string, last: string | null) => sql`(${last}::text is null or ${sql.ref(column)} > ${last})`;
  yield* findPaged(
    tx,
    'identities',
    (last, limit) => sql`
      select * from (
        select kind || ' ' || channel_id || ' ' || value as id, jsonb_build_object(
          'kind', kind, 'value', value, 'channelId', channel_id, 'knownSince', created_at
        ) as record
        from thread_identity where ${ofThread}
      ) found where ${after('id', last)} order by id limit ${limit}
    `,
  );
  yield* findPaged(
    tx,
    'conversations',
    (last, limit) => sql`
      select id::text, jsonb_build_object(
        'id', id, 'channelId', channel_id, 'status', status, 'openedAt', opened_at, 'resolvedAt', resolved_at,
        'labels', (
          select jsonb_agg(label.name order by label.name) from conversation_label set join label
            on label.workspace_id = set.workspace_id and label.id = set.label_id
          where set.workspace_id = conversation.workspace_id and set.conversation_id = conversation.id
        )
      ) as record
      from conversation where ${ofThread} and (${last}::uuid is null or id > ${last}) order by conversation.id limit ${limit}
    `,
  );
  // In the order in which they were said, whenever they were imported.
  yield* findPaged(
    tx,
    'messages',
    (last, limit) => sql`
      select * from (
        select to_char(sent_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || id as id, jsonb_build_object(
          'id', id, 'conversationId', conversation_id, 'sentAt', sent_at, 'by', ${BY}, 'type', type, 'text', text,
          'content', payload, 'status', status, 'providerMessageId', provider_message_id, 'referral', referral,
          'reactions', reactions, 'editedAt', edited_at, 'revokedAt', revoked_at, 'contentRemovedAt', content_removed_at
        ) as record
        from message where ${ofThread}
      ) found where ${after('id', last)} order by id limit ${limit}
    `,
  );
  yield* findPaged(
    tx,
    'earlier_versions',
    (last, limit) => sql`
      select * from (
        select message_id || ' ' || provider_message_id as id, jsonb_build_object(
          'messageId', message_id, 'writtenAt', written_at, 'type', type, 'text', text, 'content', payload
        ) as record
        from message_version where ${ofConversation}
      ) found where ${after('id', last)} order by id limit ${limit}
    `,
  );
  yield* findPaged(
    tx,
    'notes',
    (last, limit) => sql`
      select id::text, jsonb_build_object(
        'id', id, 'conversationId', conversation_id, 'writtenAt', created_at, 'editedAt', edited_at, 'text', text
      ) as record
      from note where ${ofConversation} and (${last}::uuid is null or id > ${last}) order by note.id limit ${limit}
    `,
  );
  yield* findPaged(
    tx,
    'drafts',
    (last, limit) => sql`
      select conversation_id::text as id, jsonb_build_object(
        'conversationId', conversation_id, 'writtenAt', edited_at, 'text', text
      ) as record
      from draft where ${ofConversation} and text is not null and (${last}::uuid is null or conversation_id > ${last})
      order by conversation_id limit ${limit}
    `,
  );
  // What left is among the messages.
  yield* findPaged(
    tx,
    'held_messages',
    (last, limit) => sql`
      select id::text, jsonb_build_object(
        'id', id, 'conversationId', conversation_id, 'writtenAt', held_at, 'state', state, 'text', text,
        'content', payload, 'reason', reason
      ) as record
      from held_message where ${ofConversation} and state <> 'RELEASED' and (${last}::uuid is null or id > ${last})
      order by held_message.id limit ${limit}
    `,
  );
  yield* findPaged(
    tx,
    'survey_answers',
    (last, limit) => sql`
      select conversation_id::text as id, jsonb_build_object(
        'conversationId', conversation_id, 'askedAt', asked_at, 'answeredAt', answered_at, 'score', score,
        'comment', comment
      ) as record
      from survey where ${ofConversation} and (${last}::uuid is null or conversation_id > ${last})
      order by conversation_id limit ${limit}
    `,
  );
  yield* findPaged(
    tx,
    'activities',
    (last, limit) => sql`
      select id::text, jsonb_build_object(
        'conversationId', conversation_id, 'at', occurred_at, 'kind', kind, 'reason', reason
      ) as record
      from activity where ${ofConversation} and (${last}::uuid is null or id > ${last}) order by activity.id limit ${limit}
    `,
  );
  yield* findPaged(
    tx,
    'privacy_notices',
    (last, limit) => sql`
      select * from (
        select message_id || ' ' || version as id, jsonb_build_object(
          'messageId', message_id, 'version', version, 'givenAt', given_at
        ) as record
        from privacy_notice_given where ${ofThread}
      ) found where ${after('id', last)} order by id limit ${limit}
    `,
  );
};
