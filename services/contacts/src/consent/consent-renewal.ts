import { sql, type Renewal } from '@fenster/database';
import { announceConsents, type ProjectedConsent } from './project-consents.js';

const MAX_AT_ONCE = 200;

/** Keeps in the stream where every consent stands, for whoever reads it from its beginning. */
export const consentRenewal: Renewal = {
  name: 'renewing consents',
  async workspaces({ database }, before) {
    // From workspace to workspace along the index: consents are many, and hardly any are due.
    const { rows } = await sql<{ id: string }>`
      with recursive workspace as (
        (select workspace_id as id from consent_state order by workspace_id limit 1)
        union all
        select next.workspace_id from workspace cross join lateral (
          select workspace_id from consent_state where workspace_id > workspace.id order by workspace_id limit 1
        ) next
      )
      select id from workspace cross join lateral (
        select from consent_state where workspace_id = workspace.id and announced_at < ${before} limit 1
      ) due
    `.execute(database.system().getKysely());
    return rows.map(({ id }) => id);
  },
  async renew(tx, workspaceId, before) {
    // Under the lock of the chain, so that nothing older is told after something newer.
    await sql`select from consent_head where workspace_id = ${workspaceId} for update`.execute(tx.sql);
    const { rows } = await sql<ProjectedConsent>`
      update consent_state set announced_at = ${tx.now()}
      where (workspace_id, identity_id, purpose) in (
        select workspace_id, identity_id, purpose from consent_state
        where workspace_id = ${workspaceId} and announced_at < ${before} order by announced_at limit ${MAX_AT_ONCE}
      )
      returning workspace_id as "workspaceId", identity_id as "identityId", purpose, contact_id as "contactId",
        channel_id as "channelId", state, is_granted as "isGranted", since, event_id as "eventId"
    `.execute(tx.sql);
    await announceConsents(tx, rows);
    return rows.length >= MAX_AT_ONCE;
  },
};
