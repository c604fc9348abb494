import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const conversationLabelsChanged = defineEvent({
  name: 'conversation.labels.changed',
  version: 1,
  dataClass: 'operational',
  description: 'A member, a rule or a bot set labels on a conversation or took them off.',
  schema: z.object({ conversationId: id, threadId: id, added: z.array(id), removed: z.array(id) }),
});
export type ConversationLabelsChanged = EventData<typeof conversationLabelsChanged>;

export const labelCatalogueChanged = defineEvent({
  name: 'conversation.label_catalogue.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'The workspace has another label, one of its labels has another name or colour, or is gone from everywhere.',
  schema: z.object({ labelId: id, change: z.enum(['created', 'updated', 'deleted']) }),
});
export type LabelCatalogueChanged = EventData<typeof labelCatalogueChanged>;
