import { sql, type Ctx, type Renewal, type Tx } from '@fenster/database';
import { lockRights } from '../members/rights.js';
import { announceApiKeys, announceMembers, announceTeams } from './announce.js';

const MAX_AT_ONCE = 200;

/** Keeps every member, team and API key in the stream. */
export const directoryRenewal: Renewal = {
  name: 'renewing the directory',
  async workspaces({ database, now }: Ctx, before) {
    const { rows } = await sql<{ workspace_id: string }>`
      select workspace_id from member where (announced_at is null or announced_at < ${before}) and removed_at is null
      union
      select workspace_id from team where announced_at is null or announced_at < ${before}
      union
      select workspace_id from api_key where (announced_at is null or announced_at < ${before})
        and revoked_at is null and expires_at > ${now()}
      order by workspace_id
    `.execute(database.system().getKysely());
    return rows.map((row) => row.workspace_id);
  },
  renew: renewWorkspace,
};

async function renewWorkspace(tx: Tx, workspaceId: string, before: Date): Promise<boolean> {
  await lockRights(tx);
  const { rows: members } = await sql<{ id: string }>`
    select id from member where workspace_id = ${workspaceId} and removed_at is null
      and (announced_at is null or announced_at < ${before}) order by id limit ${MAX_AT_ONCE}
  `.execute(tx.sql);
  const { rows: teams } = await sql<{ id: string }>`
    select id from team where workspace_id = ${workspaceId}
      and (announced_at is null or announced_at < ${before}) order by id limit ${MAX_AT_ONCE}
  `.execute(tx.sql);
  const { rows: apiKeys } = await sql<{ id: string }>`
    select id from api_key where workspace_id = ${workspaceId} and revoked_at is null and expires_at > ${tx.now()}
      and (announced_at is null or announced_at < ${before}) order by id limit ${MAX_AT_ONCE}
  `.execute(tx.sql);
  await announceMembers(tx, { workspaceId, ids: members.map(({ id }) => id) });
  await announceTeams(tx, { workspaceId, ids: teams.map(({ id }) => id) });
  await announceApiKeys(tx, { workspaceId, ids: apiKeys.map(({ id }) => id) });
  return Math.max(members.length, teams.length, apiKeys.length) >= MAX_AT_ONCE;
}
