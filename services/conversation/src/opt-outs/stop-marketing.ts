import {
  threadConsentStated,
  threadMarketingStopped,
  type ChannelIdentity,
  type ThreadConsentStated,
} from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import { recordActivity } from '../activities/record-activity.js';
import { endRequests } from '../consent-requests/end-requests.js';
import { OPT_IN_WISHED } from '../consent-requests/opt-in-wished.js';
import { clearTimers } from '../timers/timer.js';

/** What was said about consent in a thread, which is locked. */
export interface SaidConsent {
  workspaceId: string;
  threadId: string;
  conversationId: string | null;
  channelId: string;
  contactId: string;
  identity: Pick<ChannelIdentity, 'phone' | 'bsuid' | 'threemaId'>;
  kind: ThreadConsentStated['kind'];
  source: ThreadConsentStated['source'];
  /** Absent: all marketing. */
  purposes?: string[];
  locale?: string | null;
  textHash?: string | undefined;
  messageId?: string | undefined;
  providerMessageId?: string | undefined;
  requestMessageId?: string | undefined;
  requestProviderMessageId?: string | undefined;
  formRequestId?: string | undefined;
  formUrl?: string | undefined;
  clickToChatLinkId?: string | undefined;
  note?: string | undefined;
  at: Date;
  /** Whoever said it is its actor. */
  origin: Origin;
}

/**
 * The person wants no marketing any more: takes effect in the transaction in which it becomes known. The gate lets
 * nothing pass from here on; channels stops what is on its way, and contacts keeps the proof. One statement, whatever
 * their number; none for none.
 */
export async function stopMarketing(tx: Tx, stops: readonly SaidConsent[]): Promise<void> {
  if (stops.length === 0) return;
  // One row is changed once in a statement.
  const latest = new Map(
    stops.toSorted((one, other) => one.at.getTime() - other.at.getTime()).map((stop) => [stop.threadId, stop]),
  );
  await sql`
    update thread set opted_out_at = greatest(thread.opted_out_at, input.at)
    from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', at: 'timestamptz' },
      [...latest.values()].map(({ workspaceId, threadId, at }) => ({ workspace_id: workspaceId, id: threadId, at })),
    )}
    where thread.workspace_id = input.workspace_id and thread.id = input.id
  `.execute(tx.sql);
  await endRequests(tx, [...latest.values()]);
  await clearTimers(
    tx,
    OPT_IN_WISHED,
    [...latest.values()].map(({ workspaceId, threadId }) => ({ workspaceId, subjectId: threadId })),
  );
  for (const stop of stops) sayConsent(tx, stop);
}

/** Contacts records it, channels minds it, and people see it in the conversation. */
export function sayConsent(tx: Tx, { locale, at, origin, ...said }: SaidConsent): void {
  const { workspaceId, threadId, conversationId, channelId, contactId, kind, source } = said;
  const { phone, bsuid, threemaId } = said.identity;
  if (conversationId) {
    const about = { id: conversationId, workspaceId };
    recordActivity(tx, about, { kind: 'CONSENT', before: null, after: kind, reason: REASONS[kind], origin });
  }
  if (ENDS.includes(kind) && isMarketing(said)) {
    tx.emit(threadMarketingStopped, { entityId: threadId, workspaceId, origin, data: { threadId, channelId } });
  }
  const webhookHash = webhookHashOf(origin);
  tx.emit(threadConsentStated, {
    entityId: threadId,
    workspaceId,
    origin,
    occurredAt: at,
    data: {
      threadId,
      conversationId,
      contactId,
      channelId,
      identity: { ...(phone && { phone }), ...(bsuid && { bsuid }), ...(threemaId && { threemaId }) },
      kind,
      source,
      ...(locale && { locale }),
      ...(webhookHash && { webhookHash }),
      ...Object.fromEntries(DETAILS.flatMap((field) => (said[field] === undefined ? [] : [[field, said[field]]]))),
      statedAt: at.toISOString(),
    },
  });
}

const DETAILS = [
  'purposes',
  'textHash',
  'messageId',
  'providerMessageId',
  'requestMessageId',
  'requestProviderMessageId',
  'formRequestId',
  'formUrl',
  'clickToChatLinkId',
  'note',
] as const satisfies (keyof SaidConsent & keyof ThreadConsentStated)[];

/** What keeps queued marketing back as well. */
const ENDS: readonly ThreadConsentStated['kind'][] = ['WITHDRAWN', 'REFUSED', 'PLATFORM_STOPPED'];

/** Somebody who says no to another question has not ended marketing; of a purpose of one's own contacts knows, and tells. */
function isMarketing({ purposes }: Pick<SaidConsent, 'purposes'>): boolean {
  return purposes === undefined || purposes.includes('marketing');
}

const REASONS: Partial<Record<ThreadConsentStated['kind'], string>> = {
  REQUESTED: 'The customer was asked for a consent.',
  CONFIRMED: 'The customer has agreed to what they were asked.',
  REFUSED: 'The customer does not agree to what they were asked.',
  EXPIRED: 'The customer has not answered what they were asked.',
  WITHDRAWN: 'The customer wants no marketing from this business. Answers and notices about orders may still be sent.',
  PLATFORM_STOPPED: 'The customer has stopped marketing in WhatsApp. Only they can allow it again, there.',
  PLATFORM_RESUMED: 'The customer allows marketing in WhatsApp again. What they told you counts as before.',
};

const SHA_256 = /^[0-9a-f]{64}$/;

/** Channels begins every correlation with the hash of the stored webhook: it proves where words came from. */
function webhookHashOf({ correlationId }: Origin): string | undefined {
  return SHA_256.test(correlationId) ? correlationId : undefined;
}
