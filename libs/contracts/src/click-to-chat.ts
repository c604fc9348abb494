import { z } from 'zod';
import { id } from './common.js';
import { purposeKey } from './consent.js';
import { defineEvent, type EventData } from './define-event.js';

/** No letter that looks like a digit. */
const LETTERS = 'A-HJ-NP-Z2-9';
const CODE = new RegExp(String.raw`(?:^|\s)#([${LETTERS}]{8})(?![\p{L}\p{N}])`, 'u');

/** By which a message tells the link that it was begun with. */
export const clickToChatCode = z.string().regex(new RegExp(`^[${LETTERS}]{8}$`));

/** What a link puts into the chat: whoever sends it may change it, and nobody has to know what the code means. */
export function writeClickToChatText(text: string, code: string): string {
  return `${text}\n\n#${code}`;
}

/** The code in a message, whatever was written around it; the first, if there are several. */
export function findClickToChatCode(text: string | undefined): string | undefined {
  // Most messages have no such mark.
  return text?.includes('#') ? CODE.exec(text)?.[1] : undefined;
}

export const clickToChatLinkChanged = defineEvent({
  name: 'contacts.click_to_chat_link.changed',
  version: 1,
  dataClass: 'operational',
  description:
    'A link or QR code with which customers begin a chat, as it is now. Told when it is made, at every change, and again every few days.',
  schema: z.object({
    linkId: id,
    code: clickToChatCode,
    /** False once it is archived: then its code means nothing any more. */
    isActive: z.boolean(),
    /** What people are asked to agree to who come by it, over the number itself. Null: nothing. */
    asksFor: z.object({ purpose: purposeKey, locale: z.string().max(35) }).nullable(),
  }),
});
export type ClickToChatLinkChanged = EventData<typeof clickToChatLinkChanged>;

export const clickToChatLinkUsed = defineEvent({
  name: 'conversation.click_to_chat_link.used',
  version: 1,
  dataClass: 'operational',
  description: 'A customer wrote a message with the code of a link or QR code in it.',
  schema: z.object({
    linkId: id,
    threadId: id,
    conversationId: id,
    contactId: id,
    messageId: id,
    /** The message opened the conversation, which so came by the link. */
    beganConversation: z.boolean(),
  }),
});
export type ClickToChatLinkUsed = EventData<typeof clickToChatLinkUsed>;
