import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const draftChanged = defineEvent({
  name: 'conversation.draft.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'The shared draft of a conversation was edited, deleted or sent. Of several edits within seconds only the last is told. The words stay in the conversation service.',
  schema: z.object({ conversationId: id, threadId: id, version: z.int().positive(), isEmpty: z.boolean() }),
});
export type DraftChanged = EventData<typeof draftChanged>;
