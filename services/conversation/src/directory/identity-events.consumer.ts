import {
  memberChanged,
  teamChanged,
  teamDeleted,
  type Envelope,
  type MemberChanged,
  type TeamChanged,
  type TeamDeleted,
} from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { wakeRouting } from '../routing/wake-routing.js';
import { setReleases } from '../assignments/release.timer.js';

/** Who and which teams there are. What was the work of those who left waits for somebody else. */
export const identityEventsConsumer = defineConsumer({
  name: 'conversation-identity-events',
  filter: 'identity.>',
  subscriptions: [on(memberChanged, storeMembers), on(teamChanged, storeTeams), on(teamDeleted, forgetTeams)],
});

async function storeMembers(tx: Tx, events: readonly Envelope<MemberChanged>[]): Promise<void> {
  const latest = latestOf(events, ({ memberId }) => memberId);
  const rows = latest.map(({ workspaceId, data }) => ({
    workspace_id: workspaceId,
    id: data.memberId,
    name: data.name,
    status: data.status,
    permissions: data.permissions,
  }));
  await sql`
    insert into member (workspace_id, id, name, status, permissions)
    select workspace_id, id, name, status, array(select jsonb_array_elements_text(permissions))
    from ${unnest('input', { workspace_id: 'uuid', id: 'uuid', name: 'text', status: 'text', permissions: 'jsonb' }, rows)}
    on conflict (workspace_id, id) do update
      set name = excluded.name, status = excluded.status, permissions = excluded.permissions
  `.execute(tx.sql);
  const removed = latest
    .filter(({ data }) => data.status === 'REMOVED')
    .map(({ workspaceId, data }) => ({ workspaceId, id: data.memberId }));
  await sql`
    delete from team_member using ${unnest('gone', { workspace_id: 'uuid', id: 'uuid' }, removed.map(toRow))}
    where team_member.workspace_id = gone.workspace_id and team_member.member_id = gone.id
  `.execute(tx.sql);
  await setReleases(tx, removed);
  await wakeRouting(
    tx,
    latest.map(({ workspaceId, data }) => ({ workspaceId, id: data.memberId })),
  );
}

async function storeTeams(tx: Tx, events: readonly Envelope<TeamChanged>[]): Promise<void> {
  const latest = latestOf(events, ({ teamId }) => teamId);
  const teams = latest.map(({ workspaceId, data }) => ({ workspace_id: workspaceId, id: data.teamId }));
  const places = (of: 'memberIds' | 'channelIds') =>
    latest.flatMap(({ workspaceId, data }) =>
      data[of].map((id) => ({ workspace_id: workspaceId, team_id: data.teamId, id })),
    );
  const place = { workspace_id: 'uuid', team_id: 'uuid', id: 'uuid' } as const;
  await sql`
    insert into team (workspace_id, id) select workspace_id, id
    from ${unnest('input', { workspace_id: 'uuid', id: 'uuid' }, teams)} on conflict do nothing
  `.execute(tx.sql);
  await removePlaces(tx, teams);
  await sql`
    with new_member as (
      insert into team_member (workspace_id, team_id, member_id)
      select workspace_id, team_id, id from ${unnest('input', place, places('memberIds'))}
    )
    insert into team_channel (workspace_id, team_id, channel_id)
    select workspace_id, team_id, id from ${unnest('input', place, places('channelIds'))}
  `.execute(tx.sql);
  await wakeRouting(
    tx,
    latest.map(({ workspaceId, data }) => ({ workspaceId, id: data.teamId })),
  );
}

async function forgetTeams(tx: Tx, events: readonly Envelope<TeamDeleted>[]): Promise<void> {
  const gone = events.map(({ workspaceId, data }) => ({ workspaceId, id: data.teamId }));
  await removePlaces(tx, gone.map(toRow));
  await sql`
    with off as (
      delete from team_routing using ${unnest('gone', { workspace_id: 'uuid', id: 'uuid' }, gone.map(toRow))}
      where team_routing.workspace_id = gone.workspace_id and team_routing.team_id = gone.id
    )
    delete from team using ${unnest('gone', { workspace_id: 'uuid', id: 'uuid' }, gone.map(toRow))}
    where team.workspace_id = gone.workspace_id and team.id = gone.id
  `.execute(tx.sql);
  await setReleases(tx, gone);
}

async function removePlaces(tx: Tx, teams: readonly { workspace_id: string; id: string }[]): Promise<void> {
  for (const table of ['team_member', 'team_channel']) {
    await sql`
      delete from ${sql.table(table)} as place using ${unnest('input', { workspace_id: 'uuid', id: 'uuid' }, teams)}
      where place.workspace_id = input.workspace_id and place.team_id = input.id
    `.execute(tx.sql);
  }
}

/** Each event says all of its subject, so only the last one of a batch counts. */
function latestOf<Data>(events: readonly Envelope<Data>[], idOf: (data: Data) => string): Envelope<Data>[] {
  return [...new Map(events.map((event) => [`${event.workspaceId} ${idOf(event.data)}`, event])).values()];
}

function toRow({ workspaceId, id }: { workspaceId: string; id: string }) {
  return { workspace_id: workspaceId, id };
}
