import {
  conversationCostChanged,
  conversationOpened,
  messageQueued,
  messageReceived,
  messageStatusChanged,
} from '@fenster/contracts';

/** What a subscriber of `inboxEvents` sees of an event in conversation's log; every other event is not for the inbox. */
export const INBOX_TYPES: Readonly<Record<string, string>> = {
  [messageReceived.name]: 'MessageAdded',
  [messageQueued.name]: 'MessageAdded',
  [messageStatusChanged.name]: 'MessageStatusChanged',
  [conversationOpened.name]: 'ConversationOpened',
  [conversationCostChanged.name]: 'ConversationCostChanged',
};

/** Positions and fingerprints of inbox events, in order. Numbers, because there are millions of them. */
export class InboxLog {
  readonly positions: number[] = [];
  readonly fingerprints: number[] = [];

  add(position: number, type: string, entityId: string, status = ''): void {
    this.positions.push(position);
    this.fingerprints.push(fingerprint(`${type} ${entityId} ${status}`));
  }

  get last(): number {
    return this.positions.at(-1) ?? 0;
  }
}

/** FNV-1a, 32 bits. */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
