import { array, sql, type Due, type RetentionStep } from '@fenster/database';

/** How many alerts a part of a run takes. */
const ALERTS = 1_000;

/**
 * Alerts that were raised, and acknowledged if they were, before the cutoff, with their deliveries; and addresses of
 * destinations that were removed before it. What is still to be delivered stays. While anybody is held, what is about a
 * conversation stays: it may be theirs. Costs are not touched.
 */
export const alertsStep: RetentionStep = {
  retentionClass: 'ALERTS',
  async count(tx, due, position) {
    const { rows } = await sql<{ id: string; deliveries: number }>`
      select id, (
        select count(*)::int from alert_delivery
        where alert_delivery.workspace_id = alert.workspace_id and alert_delivery.alert_id = alert.id
      ) as deliveries
      from alert where ${isOver(due)} ${behind(position)} order by id limit ${ALERTS}
    `.execute(tx.sql);
    const deliveries = rows.reduce((sum, each) => sum + each.deliveries, 0);
    const counted = { alerts: rows.length, alert_deliveries: deliveries };
    if (rows.length === ALERTS) return { counted, position: rows.at(-1)!.id };
    const { rows: gone } = await sql<{ count: number }>`
      select count(*)::int as count from alert_destination destination where ${wasRemoved(due)} and not exists (
        select from alert_delivery delivery
        join alert on alert.workspace_id = delivery.workspace_id and alert.id = delivery.alert_id
        where delivery.workspace_id = destination.workspace_id and delivery.destination_id = destination.id
          and not (${isOver(due)})
      )
    `.execute(tx.sql);
    return { counted: { ...counted, alert_destinations: gone[0]!.count }, position: null };
  },
  async remove(tx, due, position) {
    const { rows } = await sql<{ id: string; deliveries: number }>`
      with gone as materialized (
        select workspace_id, id from alert where ${isOver(due)} ${behind(position)}
        order by id limit ${ALERTS} for update skip locked
      ), delivery as (
        delete from alert_delivery using gone
        where alert_delivery.workspace_id = gone.workspace_id and alert_delivery.alert_id = gone.id
        returning alert_delivery.alert_id
      )
      select id, (select count(*)::int from delivery where alert_id = gone.id) as deliveries from gone order by id
    `.execute(tx.sql);
    // Behind their deliveries: a statement checks what refers to what only at its end, and does not see its own parts.
    await sql`
      delete from alert where workspace_id = ${due.workspaceId} and id = any(${array('uuid', rows, ({ id }) => id)})
    `.execute(tx.sql);
    const deliveries = rows.reduce((sum, each) => sum + each.deliveries, 0);
    const removed = { alerts: rows.length, alert_deliveries: deliveries };
    if (rows.length === ALERTS) return { removed, position: rows.at(-1)!.id };
    const { rows: destinations } = await sql`
      delete from alert_destination destination where ${wasRemoved(due)} and not exists (
        select from alert_delivery delivery
        where delivery.workspace_id = destination.workspace_id and delivery.destination_id = destination.id
      ) returning id
    `.execute(tx.sql);
    return { removed: { ...removed, alert_destinations: destinations.length }, position: null };
  },
};

const isOver = ({ workspaceId, before, heldContactIds }: Due) => sql`
  alert.workspace_id = ${workspaceId} and alert.raised_at < ${before}
  and (alert.acknowledged_at is null or alert.acknowledged_at < ${before})
  and (${heldContactIds.length === 0} or alert.facts ->> 'conversationId' is null)
  and not exists (
    select from alert_delivery waiting
    where waiting.workspace_id = alert.workspace_id and waiting.alert_id = alert.id and waiting.state = 'PENDING'
  )
`;

const wasRemoved = ({ workspaceId, before }: Due) => sql`
  destination.workspace_id = ${workspaceId} and destination.removed_at < ${before}
`;

const behind = (position: string | null) => (position === null ? sql`` : sql`and alert.id > ${position}::uuid`);
