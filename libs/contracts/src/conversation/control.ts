import { z } from 'zod';
import { controller, id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const controlChanged = defineEvent({
  name: 'conversation.control.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'Control of a conversation was offered or declined, or somebody else answers it now: people, a program, or whoever comes first. Also when the program that had it is gone.',
  schema: z.object({
    conversationId: id,
    threadId: id,
    change: z.enum(['offered', 'declined', 'withdrawn', 'accepted', 'released', 'taken_over', 'removed']),
    /** Who has control now; null for nobody in particular. */
    controller: controller.nullable(),
    previousController: controller.nullable(),
    /** To whom it is offered, or was until now. */
    offeredTo: controller.nullable(),
  }),
});
export type ControlChanged = EventData<typeof controlChanged>;
