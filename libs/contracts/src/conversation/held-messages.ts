import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';
import { heldMessageState } from '../held-message-state.js';

export const heldMessageChanged = defineEvent({
  name: 'conversation.held_message.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'A reply waits because a budget holds it, or waits no more: it was approved and is a message with the same id now (`conversation.message.queued`), was declined, withdrawn, or has expired. Its words stay in the conversation service.',
  schema: z.object({ heldMessageId: id, conversationId: id, threadId: id, state: heldMessageState }),
});
export type HeldMessageChanged = EventData<typeof heldMessageChanged>;
