import { z } from 'zod';
import { id, instant } from '../common.js';
import { defineEvent, type EventData } from '../define-event.js';

const serviceWindow = z.object({
  threadId: id,
  /** The last one of the thread: a window outlives a resolved conversation. */
  conversationId: id,
  kind: z.enum(['CUSTOMER_SERVICE', 'FREE_ENTRY_POINT']),
  expiresAt: instant,
});

export const serviceWindowChanged = defineEvent({
  name: 'conversation.service_window.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'The provider told of a free entry point. What a customer message does to a window is said by that message’s own event.',
  schema: serviceWindow.extend({ change: z.enum(['opened', 'extended']) }),
});
export type ServiceWindowChanged = EventData<typeof serviceWindowChanged>;

export const serviceWindowClosing = defineEvent({
  name: 'conversation.service_window.closing',
  version: 1,
  dataClass: 'operational',
  description: 'A window closes in so many minutes as the settings of its channel say. Once for each end.',
  schema: serviceWindow,
});
export type ServiceWindowClosing = EventData<typeof serviceWindowClosing>;

export const serviceWindowClosed = defineEvent({
  name: 'conversation.service_window.closed',
  version: 1,
  dataClass: 'operational',
  description: 'A window is over.',
  schema: serviceWindow,
});
export type ServiceWindowClosed = EventData<typeof serviceWindowClosed>;
