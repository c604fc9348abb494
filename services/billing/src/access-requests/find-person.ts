import { array, findPaged, sql, type FindRecords } from '@fenster/database';

/** What messages to and from the person cost. Prices are the business's; that they are about the person makes them theirs to know. */
export const findPerson: FindRecords = (tx, { workspaceId, threadIds }) =>
  findPaged(
    tx,
    'costs',
    (after, limit) => sql`
      select charge.id, jsonb_build_object(
        'id', charge.id, 'messageId', charge.message_id, 'day', charge.local_date, 'category', charge.category,
        'amount', charge.amount_micros / 1e6, 'currency', charge.currency, 'recipientCountry', message.recipient_country
      ) as record
      from billable_message message join charge using (workspace_id, message_id)
      where message.workspace_id = ${workspaceId} and message.thread_id = any(${array('uuid', threadIds)})
        and (${after}::uuid is null or charge.id > ${after})
      order by charge.id limit ${limit}
    `,
  );
