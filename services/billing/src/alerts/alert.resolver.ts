import { asResult, Authorized, checkPageSize, decodePage, olderThan, pageOf, type BatchLoad } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ChannelReference } from '../allowances/allowance.resolver.js';
import { shownTrace, money } from '../charges/charge.resolver.js';
import { ConversationType, Money, TraceFactType } from '../charges/charge.types.js';
import type { BillingContext } from '../context.js';
import { MemberReference } from '../price-books/price-book.types.js';
import { AlertDestination } from './alert-destination.entity.js';
import { acknowledgeAlert, createAlertEmail, createAlertWebhook, removeAlertDestination } from './alert.commands.js';
import { Alert } from './alert.entity.js';
import { traceOf } from './alert.rule.js';
import {
  AcknowledgeAlertResult,
  AlertDelivery,
  AlertDestinationType,
  AlertKindEnum,
  AlertPage,
  AlertType,
  CreateAlertEmailInput,
  CreateAlertEmailResult,
  CreateAlertWebhookInput,
  CreateAlertWebhookResult,
  RemoveAlertDestinationResult,
  TemplateReference,
} from './alert.types.js';
import { subjectOf } from './raise-alerts.js';

const MAX_SHOWN = 200;

@Resolver(() => AlertType)
export class AlertResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => AlertPage)
  async alerts(
    @Ctx() ctx: BillingContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('kind', () => AlertKindEnum, { nullable: true }) kind?: Alert['kind'] | null,
    @Arg('isAcknowledged', () => Boolean, { nullable: true, description: 'False: those that nobody has looked at.' })
    isAcknowledged?: boolean | null,
  ): Promise<{ nodes: Alert[]; nextPage: string | null }> {
    const size = checkPageSize(first);
    const where = {
      ...olderThan('raisedAt', after == null ? undefined : decodePage(after, 'after')),
      ...(kind != null && { kind }),
      ...(isAcknowledged != null && { acknowledgedAt: isAcknowledged ? { $ne: null } : null }),
    };
    const orderBy = { raisedAt: 'desc', id: 'desc' } as const;
    const found = await ctx.em.find(Alert, where, { orderBy, limit: size + 1 });
    return pageOf(found, size, ({ raisedAt: at, id }) => ({ at, id }));
  }

  @Authorized('cost:manage')
  @Query(() => [AlertDestinationType], { description: 'The latest first; removed ones at the end.' })
  alertDestinations(@Ctx() ctx: BillingContext): Promise<AlertDestination[]> {
    const orderBy = { removedAt: 'desc nulls first', id: 'desc' } as const;
    return ctx.em.find(AlertDestination, {}, { orderBy, limit: MAX_SHOWN });
  }

  @Authorized('cost:manage')
  @Mutation(() => AcknowledgeAlertResult, { description: 'By a person, for all: the first one counts.' })
  acknowledgeAlert(@Ctx() ctx: BillingContext, @Arg('id', () => ID) id: string) {
    return asResult(acknowledgeAlert(ctx, id));
  }

  @Authorized('cost:manage')
  @Mutation(() => CreateAlertWebhookResult, {
    description:
      'New alerts are posted there as JSON, signed as Standard Webhooks 1.0.0. At least once: know them by `webhook-id`.',
  })
  createAlertWebhook(
    @Ctx() ctx: BillingContext,
    @Arg('input', () => CreateAlertWebhookInput) input: CreateAlertWebhookInput,
  ) {
    return asResult(createAlertWebhook(ctx, input));
  }

  @Authorized('cost:manage')
  @Mutation(() => CreateAlertEmailResult, { description: 'New alerts are mailed there.' })
  createAlertEmail(
    @Ctx() ctx: BillingContext,
    @Arg('input', () => CreateAlertEmailInput) input: CreateAlertEmailInput,
  ) {
    return asResult(createAlertEmail(ctx, input));
  }

  @Authorized('cost:manage')
  @Mutation(() => RemoveAlertDestinationResult, {
    description: 'For ever. What is on its way to it is not sent any more.',
  })
  removeAlertDestination(@Ctx() ctx: BillingContext, @Arg('id', () => ID) id: string) {
    return asResult(removeAlertDestination(ctx, id));
  }

  @FieldResolver(() => TemplateReference, { nullable: true })
  template(@Root() { facts }: Alert): TemplateReference | null {
    const { templateId: id } = subjectOf(facts);
    return id === undefined ? null : { id };
  }

  @FieldResolver(() => ConversationType, { nullable: true })
  conversation(@Root() { facts }: Alert): ConversationType | null {
    const { conversationId: id } = subjectOf(facts);
    return id === undefined ? null : { id };
  }

  @FieldResolver(() => ChannelReference, { nullable: true })
  channel(@Root() { facts }: Alert): ChannelReference | null {
    const { channelId: id } = subjectOf(facts);
    return id === undefined ? null : { id };
  }

  @FieldResolver(() => ID, { nullable: true, description: 'Of one of `budgets`.' })
  budgetId(@Root() { facts }: Alert): string | null {
    return subjectOf(facts).budgetId ?? null;
  }

  @FieldResolver(() => Money, {
    nullable: true,
    description: 'What a conversation costs, or what is spent of a budget.',
  })
  amount(@Root() { facts }: Alert): Money | null {
    if ('amountMicros' in facts) return money(facts.amountMicros, facts.currency);
    return 'spentMicros' in facts ? money(facts.spentMicros, facts.currency) : null;
  }

  @FieldResolver(() => [TraceFactType], { description: 'By which rule, and what was looked at.' })
  trace(@Root() { facts }: Alert): TraceFactType[] {
    return shownTrace(traceOf(facts));
  }

  @FieldResolver(() => MemberReference, { nullable: true })
  acknowledgedBy(@Root() { acknowledgedBy: id }: Alert): MemberReference | null {
    return id == null ? null : { id };
  }

  @FieldResolver(() => [AlertDelivery])
  async deliveries(@Root() { id }: Alert, @Ctx() ctx: BillingContext): Promise<AlertDelivery[]> {
    return (await ctx.loader(deliveriesOfAlerts).load(id)) ?? [];
  }
}

@Resolver(() => AlertDestinationType)
export class AlertDestinationResolver {
  @FieldResolver(() => MemberReference)
  createdBy(@Root() { createdBy: id }: AlertDestination): MemberReference {
    return { id };
  }
}

const deliveriesOfAlerts: BatchLoad<string, AlertDelivery[]> = async (ctx, ids) => {
  const rows = await ctx.em.execute<(AlertDelivery & { alertId: string })[]>(
    `select delivery.alert_id as "alertId", delivery.destination_id as "destinationId", delivery.state,
       delivery.attempts, delivery.next_attempt_at as "nextAttemptAt", delivery.settled_at as "settledAt",
       delivery.problem
     from jsonb_array_elements_text(?::jsonb) as asked(id)
     join alert_delivery delivery on delivery.workspace_id = ? and delivery.alert_id = asked.id::uuid
     order by delivery.destination_id`,
    [JSON.stringify(ids), ctx.requireActor().workspaceId],
  );
  return Map.groupBy(rows, ({ alertId }) => alertId);
};
