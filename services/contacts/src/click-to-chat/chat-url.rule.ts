import { writeClickToChatText } from '@fenster/contracts';

/** So that cameras of phones read its code from a poster. */
export const MAX_CHAT_URL = 1_000;

/** What begins the chat: `base` is where the channel's chats begin, and takes what is to be written percent-encoded. */
export function writeChatUrl(base: string, { text, code }: { text: string; code: string }): string {
  return `${base}${encodeURIComponent(writeClickToChatText(text, code))}`;
}
