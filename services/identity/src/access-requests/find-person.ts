import { array, findPaged, sql, type FindRecords } from '@fenster/database';

/**
 * When the business looked at the person's data, and what for. Not which colleague did: they acted for the business and are
 * no recipients (CJEU C-579/21, Pankki S), and their names are their own data (Art. 15(4) GDPR).
 */
export const findPerson: FindRecords = (tx, { workspaceId, contactIds, threadIds, mediaIds }) =>
  findPaged(
    tx,
    'accesses',
    (after, limit) => sql`
      select entry.id, jsonb_build_object(
        'at', entry.occurred_at, 'action', entry.action,
        'by', case entry.actor_kind when 'member' then 'colleague' else entry.actor_kind end
      ) as record
      from audit_entry entry
      where entry.workspace_id = ${workspaceId} and entry.id in (
        select entry_id from audit_entry_object where workspace_id = ${workspaceId}
          and object_id = any(${array('uuid', [...contactIds, ...threadIds, ...mediaIds])})
      ) and (${after}::uuid is null or entry.id > ${after})
      order by entry.id limit ${limit}
    `,
  );
