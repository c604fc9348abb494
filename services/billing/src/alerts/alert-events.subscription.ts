import { alertAcknowledged, alertRaised, type Envelope } from '@fenster/contracts';
import { Authorized, cancellable, Cursor, decodeCursor, encodeCursor } from '@fenster/graphql';
import { Arg, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { BillingContext } from '../context.js';
import { Alert } from './alert.entity.js';
import { AlertAcknowledged, AlertEvent, AlertRaised, AlertsLiveStarted, AlertsReplayGap } from './alert.types.js';

const TYPES: ReadonlyMap<string, typeof AlertRaised> = new Map([
  [alertRaised.name, AlertRaised],
  [alertAcknowledged.name, AlertAcknowledged],
]);

@Resolver()
export class AlertEventsSubscription {
  @Authorized('cost:read', 'conversation:read_all')
  @Subscription(() => AlertEvent, {
    description:
      'Alerts, and who has looked at them. With `after`: first what was missed since, in order; then AlertsLiveStarted; then live.',
    subscribe: ({ args, context }: SubscribeResolverData<unknown, { after?: string | null }, BillingContext>) => {
      const position = args.after == null ? undefined : decodeCursor(args.after);
      return cancellable((signal) => followAlerts(context, position, signal));
    },
  })
  alertEvents(@Root() event: AlertEvent, @Arg('after', () => Cursor, { nullable: true }) _after?: string): AlertEvent {
    return event;
  }
}

async function* followAlerts(
  ctx: BillingContext,
  position: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<AlertEvent[], void> {
  const { workspaceId } = ctx.requireActor();
  for await (const item of ctx.app.liveLog.follow(workspaceId, position, signal)) {
    if (item.kind === 'events') yield await toEvents(ctx, workspaceId, item.envelopes);
    else yield [at(item.kind === 'live' ? new AlertsLiveStarted() : new AlertsReplayGap(), item.seq)];
  }
}

async function toEvents(
  ctx: BillingContext,
  workspaceId: string,
  envelopes: readonly Envelope[],
): Promise<AlertEvent[]> {
  const told = envelopes.filter(({ name }) => TYPES.has(name));
  if (told.length === 0) return [];
  // Not by the context's entity manager: it would go on showing what it saw first.
  const em = ctx.database.forTenant(workspaceId);
  const alerts = await em.find(Alert, { id: { $in: told.map(({ entityId }) => entityId) } });
  const byId = new Map(alerts.map((alert) => [alert.id, alert]));
  return told.flatMap(({ name, entityId, occurredAt, seq }) => {
    const alert = byId.get(entityId);
    return alert ? [at(Object.assign(new (TYPES.get(name)!)(), { alert, occurredAt: new Date(occurredAt) }), seq)] : [];
  });
}

function at<E extends AlertEvent>(event: E, seq: number): E {
  return Object.assign(event, { cursor: encodeCursor(seq) });
}
