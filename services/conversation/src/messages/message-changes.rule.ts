import type { DeliveryError, MessageChange, MessageType } from '@fenster/contracts';
import type { MessageDirection } from './message.entity.js';
import type { MessageStatus } from './message.status.js';

/** What a message says. */
export interface MessageBody {
  type: MessageType;
  text: string | null;
  payload: Record<string, unknown> | null;
}

export interface Version extends MessageBody {
  /** Of the message or of its edit. */
  providerMessageId: string;
  writtenAt: Date;
}

/** The customer, or us: the business has one voice, whoever of its people raises it. */
export type Side = 'customer' | 'business';

/** As the message keeps it. Each side has at most one reaction to a message. */
export interface Reaction {
  id: string;
  /** Null if it was taken back: kept, so that an older one that comes late does not revive. */
  emoji: string | null;
  /** ISO 8601. */
  reactedAt: string;
  providerMessageId?: string;
  authorId?: string;
  apiKeyId?: string;
  status: MessageStatus;
  error?: DeliveryError;
}
export type Reactions = Partial<Record<Side, Reaction>>;

export interface ChangeableMessage {
  direction: MessageDirection;
  /** The original first, then edits in the order in which they were written; none of a revoked message. */
  versions: readonly Version[];
  reactions: Reactions;
  revokedAt: Date | null;
}

export interface ReceivedChange {
  by: Side;
  providerMessageId: string;
  sentAt: Date;
  change: MessageChange;
}

/**
 * The message after a change. Changes come late, twice and unordered: any order and repetition of the same ones ends in
 * the same message. A change without effect returns the very message.
 */
export function applyChange(
  message: ChangeableMessage,
  { by, providerMessageId, sentAt, change }: ReceivedChange,
  newId: () => string,
): ChangeableMessage {
  const isAuthor = (by === 'customer') === (message.direction === 'INBOUND');
  switch (change.kind) {
    case 'revoke':
      if (!isAuthor || (message.revokedAt !== null && message.revokedAt <= sentAt)) return message;
      return { ...message, versions: [], reactions: {}, revokedAt: sentAt };
    case 'edit': {
      const isKnown = message.versions.some((version) => version.providerMessageId === providerMessageId);
      if (!isAuthor || isKnown || message.revokedAt !== null) return message;
      const { type, text = null, payload = null } = change;
      const [original, ...edits] = message.versions;
      const all = [...edits, { providerMessageId, writtenAt: sentAt, type, text, payload }];
      return { ...message, versions: [original!, ...all.toSorted(byTime)] };
    }
    case 'reaction': {
      const earlier = message.reactions[by];
      const reaction: Reaction = {
        id: newId(),
        emoji: change.emoji,
        reactedAt: sentAt.toISOString(),
        providerMessageId,
        status: by === 'customer' ? 'RECEIVED' : 'SENT',
      };
      if (message.revokedAt !== null || (earlier && !isLater(reaction, earlier))) return message;
      return { ...message, reactions: { ...message.reactions, [by]: reaction } };
    }
  }
}

/** Providers tell seconds, so ids decide between what happened within one. */
function byTime(one: Version, other: Version): number {
  return (
    one.writtenAt.getTime() - other.writtenAt.getTime() || (one.providerMessageId < other.providerMessageId ? -1 : 1)
  );
}

function isLater(one: Reaction, other: Reaction): boolean {
  if (one.reactedAt !== other.reactedAt) return one.reactedAt > other.reactedAt;
  return (one.providerMessageId ?? '') > (other.providerMessageId ?? '');
}

/**
 * What the message says now. An edit of a caption may name nothing but the caption, so what is known about the file
 * stays known.
 */
export function currentBody({ versions }: ChangeableMessage): MessageBody {
  const [original] = versions;
  const last = versions.at(-1);
  if (!original || !last) return { type: 'unsupported', text: null, payload: null };
  const payload = last.payload && original.type === last.type ? { ...original.payload, ...last.payload } : last.payload;
  return { type: last.type, text: last.text, payload };
}
