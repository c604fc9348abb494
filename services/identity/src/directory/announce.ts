import { apiKeyChanged, memberChanged, teamChanged } from '@fenster/contracts';
import { array, sql, type Tx } from '@fenster/database';
import { permissionsIn } from '../roles/built-in-role.js';
import { statusOf } from '../members/member.status.js';

interface Announced {
  workspaceId: string;
  ids: readonly string[];
}

/**
 * Tells other services these members as they are now. To be called once the change is in the transaction: it locks their
 * rows before it reads what their roles allow, so that two changes, also of a role, are told in the order in which they
 * were made.
 */
export async function announceMembers(tx: Tx, { workspaceId, ids }: Announced): Promise<void> {
  if (ids.length === 0) return;
  await tx.em.flush();
  // A statement of its own: one that has waited for a lock goes on seeing the roles as they were before.
  await sql`
    select from member where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)}) order by id for update
  `.execute(tx.sql);
  const { rows } = await sql<{
    id: string;
    name: string;
    role: string;
    custom_permissions: string[] | null;
    removed_at: Date | null;
    invitation_hash: Buffer | null;
  }>`
    update member set announced_at = ${tx.now()} where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
    returning id, name, role, removed_at, invitation_hash, (
      select permissions from role where role.workspace_id = member.workspace_id and role.id::text = member.role
    ) as custom_permissions
  `.execute(tx.sql);
  for (const { id, name, role, custom_permissions: custom, removed_at: removedAt, invitation_hash: hash } of rows) {
    const permissions = permissionsIn(role, custom);
    const status = statusOf({ removedAt, invitationHash: hash });
    tx.emit(memberChanged, {
      entityId: id,
      workspaceId,
      data: { memberId: id, name, status, permissions: [...permissions] },
    });
  }
}

/** The same for teams. Whoever changes who or what belongs to one holds the lock of `changeRights`. */
export async function announceTeams(tx: Tx, { workspaceId, ids }: Announced): Promise<void> {
  if (ids.length === 0) return;
  await tx.em.flush();
  const { rows } = await sql<{ id: string; member_ids: string[]; channel_ids: string[] }>`
    update team set announced_at = ${tx.now()} where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
    returning id,
      array(
        select member_id from team_member
        where team_member.workspace_id = team.workspace_id and team_id = team.id order by member_id
      ) as member_ids,
      array(
        select channel_id from team_channel
        where team_channel.workspace_id = team.workspace_id and team_id = team.id order by channel_id
      ) as channel_ids
  `.execute(tx.sql);
  for (const { id, member_ids: memberIds, channel_ids: channelIds } of rows) {
    tx.emit(teamChanged, { entityId: id, workspaceId, data: { teamId: id, memberIds, channelIds } });
  }
}

/** The same for API keys, but for those that have ended. Whoever revokes one holds its lock: it is told before that, or not at all. */
export async function announceApiKeys(tx: Tx, { workspaceId, ids }: Announced): Promise<void> {
  if (ids.length === 0) return;
  await tx.em.flush();
  const { rows } = await sql<{ id: string; expires_at: Date }>`
    update api_key set announced_at = ${tx.now()}
    where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
      and revoked_at is null and expires_at > ${tx.now()}
    returning id, expires_at
  `.execute(tx.sql);
  for (const { id, expires_at: expiresAt } of rows) {
    const data = { apiKeyId: id, expiresAt: expiresAt.toISOString() };
    tx.emit(apiKeyChanged, { entityId: id, workspaceId, data });
  }
}
