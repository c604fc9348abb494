import { DateTime, enumOf } from '@fenster/graphql';
import { Field, ID, ObjectType } from 'type-graphql';
import { ACTIVITY_KINDS, type ActivityKind } from './activity.entity.js';

const ActivityKindEnum = enumOf(ACTIVITY_KINDS, { name: 'ActivityKind' });

@ObjectType('Activity', { description: 'A change of a conversation: who, what, when and why.' })
export class ActivityType {
  @Field(() => ID)
  id!: string;

  @Field(() => ActivityKindEnum)
  kind!: ActivityKind;

  @Field(() => String, { nullable: true, description: 'A status, an id or a name, by kind; null for nothing.' })
  before?: string | null;

  @Field(() => String, { nullable: true, description: 'As `before`.' })
  after?: string | null;

  @Field(() => DateTime)
  occurredAt!: Date;
}

@ObjectType({ description: 'Changes of a conversation, the latest first.' })
export class ActivityPage {
  @Field(() => [ActivityType])
  nodes!: ActivityType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}
