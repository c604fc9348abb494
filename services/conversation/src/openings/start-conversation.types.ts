import { Field, ID, InputType } from 'type-graphql';
import { BUDGET_OVERRIDE } from '../budgets/budget-gate.rule.js';
import { MessageContentInput } from '../messages/outgoing-content.types.js';

@InputType()
export class StartConversationInput {
  @Field(() => ID, { description: 'The channel to write over.' })
  channelId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Of whom you write to, in E.164 with the plus sign. This, or `contactId`.',
  })
  phone?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Somebody who has written to you before, over any channel. Needs the permission contact:read.',
  })
  contactId?: string | null;

  @Field(() => MessageContentInput, {
    description: 'What to send: where the channel has a service window, and none is open, an approved template.',
  })
  content!: MessageContentInput;

  @Field(() => String, {
    description:
      'Of your choice, 1 to 200 characters: the same key with the same input sends once, however often it is called.',
  })
  idempotencyKey!: string;

  @Field(() => String, { nullable: true, description: BUDGET_OVERRIDE })
  budgetOverride?: string | null;
}
