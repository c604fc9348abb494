export const MESSAGE_STATUSES = [
  'RECEIVED',
  'QUEUED',
  'SENT',
  'DELIVERED',
  'READ',
  'PLAYED',
  'FAILED',
  'UNCONFIRMED',
] as const;
/** `RECEIVED` is the only status of a customer message; all others belong to ours. */
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];
export type DeliveryStatus = Exclude<MessageStatus, 'RECEIVED'>;

const RANK: Partial<Record<MessageStatus, number>> = {
  QUEUED: 0,
  SENT: 1,
  FAILED: 2,
  DELIVERED: 3,
  READ: 4,
  PLAYED: 5,
};

/**
 * Where a message stands after a report. Reports come late, twice and unordered, so a status only ever moves
 * forward: QUEUED, SENT, FAILED, DELIVERED, READ, PLAYED. Whatever was delivered is charged, so a failure that was
 * reported too does not count, in whatever order the two came: billing holds the same.
 * `UNCONFIRMED` (nobody knows whether it left) is settled by any later report. (whatsapp.md §A3)
 */
export function advance(current: MessageStatus, reported: DeliveryStatus): MessageStatus {
  if (current === 'RECEIVED') return current;
  if (current === 'UNCONFIRMED') return reported === 'QUEUED' ? current : reported;
  if (reported === 'UNCONFIRMED') return current === 'QUEUED' ? 'UNCONFIRMED' : current;
  return RANK[reported]! > RANK[current]! ? reported : current;
}
