import { DateTime, enumOf, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, Int, ObjectType } from 'type-graphql';
import { MemberReference, TeamReference } from '../conversations/conversation.types.js';
import { DEFAULT_CAPACITY } from './routing-settings.js';
import type { RoutingMode } from './routing.rule.js';

export const RoutingModeEnum = enumOf(['OFF', 'ROUND_ROBIN', 'LEAST_BUSY'], {
  name: 'RoutingMode',
  description:
    'ROUND_ROBIN: who has gone longest without a turn is next. LEAST_BUSY: who has the fewest open conversations is next.',
});

@ObjectType({ description: 'How a team gives out its conversations by itself.' })
export class TeamRoutingType {
  @Field(() => RoutingModeEnum)
  mode!: RoutingMode | 'OFF';

  @Field(() => Int, {
    nullable: true,
    description:
      'So long a customer who comes back waits for the member whom they had; after that for anybody. Null: not at all.',
  })
  returningMinutes!: number | null;
}

@ObjectType({
  description:
    'Open conversations that nobody has: those of the team, and those of no team on its channels. A conversation of no team that several teams can take goes to whichever has room first.',
})
export class TeamQueue {
  @Field(() => Int)
  count!: number;

  @Field(() => DateTime, { nullable: true, description: 'Since when the one that is next waits; null if none does.' })
  oldestWaitingSince!: Date | null;
}

@ObjectType({ description: 'How much a member has to do.' })
export class Workload {
  @Field(() => Int, { description: 'Conversations that are OPEN and assigned to them.' })
  open!: number;

  @Field(() => Int, {
    description: `At so many open ones rules give them no more; people still can. ${DEFAULT_CAPACITY} unless set.`,
  })
  capacity!: number;
}

export const SetTeamRoutingResult = resultUnion('SetTeamRoutingResult', TeamReference, [InvalidInput, NotFound]);
export const SetMemberCapacityResult = resultUnion('SetMemberCapacityResult', MemberReference, [
  InvalidInput,
  NotFound,
]);
