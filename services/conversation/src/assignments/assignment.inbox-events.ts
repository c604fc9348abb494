import { enumOf } from '@fenster/graphql';
import { assignmentCause, assignmentChanged, conversationMovedAway, type AssignmentCause } from '@fenster/contracts';
import { Field, ID, ObjectType } from 'type-graphql';
import { ConversationType, MemberReference, TeamReference } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';

const AssignmentCauseEnum = enumOf(assignmentCause.options, {
  name: 'AssignmentCause',
  description:
    'MANUAL: somebody did it. RELEASED: the member or team is gone. Otherwise the rule that chose; why is among the activities.',
});

@ObjectType({
  implements: InboxEvent,
  description: 'It is the work of somebody else, of another team, or of nobody. Told to those who may see it now.',
})
export class ConversationAssigned extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => AssignmentCauseEnum)
  cause!: AssignmentCause;

  @Field(() => MemberReference, { nullable: true, description: 'Who got it then.' })
  assignee!: MemberReference | null;

  @Field(() => TeamReference, { nullable: true, description: 'The team that it was given to then, or stayed with.' })
  team!: TeamReference | null;

  @Field(() => MemberReference, { nullable: true })
  previousAssignee!: MemberReference | null;

  @Field(() => TeamReference, { nullable: true })
  previousTeam!: TeamReference | null;
}

@ObjectType({
  implements: InboxEvent,
  description:
    'It went where you cannot see it: take it out of your lists. Told once to those who could see it before.',
})
export class ConversationLeft extends InboxEvent {
  @Field(() => ID)
  conversationId!: string;
}

const reference = (id: string | null) => id && { id };

export const assignmentTellings = [
  tell(assignmentChanged, ConversationAssigned, ({ conversationId, cause, ...data }) => ({
    conversationId,
    says: {
      cause,
      assignee: reference(data.assigneeId),
      team: reference(data.teamId),
      previousAssignee: reference(data.previousAssigneeId),
      previousTeam: reference(data.previousTeamId),
    },
  })),
  tell(conversationMovedAway, ConversationLeft, ({ conversationId, previousTeamId, previousAssigneeId }) => ({
    conversationId,
    says: { conversationId },
    leaves: { teamId: previousTeamId, assigneeId: previousAssigneeId },
  })),
];
