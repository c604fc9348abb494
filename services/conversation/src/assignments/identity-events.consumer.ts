import {
  memberAccessChanged,
  teamDeleted,
  type Envelope,
  type MemberAccessChanged,
  type TeamDeleted,
} from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** What was the work of somebody who left, or of a team that is gone, waits for the teams of its channel again. */
export const identityEventsConsumer = defineConsumer({
  name: 'conversation-identity-events',
  filter: 'identity.>',
  subscriptions: [on(memberAccessChanged, releaseAssignees), on(teamDeleted, releaseTeams)],
});

async function releaseAssignees(tx: Tx, events: readonly Envelope<MemberAccessChanged>[]): Promise<void> {
  const gone = events
    .filter(({ data }) => data.reason === 'removed')
    .map(({ workspaceId, data }) => ({ workspace_id: workspaceId, id: data.memberId }));
  if (gone.length === 0) return;
  await sql`
    update conversation set assignee_id = null
    from ${unnest('gone', { workspace_id: 'uuid', id: 'uuid' }, gone)}
    where conversation.workspace_id = gone.workspace_id and conversation.assignee_id = gone.id
  `.execute(tx.sql);
}

async function releaseTeams(tx: Tx, events: readonly Envelope<TeamDeleted>[]): Promise<void> {
  const gone = events.map(({ workspaceId, data }) => ({ workspace_id: workspaceId, id: data.teamId }));
  await sql`
    update conversation set team_id = null
    from ${unnest('gone', { workspace_id: 'uuid', id: 'uuid' }, gone)}
    where conversation.workspace_id = gone.workspace_id and conversation.team_id = gone.id
  `.execute(tx.sql);
}
