import { DateTime } from '@fenster/graphql';
import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType('DeadLetter', {
  description: 'Something that came and had no effect. It is kept, so that it can be handled later.',
})
export class DeadLetterType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: '`webhook` for what the provider posted, else the name of the consumer.' })
  source!: string;

  @Field(() => String, { description: 'Why it had no effect. Never repeats content.' })
  reason!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The webhook that it is about, where it is about one: see `webhookEvents` and `replayWebhookEvent`.',
  })
  webhookEventId!: string | null;

  @Field(() => DateTime)
  occurredAt!: Date;
}

@ObjectType({ description: 'A page of dead letters, the most recent first.' })
export class DeadLetterPage {
  @Field(() => [DeadLetterType])
  nodes!: DeadLetterType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}
