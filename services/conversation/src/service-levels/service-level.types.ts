import { DateTime, enumOf } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';
import { SERVICE_LEVEL_TARGETS, type ServiceLevelTarget } from './service-level.rule.js';

export const ServiceLevelTargetEnum = enumOf(SERVICE_LEVEL_TARGETS, { name: 'ServiceLevelTarget' });

@ObjectType({
  description:
    'What the settings of the channel promise, in business time. The clocks do not stop while a conversation is pending or snoozed; automatic messages are no answer.',
})
export class ServiceLevel {
  @Field(() => DateTime, { nullable: true, description: 'While the customer waits for the first answer.' })
  firstResponseDueAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'While the customer waits for a later answer.' })
  nextResponseDueAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'While it is not resolved.' })
  resolutionDueAt!: Date | null;

  @Field(() => [ServiceLevelTargetEnum], { description: 'Those that were not kept at least once.' })
  breached!: ServiceLevelTarget[];
}
