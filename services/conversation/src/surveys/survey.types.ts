import { DateTime } from '@fenster/graphql';
import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What the customer said when asked how it was.' })
export class Satisfaction {
  @Field(() => DateTime)
  askedAt!: Date;

  @Field(() => DateTime, { description: 'What the customer writes from then on is no answer.' })
  expiresAt!: Date;

  @Field(() => Int, { nullable: true, description: 'From 1 to 5; null as long as there is no answer.' })
  score?: number | null;

  @Field(() => DateTime, { nullable: true })
  answeredAt?: Date | null;
}
