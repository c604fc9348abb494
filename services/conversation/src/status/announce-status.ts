import { conversationStatusChanged, type StatusReason } from '@fenster/contracts';
import type { Origin, Tx } from '@fenster/database';
import { recordActivity } from '../activities/record-activity.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import type { StatusFields } from './status.rule.js';

type Announced = Pick<Conversation, 'id' | 'workspaceId' | 'threadId' | 'channelId'>;

/** Every change of a status leaves an activity and an event, whoever made it. */
export function announceStatus(
  tx: Tx,
  conversation: Announced,
  change: {
    from: Conversation['status'];
    to: StatusFields;
    reason: StatusReason;
    note?: string | null | undefined;
    origin?: Origin;
  },
): void {
  const { from, to, reason, note, origin = tx.origin } = change;
  recordActivity(tx, conversation, {
    kind: 'STATUS',
    before: from,
    after: to.status,
    reason: note ?? WORDS[reason],
    origin,
  });
  tx.emit(conversationStatusChanged, {
    entityId: conversation.id,
    workspaceId: conversation.workspaceId,
    origin,
    data: {
      conversationId: conversation.id,
      threadId: conversation.threadId,
      channelId: conversation.channelId,
      from,
      to: to.status,
      reason,
      snoozedUntil: to.snoozedUntil?.toISOString() ?? null,
    },
  });
}

/** For whoever reads what happened, where nobody gave a reason. */
const WORDS: Readonly<Record<StatusReason, string | null>> = {
  REQUESTED: null,
  REPLIED: 'A reply was sent.',
  CUSTOMER_WROTE: 'The customer wrote.',
  SNOOZE_ENDED: 'The snooze was over.',
};
