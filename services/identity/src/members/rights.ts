import { AuthenticationError, type Actor, type Permission } from '@fenster/auth';
import { memberAccessChanged, type MemberAccessChanged } from '@fenster/contracts';
import { sql, transact, type Tx } from '@fenster/database';
import { DomainError } from '@fenster/runtime';
import type { IdentityContext } from '../context.js';
import { permissionsIn } from '../roles/built-in-role.js';

/** What a member may do, and where. */
export type Rights = Pick<Actor, 'role' | 'permissions' | 'teamIds' | 'channelIds'>;

/**
 * The rights that a member has now, to put into a token: undefined for somebody who is no member (any more). Until
 * the transaction ends nobody changes them, so a token that is dated within it and signed afterwards is older than
 * the next change, whatever the order in which the two commit.
 */
export async function holdRights(tx: Tx, memberId: string): Promise<Rights | undefined> {
  await sql`select pg_advisory_xact_lock_shared(${rightsLock(tx)})`.execute(tx.sql);
  return readRights(tx, memberId);
}

/**
 * The frame of every change of who may do what. Changes of one workspace happen one after another, and by the rights
 * that the actor has now: a token may be older than the last change.
 * @throws AuthenticationError if the actor is no member any more; DomainError FORBIDDEN without the permission.
 */
export async function changeRights<T>(
  ctx: IdentityContext,
  permission: Permission | undefined,
  work: (tx: Tx, actor: Actor) => Promise<T>,
): Promise<T> {
  return transact(ctx, async (tx) => {
    await lockRights(tx);
    const actor = await asOfNow(tx, ctx.requireActor());
    if (permission && !actor.permissions.includes(permission)) {
      throw new DomainError('FORBIDDEN', 'Your role does not allow this.');
    }
    return work(tx, actor);
  });
}

async function asOfNow(tx: Tx, actor: Actor): Promise<Actor> {
  if (actor.kind !== 'member') return actor;
  const rights = await readRights(tx, actor.id);
  if (!rights) throw new AuthenticationError();
  return { ...actor, ...rights };
}

/** Nobody else changes rights in the transaction's workspace until it ends. */
export async function lockRights(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${rightsLock(tx)})`.execute(tx.sql);
}

/** Tokens that say otherwise are void from here on; to be called once the change is certain. */
export function announceAccessChange(
  tx: Tx,
  memberIds: readonly string[],
  reason: MemberAccessChanged['reason'],
): void {
  for (const memberId of memberIds) tx.emit(memberAccessChanged, { entityId: memberId, data: { memberId, reason } });
}

/** 64 bits of a hash: two workspaces with the same would only wait for each other. */
function rightsLock(tx: Tx) {
  return sql<string>`hashtextextended(${`rights of ${tx.workspaceId}`}, 0)`;
}

async function readRights(tx: Tx, memberId: string): Promise<Rights | undefined> {
  const { rows } = await sql<{
    role: string;
    custom_permissions: string[] | null;
    team_ids: string[];
    channel_ids: string[];
  }>`
    select member.role, role.permissions as custom_permissions,
      array(
        select team_id from team_member
        where team_member.workspace_id = member.workspace_id and member_id = member.id order by team_id
      ) as team_ids,
      array(
        select distinct channel_id from team_member join team_channel using (workspace_id, team_id)
        where team_member.workspace_id = member.workspace_id and member_id = member.id order by channel_id
      ) as channel_ids
    from member left join role on role.workspace_id = member.workspace_id and role.id::text = member.role
    where member.workspace_id = ${tx.workspaceId} and member.id = ${memberId} and member.removed_at is null
  `.execute(tx.sql);
  const row = rows[0];
  if (!row) return undefined;
  const { role, custom_permissions: custom, team_ids: teamIds, channel_ids: channelIds } = row;
  return { role, permissions: permissionsIn(role, custom), teamIds, channelIds };
}
