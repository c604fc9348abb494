import { DateTime, enumOf, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { WEBHOOK_OUTCOMES, type WebhookOutcome } from './webhook-event.entity.js';

const WebhookOutcomeEnum = enumOf(WEBHOOK_OUTCOMES, {
  name: 'WebhookOutcome',
  description:
    'HANDLED had its effect. KEPT has none in this version of Fenster, and needs none. DEAD_LETTER: something in it should have had an effect and has not; see `deadLetters`.',
});

@ObjectType('WebhookEvent', {
  description: 'What a provider posted at one time: messages, statuses, news of numbers, …',
})
export class WebhookEventType {
  @Field(() => ID)
  id!: string;

  @Field(() => DateTime)
  receivedAt!: Date;

  @Field(() => [String], { description: 'What it is about, in the provider’s words: `messages`, `account_update`, …' })
  fields!: string[];

  @Field(() => Int, { description: 'How many things it says.' })
  itemCount!: number;

  @Field(() => WebhookOutcomeEnum)
  outcome!: WebhookOutcome;
}

@ObjectType({ description: 'A page of webhooks, the most recent first.' })
export class WebhookEventPage {
  @Field(() => [WebhookEventType])
  nodes!: WebhookEventType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class WebhookEventFilter {
  @Field(() => String, { nullable: true, description: 'One of `fields`.' })
  field?: string | null;

  @Field(() => WebhookOutcomeEnum, { nullable: true })
  outcome?: WebhookOutcome | null;
}

@ObjectType({ implements: UserError, description: 'Its body was erased when its time was over.' })
export class WebhookBodyErased extends UserError {}
registerUserError(WebhookBodyErased, 'WEBHOOK_BODY_ERASED');

export const ReplayWebhookEventResult = resultUnion('ReplayWebhookEventResult', WebhookEventType, [
  WebhookBodyErased,
  NotFound,
]);
