import { tenantTable, type MigrationStep } from '@fenster/database';

const SERVICE = 'conversation';

export const routingMigration: MigrationStep = {
  name: '202611220420-availability-routing',
  statements: [
    `create table availability (
       workspace_id uuid not null,
       member_id uuid not null,
       choice text not null,
       seen_at timestamptz not null,
       told_status text not null,
       told_since timestamptz not null,
       primary key (workspace_id, member_id)
     ) with (fillfactor = 50)`,
    ...tenantTable(SERVICE, 'availability'),
    // A row for each team that gives out its conversations by itself.
    `create table team_routing (
       workspace_id uuid not null,
       team_id uuid not null,
       mode text not null,
       returning_minutes int,
       primary key (workspace_id, team_id)
     )`,
    ...tenantTable(SERVICE, 'team_routing'),
    `create table routing_turn (
       workspace_id uuid not null,
       team_id uuid not null,
       member_id uuid not null,
       turn bigint not null,
       primary key (workspace_id, team_id, member_id)
     ) with (fillfactor = 50)`,
    ...tenantTable(SERVICE, 'routing_turn'),
    // How many open conversations somebody may be given; without a row, the default.
    `create table agent_capacity (
       workspace_id uuid not null,
       member_id uuid not null,
       capacity int not null,
       primary key (workspace_id, member_id)
     )`,
    ...tenantTable(SERVICE, 'agent_capacity'),

    // Who waits, oldest first; how much somebody has; who had a customer last.
    `create index conversation_queue on conversation (workspace_id, coalesce(waiting_since, last_message_at), id)
       where assignee_id is null and status = 'OPEN'`,
    `create index conversation_load on conversation (workspace_id, assignee_id)
       where assignee_id is not null and status = 'OPEN'`,
    `create index conversation_earlier on conversation (workspace_id, thread_id, resolved_at desc)
       where assignee_id is not null and status = 'RESOLVED'`,

    // Many things change whose work a conversation is and whether it is open. Whatever does, nobody is forgotten who waits,
    // and no room that became free. Updates of other columns do not come here at all.
    `create function wake_routing() returns trigger language plpgsql as $$
       begin
         if exists (select from team_routing where workspace_id = new.workspace_id) then
           insert into timer (workspace_id, kind, subject_id, due_at) values (new.workspace_id, tg_argv[0], new.id, 'epoch')
           on conflict (workspace_id, kind, subject_id) do update set due_at = excluded.due_at;
         end if;
         return null;
       end
     $$`,
    `create trigger conversation_waits after insert on conversation for each row
       when (new.assignee_id is null and new.status = 'OPEN') execute function wake_routing('routing')`,
    `create trigger conversation_moves after update of status, assignee_id, team_id on conversation for each row
       when (
         (new.assignee_id is null and new.status = 'OPEN'
           and (old.assignee_id, old.status, old.team_id) is distinct from (new.assignee_id, new.status, new.team_id))
         or (old.assignee_id is not null and old.status = 'OPEN'
           and (old.assignee_id, old.status) is distinct from (new.assignee_id, new.status))
       ) execute function wake_routing('routing')`,
    `create trigger conversation_returns after update of status on conversation for each row
       when (old.status = 'RESOLVED' and new.status = 'OPEN' and new.assignee_id is not null)
       execute function wake_routing('returning')`,
  ],
};
