import { sql, unnest, type Tx } from '@fenster/database';
import { recordAssignment } from '../assignments/record-assignments.js';
import { addParticipants } from '../participants/add-participants.js';
import { ABSENT_AFTER_MS } from '../availability/availability.rule.js';
import { DEFAULT_CAPACITY, ROUTED_PERMISSIONS } from './routing-settings.js';
import {
  route,
  type Assignment,
  type RoutedAgent,
  type RoutedTeam,
  type RoutingMode,
  type Waiting,
} from './routing.rule.js';
import { wakeRouting } from './wake-routing.js';

interface PlaceRow {
  team_id: string;
  mode: RoutingMode;
  returning_minutes: number | null;
  member_id: string;
  last_turn: string;
  is_available: boolean;
  load: string;
  capacity: number;
}

interface WaitingRow {
  id: string;
  team_ids: string[];
  since: Date;
  is_customer_waiting: boolean;
  earlier_agent_id: string | null;
}

/**
 * Gives out what waits in the teams that do so by themselves. One transaction of a workspace at a time, whichever process:
 * what one gives out, the next one sees. False if another one is at it: nothing is done, and nobody waits. Conversations
 * that are being changed are left for the next time, and keep the place that was meant for them, because only this gives
 * places out.
 */
export async function routeWorkspace(tx: Tx, workspaceId: string): Promise<boolean> {
  const { rows } = await sql<{ is_ours: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`routing of ${workspaceId}`}, 0)) as is_ours
  `.execute(tx.sql);
  if (!rows[0]!.is_ours) return false;
  const places = await readPlaces(tx, workspaceId);
  const { teams, agents } = toInput(places);
  const roomOf = new Map(
    agents.map(({ id, isAvailable, capacity, load }) => [id, isAvailable ? Math.max(0, capacity - load) : 0]),
  );
  const room = [...roomOf.values()].reduce((sum, each) => sum + each, 0);
  if (room === 0) return true;
  const roomyTeams = teams.filter((team) => team.agents.some(({ id }) => roomOf.get(id)! > 0)).map(({ id }) => id);
  const now = tx.now();
  for (let limit = room + 20; ; limit *= 4) {
    const queue = await readQueue(tx, workspaceId, roomyTeams, limit);
    const { assignments, holds } = route({ teams, agents, queue, now });
    // Those who wait for somebody may stand before many who do not.
    if (queue.length === limit && assignments.length < room) continue;
    await wakeRouting(
      tx,
      holds.map(({ conversationId: id, until: at }) => ({ workspaceId, id, at })),
    );
    await storeAssignments(tx, workspaceId, assignments, places);
    return true;
  }
}

/** Every agent of every team that routes, as of now. */
async function readPlaces(tx: Tx, workspaceId: string): Promise<PlaceRow[]> {
  const { rows } = await sql<PlaceRow>`
    select r.team_id, r.mode, r.returning_minutes, m.id as member_id, coalesce(turn.turn, 0) as last_turn,
      coalesce(a.choice = 'ONLINE' and a.seen_at > ${new Date(tx.now().getTime() - ABSENT_AFTER_MS)}, false) as is_available,
      coalesce(c.capacity, ${DEFAULT_CAPACITY}) as capacity,
      (
        select count(*) from conversation
        where workspace_id = ${workspaceId} and assignee_id = m.id and status = 'OPEN'
      ) as load
    from team_routing r
    join team_member p on p.workspace_id = r.workspace_id and p.team_id = r.team_id
    join member m on m.workspace_id = p.workspace_id and m.id = p.member_id and m.status = 'ACTIVE'
      and m.permissions @> ${[...ROUTED_PERMISSIONS]}::text[]
    left join availability a on a.workspace_id = m.workspace_id and a.member_id = m.id
    left join agent_capacity c on c.workspace_id = m.workspace_id and c.member_id = m.id
    left join routing_turn turn
      on turn.workspace_id = r.workspace_id and turn.team_id = r.team_id and turn.member_id = m.id
    where r.workspace_id = ${workspaceId}
    order by r.team_id, m.id
  `.execute(tx.sql);
  return rows;
}

function toInput(places: readonly PlaceRow[]): { teams: RoutedTeam[]; agents: RoutedAgent[] } {
  const teams = [...Map.groupBy(places, (row) => row.team_id)].map(([id, rows]) => ({
    id,
    mode: rows[0]!.mode,
    returningMinutes: rows[0]!.returning_minutes,
    agents: rows.map((row) => ({ id: row.member_id, lastTurn: Number(row.last_turn) })),
  }));
  const agents = new Map(
    places.map(({ member_id: id, is_available: isAvailable, load, capacity }) => [
      id,
      { id, isAvailable, load: Number(load), capacity },
    ]),
  );
  return { teams, agents: [...agents.values()] };
}

/** Who waits for one of these teams, perhaps among others: however many wait for those that have no room. */
async function readQueue(tx: Tx, workspaceId: string, teamIds: readonly string[], limit: number): Promise<Waiting[]> {
  const isOne = sql`team_id = any(${[...teamIds]}::uuid[])`;
  const { rows } = await sql<WaitingRow>`
    select c.id, coalesce(c.waiting_since, c.last_message_at) as since, c.waiting_since is not null as is_customer_waiting,
      teams.ids as team_ids, (
        select earlier.assignee_id from conversation earlier
        where earlier.workspace_id = c.workspace_id and earlier.thread_id = c.thread_id
          and earlier.assignee_id is not null and earlier.status = 'RESOLVED'
        order by earlier.resolved_at desc limit 1
      ) as earlier_agent_id
    from conversation c
    cross join lateral (
      select array_agg(r.team_id) as ids from team_routing r
      where r.workspace_id = c.workspace_id and (
        r.team_id = c.team_id or (c.team_id is null and exists (
          select from team_channel t
          where t.workspace_id = r.workspace_id and t.team_id = r.team_id and t.channel_id = c.channel_id
        ))
      )
    ) teams
    where c.workspace_id = ${workspaceId} and c.assignee_id is null and c.status = 'OPEN' and (
      c.${isOne} or (c.team_id is null and c.channel_id in (
        select channel_id from team_channel where workspace_id = ${workspaceId} and ${isOne}
      ))
    )
    order by coalesce(c.waiting_since, c.last_message_at), c.id limit ${limit}
  `.execute(tx.sql);
  return rows.map((row) => ({
    id: row.id,
    teamIds: row.team_ids,
    since: row.since,
    isCustomerWaiting: row.is_customer_waiting,
    earlierAgentId: row.earlier_agent_id,
  }));
}

async function storeAssignments(
  tx: Tx,
  workspaceId: string,
  assignments: readonly Assignment[],
  places: readonly PlaceRow[],
): Promise<void> {
  if (assignments.length === 0) return;
  const { rows } = await sql<{ id: string; thread_id: string; previous_team_id: string | null }>`
    with chosen as (
      select c.id, c.team_id as previous_team_id, input.team_id, input.agent_id
      from conversation c join ${unnest(
        'input',
        { id: 'uuid', team_id: 'uuid', agent_id: 'uuid' },
        assignments.map(({ conversationId, teamId, agentId }) => ({
          id: conversationId,
          team_id: teamId,
          agent_id: agentId,
        })),
      )} on input.id = c.id
      where c.workspace_id = ${workspaceId} and c.assignee_id is null and c.status = 'OPEN'
        and (c.team_id is null or c.team_id = input.team_id)
      for update of c skip locked
    )
    update conversation set team_id = chosen.team_id, assignee_id = chosen.agent_id
    from chosen where conversation.workspace_id = ${workspaceId} and conversation.id = chosen.id
    returning conversation.id, conversation.thread_id, chosen.previous_team_id
  `.execute(tx.sql);
  const stored = new Map(rows.map((row) => [row.id, row]));
  let turn = Math.max(...places.map((place) => Number(place.last_turn)));
  const turns = new Map<string, { team_id: string; member_id: string; turn: number }>();
  for (const { conversationId, teamId, agentId, cause, reason } of assignments) {
    const row = stored.get(conversationId);
    if (!row) continue;
    turns.set(`${teamId} ${agentId}`, { team_id: teamId, member_id: agentId, turn: (turn += 1) });
    recordAssignment(tx, {
      conversation: { id: conversationId, workspaceId, threadId: row.thread_id },
      before: { teamId: row.previous_team_id, assigneeId: null },
      after: { teamId, assigneeId: agentId },
      cause,
      reason,
    });
  }
  await sql`
    insert into routing_turn (workspace_id, team_id, member_id, turn)
    select ${workspaceId}, team_id, member_id, turn
    from ${unnest('input', { team_id: 'uuid', member_id: 'uuid', turn: 'bigint' }, [...turns.values()])}
    on conflict (workspace_id, team_id, member_id) do update set turn = excluded.turn
  `.execute(tx.sql);
  await addParticipants(
    tx,
    assignments.flatMap(({ conversationId: id, agentId: memberId }) => {
      const row = stored.get(id);
      return row ? [{ conversation: { id, workspaceId, threadId: row.thread_id }, memberId }] : [];
    }),
    'ASSIGNED',
  );
  const missed = assignments.filter(({ conversationId }) => !stored.has(conversationId));
  await wakeRouting(
    tx,
    missed.map(({ conversationId: id }) => ({ workspaceId, id })),
  );
}
