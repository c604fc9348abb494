import { allows, defineAbility, knownPermissions } from '@fenster/auth';
import { array, sql, type Tx } from '@fenster/database';
import { defineRules } from '../ability.js';
import type { Conversation } from '../conversations/conversation.entity.js';

interface MemberRow {
  id: string;
  permissions: string[];
  team_ids: string[];
  channel_ids: string[];
}

/** Of these members, those who may see the conversation: by the rule of `ability.ts`, with the rights that identity last told. */
export async function whoMaySee(
  tx: Tx,
  conversation: Conversation,
  memberIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (memberIds.length === 0) return new Set();
  const { workspaceId } = conversation;
  const { rows } = await sql<MemberRow>`
    select m.id, m.permissions,
      array(select t.team_id from team_member t where t.workspace_id = m.workspace_id and t.member_id = m.id) as team_ids,
      array(
        select c.channel_id from team_member t join team_channel c using (workspace_id, team_id)
        where t.workspace_id = m.workspace_id and t.member_id = m.id
      ) as channel_ids
    from member m
    where m.workspace_id = ${workspaceId} and m.id = any(${array('uuid', memberIds)}) and m.status = 'ACTIVE'
  `.execute(tx.sql);
  const seeing = rows.filter(({ id, permissions, team_ids: teamIds, channel_ids: channelIds }) => {
    const rights = { permissions: knownPermissions(permissions), teamIds, channelIds };
    const from = { role: '', sessionId: undefined, issuedAt: undefined, expiresAt: undefined };
    const ability = defineAbility({ kind: 'member', id, workspaceId, ...rights, ...from }, defineRules);
    return allows(ability, 'read', 'Conversation', conversation);
  });
  return new Set(seeing.map(({ id }) => id));
}
