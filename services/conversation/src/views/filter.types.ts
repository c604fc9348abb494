import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ConversationStatusEnum } from '../conversations/conversation.types.js';
import type { ConversationStatus } from '../conversations/conversation.entity.js';

export const MAX_FILTER_VALUES = 50;
export const MAX_WAITING_MINUTES = 43_200;
/** A service window is never longer. */
export const MAX_CLOSING_MINUTES = 1_440;

const ANY = { nullable: true };
const VALUES = `1 to ${MAX_FILTER_VALUES}, any of which will do.`;
const UNREAD = 'Whether there are customer messages that you have not read, or that you marked unread.';
const WAITING = `The customer has been waiting for an answer for at least so long. From 1 to ${MAX_WAITING_MINUTES}.`;
const CLOSING = `The service window is open and closes within so long. From 1 to ${MAX_CLOSING_MINUTES}.`;

@ObjectType('AssigneeFilter', { description: 'Whose work it is: any of these.' })
@InputType('AssigneeFilterInput', { description: 'Whose work it is: any of these.' })
export class AssigneeFilter {
  @Field(() => Boolean, { ...ANY, description: 'Whoever looks at the view.' })
  me?: boolean | null;

  @Field(() => Boolean, ANY)
  nobody?: boolean | null;

  @Field(() => [ID], { ...ANY, description: VALUES })
  memberIds?: string[] | null;
}

@ObjectType('TeamFilter', { description: 'Which team’s work it is: any of these.' })
@InputType('TeamFilterInput', { description: 'Which team’s work it is: any of these.' })
export class TeamFilter {
  @Field(() => Boolean, { ...ANY, description: 'Any team of whoever looks at the view.' })
  mine?: boolean | null;

  @Field(() => Boolean, { ...ANY, description: 'No team’s.' })
  none?: boolean | null;

  @Field(() => [ID], { ...ANY, description: VALUES })
  teamIds?: string[] | null;
}

const FILTER = 'Which conversations. What is left out does not matter; all that is said must hold.';

@ObjectType('ConversationFilter', { description: FILTER })
@InputType('ConversationFilterInput', { description: FILTER })
export class ConversationFilterInput {
  @Field(() => [ConversationStatusEnum], { ...ANY, description: VALUES })
  statuses?: ConversationStatus[] | null;

  @Field(() => AssigneeFilter, ANY)
  assignee?: AssigneeFilter | null;

  @Field(() => TeamFilter, ANY)
  team?: TeamFilter | null;

  @Field(() => [ID], { ...ANY, description: VALUES })
  channelIds?: string[] | null;

  @Field(() => [ID], { ...ANY, description: `With at least one of these labels: ${VALUES}` })
  labelIds?: string[] | null;

  @Field(() => Boolean, { ...ANY, description: UNREAD })
  isUnread?: boolean | null;

  @Field(() => Int, { ...ANY, description: WAITING })
  waitingMinutes?: number | null;

  @Field(() => Int, { ...ANY, description: CLOSING })
  windowClosesWithinMinutes?: number | null;
}
