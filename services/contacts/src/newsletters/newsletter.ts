import {
  newsletterProgressed,
  newsletterStarted,
  newsletterStopped,
  type NewsletterContent,
  type NewsletterState,
} from '@fenster/contracts';
import { sql, type Tx } from '@fenster/database';
import type { SegmentFilter } from '../segments/segment-filter.js';
import type { NewsletterProgress } from './newsletter-state.rule.js';
import type { Placeholder } from './placeholder.rule.js';

/** A template for everybody in a segment who has agreed to marketing. */
export interface Newsletter extends NewsletterProgress {
  workspaceId: string;
  id: string;
  name: string;
  channelId: string;
  segmentId: string;
  filter: SegmentFilter;
  content: NewsletterContent;
  /** In which places of the content recipients get words of their own. */
  placeholders: readonly Placeholder[];
  /** Of the kind MARKETING. */
  purpose: string;
  startsAt: Date | null;
  /** Without a zone, such as 2026-11-24T10:00. */
  localTime: string | null;
  timeZone: string | null;
  preparedUpTo: string | null;
  endedAt: Date | null;
  pausedBecause: string | null;
  pausedMessage: string | null;
  /** Who let it leave although a budget holds it. */
  approvedById: string | null;
  approvedAt: Date | null;
  /** Who has changed or scheduled it: they do not approve it. */
  editedByIds: readonly string[];
  createdByKind: 'member' | 'api_key' | 'system';
  createdById: string;
  createdAt: Date;
}

export const NEWSLETTER_COLUMNS = sql`newsletter.workspace_id as "workspaceId", newsletter.id, newsletter.name,
  newsletter.channel_id as "channelId", newsletter.segment_id as "segmentId", newsletter.filter, newsletter.content,
  newsletter.placeholders,
  newsletter.purpose,
  newsletter.state, newsletter.starts_at as "startsAt",
  to_char(newsletter.local_time, 'YYYY-MM-DD"T"HH24:MI') as "localTime", newsletter.time_zone as "timeZone",
  newsletter.started_at as "startedAt", newsletter.prepared_up_to as "preparedUpTo",
  newsletter.prepared_at as "preparedAt", newsletter.ended_at as "endedAt",
  newsletter.paused_because as "pausedBecause", newsletter.paused_message as "pausedMessage",
  newsletter.approved_by_id as "approvedById", newsletter.approved_at as "approvedAt",
  newsletter.edited_by_ids as "editedByIds",
  newsletter.created_by_kind as "createdByKind", newsletter.created_by_id as "createdById",
  newsletter.created_at as "createdAt"`;

/** Why it stands still, if not because somebody wanted it. */
export interface Pause {
  because: string;
  message: string;
}

/** The one way in which a newsletter gets another state; its row is locked. */
export async function setState(
  tx: Tx,
  newsletter: Pick<Newsletter, 'workspaceId' | 'id'>,
  state: NewsletterState,
  pause?: Pause,
): Promise<void> {
  const { workspaceId, id } = newsletter;
  const now = tx.now();
  const isOver = state === 'COMPLETED' || state === 'CANCELLED';
  await sql`
    update newsletter set state = ${state}, paused_because = ${pause?.because ?? null},
      paused_message = ${pause?.message ?? null},
      started_at = case when ${state === 'PREPARING'} then coalesce(started_at, ${now}) else started_at end,
      prepared_at = case when ${state === 'RUNNING'} then coalesce(prepared_at, ${now}) else prepared_at end,
      ended_at = case when ${isOver} then ${now}::timestamptz end
    where workspace_id = ${workspaceId} and id = ${id}
  `.execute(tx.sql);
  tellProgress(tx, { workspaceId, id, state });
}

export function tellProgress(
  tx: Tx,
  { workspaceId, id, state }: { workspaceId: string; id: string; state: NewsletterState },
): void {
  tx.emit(newsletterProgressed, { workspaceId, entityId: id, data: { newsletterId: id, state } });
}

/** The conversation service sends it: what it says must be known there before its first message is due. */
export function tellStarted(
  tx: Tx,
  {
    workspaceId,
    id,
    channelId,
    content,
    placeholders,
    purpose,
    createdById,
    approvedAt,
  }: Pick<
    Newsletter,
    'workspaceId' | 'id' | 'channelId' | 'content' | 'placeholders' | 'purpose' | 'createdById' | 'approvedAt'
  >,
): void {
  tx.emit(newsletterStarted, {
    workspaceId,
    entityId: id,
    data: {
      newsletterId: id,
      channelId,
      content,
      slots: placeholders.map(({ part, index }) => ({ part, index })),
      purpose,
      createdById,
      isApproved: approvedAt !== null,
    },
  });
}

/** What is handed over, and has not left, does not leave; see the outcome STOPPED. */
export function tellStopped(tx: Tx, { workspaceId, id }: Pick<Newsletter, 'workspaceId' | 'id'>): void {
  tx.emit(newsletterStopped, { workspaceId, entityId: id, data: { newsletterId: id } });
}
