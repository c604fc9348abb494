import { alertRaised, type AlertKind } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { AlertFacts, NewAlert } from './alert.rule.js';

const ALERT = { workspace_id: 'uuid', id: 'uuid', kind: 'text', cause: 'text', facts: 'json' } as const;

export interface RaisedAlert extends NewAlert {
  workspaceId: string;
  origin?: Origin | undefined;
}

/**
 * Those whose cause has no alert yet: a row, an event, and a delivery to each destination that wants its kind. In the
 * transaction of their cause, so there is none without it.
 */
export async function raiseAlerts(tx: Tx, alerts: readonly RaisedAlert[]): Promise<void> {
  if (alerts.length === 0) return;
  const byId = new Map(alerts.map((alert) => [newId(), alert]));
  const rows = [...byId].map(([id, { workspaceId, cause, facts }]) => ({
    workspace_id: workspaceId,
    id,
    kind: facts.kind,
    cause,
    facts,
  }));
  const { rows: raised } = await sql<{ id: string }>`
    with raised as (
      insert into alert (workspace_id, id, kind, cause, facts, raised_at)
      select workspace_id, id, kind, cause, facts, ${tx.now()} from ${unnest('input', ALERT, rows)}
      order by workspace_id, kind, cause
      on conflict (workspace_id, kind, cause) do nothing
      returning workspace_id, id, kind
    ), queued as (
      insert into alert_delivery (workspace_id, destination_id, alert_id, next_attempt_at)
      select raised.workspace_id, destination.id, raised.id, ${tx.now()}
      from raised join alert_destination destination on destination.workspace_id = raised.workspace_id
        and destination.removed_at is null and destination.alerts @> to_jsonb(raised.kind)
    )
    select id from raised order by id
  `.execute(tx.sql);
  for (const { id } of raised) {
    const { workspaceId, origin, facts } = byId.get(id)!;
    tx.emit(alertRaised, {
      entityId: id,
      workspaceId,
      origin,
      data: { alertId: id, kind: facts.kind as AlertKind, ...subjectOf(facts) },
    });
  }
}

/** The ids of what an alert is about. */
export function subjectOf(facts: AlertFacts): {
  templateId?: string;
  conversationId?: string;
  channelId?: string;
  budgetId?: string;
} {
  if ('templateId' in facts) return { templateId: facts.templateId };
  if ('conversationId' in facts) return { conversationId: facts.conversationId };
  if ('channelId' in facts) return { channelId: facts.channelId };
  return { budgetId: facts.budgetId };
}
