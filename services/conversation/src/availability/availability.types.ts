import { DateTime, enumOf } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';
import { AVAILABILITY_CHOICES, type AvailabilityChoice, type AvailabilityStatus } from './availability.rule.js';

export const AvailabilityChoiceEnum = enumOf(AVAILABILITY_CHOICES, {
  name: 'AvailabilityChoice',
  description: 'What members say of themselves. Only who is ONLINE is given conversations by rules.',
});
export const AvailabilityStatusEnum = enumOf([...AVAILABILITY_CHOICES, 'OFFLINE'], {
  name: 'AvailabilityStatus',
  description: 'OFFLINE: not heard of for two minutes, or never. Otherwise as the member chose.',
});

@ObjectType('Availability', { description: 'Whether a member is there for customers.' })
export class AvailabilityType {
  @Field(() => AvailabilityStatusEnum)
  status!: AvailabilityStatus;

  @Field(() => AvailabilityChoiceEnum, { nullable: true, description: 'What they chose; null if they never did.' })
  choice!: AvailabilityChoice | null;

  @Field(() => DateTime, { nullable: true, description: 'Since when `status` holds; null if they never chose.' })
  since!: Date | null;
}
