import { z } from 'zod';
import { id } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

export const viewChanged = defineEvent({
  name: 'conversation.view.changed',
  version: 1,
  dataClass: 'operational',
  description: 'A saved view has another name or filter, or is gone. Whoever follows it starts anew.',
  schema: z.object({ viewId: id }),
});
export type ViewChangedData = EventData<typeof viewChanged>;

export const viewClockTicked = defineEvent({
  name: 'conversation.view_clock.ticked',
  version: 1,
  dataClass: 'operational',
  description:
    'Time alone moves conversations into a view that somebody follows, or out of it. Gives that a place in the log.',
  schema: z.object({}),
});
export type ViewClockTicked = EventData<typeof viewClockTicked>;
