import { budgetStopChanged } from '@fenster/contracts';
import { DateTime } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';
import { TeamReference } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';

@ObjectType({
  implements: InboxEvent,
  description:
    'A budget is used up: the send gate refuses what would count in it from now on (`BudgetUsedUp`), or holds it until somebody approves it. Or it allows it again before the month is over. Told to everybody, without amounts.',
})
export class BudgetStopChanged extends InboxEvent {
  @Field(() => Boolean)
  isStopped!: boolean;

  @Field(() => Boolean, {
    description:
      'What would count in it waits for approval (`heldMessages`), or is refused where it cannot wait (`BudgetHeld`).',
  })
  isHeld!: boolean;

  @Field(() => DateTime, { description: 'Then it stops nothing any more.' })
  monthEndsAt!: Date;

  @Field(() => TeamReference, { nullable: true, description: 'Whose conversations it is for; null for all.' })
  ofTeam!: TeamReference | null;

  @Field(() => String, {
    nullable: true,
    description: '`marketing`, `utility`, `authentication` or `service`; null for all.',
  })
  ofCategory!: string | null;
}

export const budgetTellings = [
  tell(budgetStopChanged, BudgetStopChanged, ({ isStopped, isHeld, monthEndsAt, teamId, category }) => ({
    says: {
      isStopped,
      isHeld,
      monthEndsAt: new Date(monthEndsAt),
      ofTeam: teamId === null ? null : { id: teamId },
      ofCategory: category,
    },
  })),
];
