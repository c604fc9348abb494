import { z } from 'zod';
import { assignmentCause, id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const assignmentChanged = defineEvent({
  name: 'conversation.assignment.changed',
  version: 1,
  dataClass: 'operational',
  description: 'A conversation is the work of somebody else, of another team, or of nobody.',
  schema: z.object({
    conversationId: id,
    threadId: id,
    teamId: id.nullable(),
    assigneeId: id.nullable(),
    previousTeamId: id.nullable(),
    previousAssigneeId: id.nullable(),
    cause: assignmentCause,
  }),
});
export type AssignmentChanged = EventData<typeof assignmentChanged>;

export const conversationMovedAway = defineEvent({
  name: 'conversation.conversation.moved_away',
  version: 1,
  dataClass: 'operational',
  description:
    'Whoever could see a conversation where it was, and cannot see it where it is, is told so: the last that they hear of it.',
  schema: z.object({
    conversationId: id,
    threadId: id,
    previousTeamId: id.nullable(),
    previousAssigneeId: id.nullable(),
  }),
});
export type ConversationMovedAway = EventData<typeof conversationMovedAway>;
