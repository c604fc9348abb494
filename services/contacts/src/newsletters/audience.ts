import type { ConsentState } from '@fenster/contracts';
import { array, sql, type RawBuilder } from '@fenster/database';
import type { SegmentFilter } from '../segments/segment-filter.js';
import { ADDRESS_FIRST, ADDRESSES, neededPurposes, type Unreachable } from '../segments/reach.js';
import { segmentCondition } from '../segments/segment-condition.js';
import type { Newsletter } from './newsletter.js';
import type { Placeholder } from './placeholder.rule.js';

/**
 * The address at which a channel reaches the contact with this id, as `address`: of several names the phone number, and
 * of several of those the newest. The send gate asks for the consent of the same one. `origin_id` is who a channel told it of.
 */
export function addressOf(workspaceId: string, channelId: string, contactId: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`left join lateral (
    select id, kind, value, coalesce(origin_id, contact_id) as origin_id from contact_identity
    where workspace_id = ${workspaceId} and contact_id = ${contactId} and channel_id = ${channelId}
      and ${ADDRESSES}
    order by ${ADDRESS_FIRST} limit 1
  ) address on true`;
}

/**
 * Why the contact gets none now; null if they do. What `reachOf` says of whole segments at once, contact by contact: for
 * pages, of which each must not read all consents.
 */
export function audienceRefusal({
  workspaceId,
  channelId,
  purpose,
}: Pick<Newsletter, 'workspaceId' | 'channelId' | 'purpose'>): RawBuilder<Unreachable | null> {
  const purposes = neededPurposes({ key: purpose, kind: 'MARKETING' });
  const consents = sql`consent_state consent
    where consent.workspace_id = ${workspaceId} and consent.purpose = any(${array('text', purposes)})`;
  const said = (...states: readonly ConsentState[]) => sql`exists (
    select from ${consents} and consent.contact_id = contact.id and consent.channel_id = ${channelId}
      and consent.state = any(${array('text', states)}) and exists (
        select from contact_identity named where named.workspace_id = ${workspaceId} and named.id = consent.identity_id
          and named.valid_to is null
      )
  )`;
  const ofAddress = (is: RawBuilder<unknown>) => sql`${purposes.length} = (
    select count(*) from ${consents} and consent.identity_id = address.id and ${is}
  )`;
  return sql`case
    when address.id is null then 'NO_ADDRESS'
    when ${said('PLATFORM_STOPPED')} then 'PLATFORM_STOPPED'
    when ${said('WITHDRAWN', 'REFUSED')} then 'OPTED_OUT'
    when ${ofAddress(sql`consent.is_granted`)} then null
    when ${ofAddress(sql`(consent.is_granted or consent.state = 'REQUESTED')`)} then 'CONSENT_REQUESTED'
    else 'CONSENT_MISSING'
  end`;
}

/** Of attributes `attribute`: sensitive ones never leave in a newsletter, whatever they were when it was made. */
export const MAY_BE_PLACED = sql`attribute.archived_at is null and attribute.retention_class <> 'SENSITIVE'`;

/** What stands in the placeholders, of the row of `contact` alone: key by key, as an object; null without any. */
export function placeableAttributes(
  workspaceId: string,
  placeholders: readonly Pick<Placeholder, 'attribute'>[],
): RawBuilder<Record<string, string> | null> {
  const keys = placeholders.flatMap(({ attribute }) => attribute ?? []);
  if (keys.length === 0) return sql`null::jsonb`;
  return sql`(
    select jsonb_object_agg(stored.key, stored.value) from contact_attribute_value stored
    join contact_attribute attribute using (workspace_id, key)
    where stored.workspace_id = ${workspaceId} and stored.contact_id = contact.id
      and stored.key = any(${array('text', keys)}) and ${MAY_BE_PLACED}
  )`;
}

/** Everybody in the segment, with the address on the channel. */
export function audienceOf(
  workspaceId: string,
  channelId: string,
  filter: SegmentFilter,
  now: Date,
): RawBuilder<unknown> {
  return sql`contact ${addressOf(workspaceId, channelId, sql`contact.id`)}
    where contact.workspace_id = ${workspaceId} and ${segmentCondition(filter, { now })}`;
}
