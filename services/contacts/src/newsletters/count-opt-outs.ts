import type { ConsentEventKind } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';

const ENDS: readonly ConsentEventKind[] = ['WITHDRAWN', 'REFUSED', 'PLATFORM_STOPPED'];
/** Who ends marketing later than that had other reasons. */
const WITHIN_DAYS = 7;

/** Whoever ends marketing, in whatever way, does so because of the newsletter that they got last. No statement for what ends nothing. */
export async function countOptOuts(
  tx: Tx,
  entries: readonly {
    workspaceId: string;
    contactId: string;
    channelId: string;
    purpose: string;
    kind: ConsentEventKind;
    occurredAt: Date;
  }[],
): Promise<void> {
  const ended = entries.filter(({ purpose, kind }) => purpose === 'marketing' && ENDS.includes(kind));
  if (ended.length === 0) return;
  await sql`
    with counted as (
      update newsletter_recipient recipient set opted_out_at = last.occurred_at
      from (
        select distinct on (got.workspace_id, got.id) got.workspace_id, got.id, input.occurred_at from ${unnest(
          'input',
          { workspace_id: 'uuid', contact_id: 'uuid', channel_id: 'uuid', occurred_at: 'timestamptz' },
          ended.map(({ workspaceId, contactId, channelId, occurredAt }) => ({
            workspace_id: workspaceId,
            contact_id: contactId,
            channel_id: channelId,
            occurred_at: occurredAt,
          })),
        )}
        cross join lateral (
          select workspace_id, id, queued_at from newsletter_recipient
          -- Whoever was another contact when the newsletter began has that one's id for an alias.
          where workspace_id = input.workspace_id and contact_id = any(array(
              select alias.id from contact_alias alias
              where alias.workspace_id = input.workspace_id and alias.contact_id = input.contact_id
              union all select input.contact_id
            )) and channel_id = input.channel_id and queued_at <= input.occurred_at + interval '1 second'
          order by queued_at desc limit 1
        ) got
        where input.occurred_at < got.queued_at + make_interval(days => ${WITHIN_DAYS}::int)
        order by got.workspace_id, got.id, input.occurred_at
      ) last
      where recipient.workspace_id = last.workspace_id and recipient.id = last.id and recipient.opted_out_at is null
      returning recipient.workspace_id, recipient.newsletter_id
    )
    update newsletter set is_untold = true from counted
    where newsletter.workspace_id = counted.workspace_id and newsletter.id = counted.newsletter_id
  `.execute(tx.sql);
}
