import { ALERT_KINDS, type AlertKind } from '@fenster/contracts';
import {
  Cursor,
  DateTime,
  enumOf,
  Forbidden,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, InterfaceType, ObjectType } from 'type-graphql';
import { QuoteLanguageEnum } from '../quotes/quote.types.js';
import type { QuoteLanguage } from '../quotes/quote-reason.js';
import type { Alert } from './alert.entity.js';
import { DESTINATION_KINDS, type DestinationKind } from './alert-destination.entity.js';
import { FEWEST_CONVERSATIONS, UNUSUAL_FLOOR_MICROS, UNUSUAL_TIMES } from './alert.rule.js';

const MICROS = 1_000_000;

export const AlertKindEnum = enumOf(ALERT_KINDS, {
  name: 'AlertKind',
  description: `TEMPLATE_CATEGORY_CHANGED: WhatsApp puts a template into a category that may cost more, or has announced it. UNUSUAL_CONVERSATION_COST: a conversation costs more than ${UNUSUAL_TIMES} times the median of the last 28 days, and more than ${UNUSUAL_FLOOR_MICROS / MICROS} of its currency; known from ${FEWEST_CONVERSATIONS} conversations on. ALLOWANCE_NEARLY_USED, ALLOWANCE_USED_UP: 80 or 100 % of the free messages of a number in a month. BUDGET_WARNING: a share of a budget. BUDGET_STOPPED: a budget is used up, and stops messages. BUDGET_HOLDS: it is used up, and messages wait for approval.`,
});
const DestinationKindEnum = enumOf(DESTINATION_KINDS, { name: 'AlertDestinationKind' });

export const DELIVERY_STATES = ['PENDING', 'DELIVERED', 'GIVEN_UP', 'CANCELLED'] as const;
const DeliveryStateEnum = enumOf(DELIVERY_STATES, {
  name: 'AlertDeliveryState',
  description:
    'PENDING: on its way, or tried again at `nextAttemptAt`. GIVEN_UP: after eight attempts in a day, or a refusal for good. CANCELLED: the destination was removed.',
});

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Template')
export class TemplateReference {
  @Field(() => ID)
  id!: string;
}

@ObjectType('Alert', {
  description:
    'Something about costs that somebody should look at: once for each cause. No words of anybody and nobody’s name or number.',
})
export class AlertType {
  @Field(() => ID)
  id!: string;

  @Field(() => AlertKindEnum)
  kind!: AlertKind;

  @Field(() => DateTime)
  raisedAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Somebody has looked at it.' })
  acknowledgedAt!: Date | null;
}

@ObjectType({ description: 'What became of an alert at a destination.' })
export class AlertDelivery {
  @Field(() => ID)
  destinationId!: string;

  @Field(() => DeliveryStateEnum)
  state!: (typeof DELIVERY_STATES)[number];

  @Field(() => Int)
  attempts!: number;

  @Field(() => DateTime, { nullable: true })
  nextAttemptAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Since when its state is its last one.' })
  settledAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why the last attempt failed: `UNREACHABLE`, `STATUS_500`, or a code of SMTP.',
  })
  problem!: string | null;
}

@ObjectType({ description: 'The newest first.' })
export class AlertPage {
  @Field(() => [AlertType])
  nodes!: AlertType[];

  @Field(() => String, { nullable: true, description: 'Hand it back as `after` for the next page.' })
  nextPage!: string | null;
}

@ObjectType('AlertDestination', { description: 'Where alerts are sent.' })
export class AlertDestinationType {
  @Field(() => ID)
  id!: string;

  @Field(() => DestinationKindEnum)
  kind!: DestinationKind;

  @Field(() => String, { description: 'The URL, or the e-mail address.' })
  address!: string;

  @Field(() => [AlertKindEnum])
  alerts!: AlertKind[];

  @Field(() => QuoteLanguageEnum)
  language!: QuoteLanguage;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  removedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  lastDeliveredAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Nothing arrives there since; null as long as all does.' })
  failingSince!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Alerts are given up there since. New ones are tried nevertheless.',
  })
  deadSince!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why the last attempt failed.' })
  problem!: string | null;
}

@ObjectType()
export class AlertWebhookCreated {
  @Field(() => AlertDestinationType)
  destination!: AlertDestinationType;

  @Field(() => String, {
    nullable: true,
    description:
      'Verify `webhook-signature` with it, by any library of Standard Webhooks. Shown this once: null when the call is repeated with its idempotency key. If it was lost, remove the destination and make another.',
  })
  secret!: string | null;
}

@InputType()
export class CreateAlertWebhookInput {
  @Field(() => String, {
    description: 'https://, of a public address; at most 2,000 characters. No redirect is followed.',
  })
  url!: string;

  @Field(() => [AlertKindEnum], { description: 'Of what it is told: one at least.' })
  alerts!: AlertKind[];

  @Field(() => QuoteLanguageEnum, { defaultValue: 'EN' })
  language!: QuoteLanguage;

  @Field(() => String)
  idempotencyKey!: string;
}

@InputType()
export class CreateAlertEmailInput {
  @Field(() => String, { description: 'At most 254 characters.' })
  address!: string;

  @Field(() => [AlertKindEnum], { description: 'Of what it is told: one at least.' })
  alerts!: AlertKind[];

  @Field(() => QuoteLanguageEnum, { defaultValue: 'EN' })
  language!: QuoteLanguage;

  @Field(() => String)
  idempotencyKey!: string;
}

@ObjectType({ implements: UserError, description: 'This installation sends no e-mail.' })
export class EmailNotConfigured extends UserError {}
registerUserError(EmailNotConfigured, 'EMAIL_NOT_CONFIGURED');

const CREATE_REFUSALS = [InvalidInput, Forbidden, IdempotencyConflict];
export const CreateAlertWebhookResult = resultUnion('CreateAlertWebhookResult', AlertWebhookCreated, CREATE_REFUSALS);
export const CreateAlertEmailResult = resultUnion('CreateAlertEmailResult', AlertDestinationType, [
  ...CREATE_REFUSALS,
  EmailNotConfigured,
]);
export const RemoveAlertDestinationResult = resultUnion('RemoveAlertDestinationResult', AlertDestinationType, [
  Forbidden,
  NotFound,
]);
export const AcknowledgeAlertResult = resultUnion('AcknowledgeAlertResult', AlertType, [Forbidden, NotFound]);

@InterfaceType({
  description: 'Something that happened to alerts.',
  autoRegisterImplementations: false,
  resolveType: (event: AlertEvent) => event.constructor.name,
})
export abstract class AlertEvent {
  @Field(() => Cursor, { description: 'Keep the last one; after a break subscribe again with `after` set to it.' })
  cursor!: string;

  @Field(() => DateTime, { nullable: true, description: 'Null where nothing happened: the two markers.' })
  occurredAt?: Date;
}

@ObjectType({
  implements: AlertEvent,
  description: 'Everything missed has been handed over; from here on events are live.',
})
export class AlertsLiveStarted extends AlertEvent {}

@ObjectType({
  implements: AlertEvent,
  description: '`after` is too old to be replayed: load `alerts` again; events go on from `cursor`.',
})
export class AlertsReplayGap extends AlertEvent {}

@ObjectType({ implements: AlertEvent, description: 'There is one that was not there before.' })
export class AlertRaised extends AlertEvent {
  @Field(() => AlertType)
  alert!: Alert;
}

@ObjectType({ implements: AlertEvent, description: 'A colleague has looked at it: nobody else has to.' })
export class AlertAcknowledged extends AlertEvent {
  @Field(() => AlertType)
  alert!: Alert;
}
