import { array, sql, type RawBuilder } from '@fenster/database';
import type {
  ActivityFilter,
  AttributeFilter,
  ConsentFilter,
  SegmentFilter,
  TimeFilter,
  WindowFilter,
} from './segment-filter.js';

type Condition = RawBuilder<boolean>;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ago = (now: Date, days: number) => new Date(now.getTime() - days * DAY_MS);

/**
 * The filter as a condition on the row of table `contact` with the alias `contact`. It is true or false, never unknown,
 * so that `not` means the rest; and it asks for rows of the contact's own workspace only.
 */
export function segmentCondition(filter: SegmentFilter, { now }: { now: Date }): Condition {
  const {
    and,
    or,
    not,
    labelIds,
    attribute,
    clickToChatLinkIds,
    campaigns,
    languages,
    countries,
    created,
    consent,
    window,
    lastInbound,
    lastOutbound,
  } = filter;
  const compile = (part: SegmentFilter) => segmentCondition(part, { now });
  return all([
    ...(and ?? []).map(compile),
    ...(or ? [any(or.map(compile))] : []),
    ...(not ? [negate(compile(not))] : []),
    ...(labelIds ? [labelled(labelIds)] : []),
    ...(attribute ? [attributed(attribute)] : []),
    ...(clickToChatLinkIds ? [cameBy(sql`used.link_id = any(${array('uuid', clickToChatLinkIds)})`)] : []),
    ...(campaigns ? [cameBy(isOfCampaign(campaigns))] : []),
    ...(languages ? [speaks(languages)] : []),
    ...(countries ? [isFrom(countries)] : []),
    ...(created ? within(sql`contact.created_at`, created, now) : []),
    ...(consent ? [consented(consent)] : []),
    ...(window ? [windowed(window, now)] : []),
    ...(lastInbound ? [lastActive(sql`thread.last_inbound_at`, lastInbound, now)] : []),
    ...(lastOutbound ? [lastActive(sql`thread.last_outbound_at`, lastOutbound, now)] : []),
  ]);
}

/** All of nothing holds. */
function all(parts: readonly Condition[]): Condition {
  return parts.length === 0 ? sql`true` : sql`(${sql.join(parts, sql` and `)})`;
}

/** Any of nothing does not. */
function any(parts: readonly Condition[]): Condition {
  return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`;
}

function negate(condition: Condition): Condition {
  return sql`not ${condition}`;
}

function labelled(labelIds: readonly string[]): Condition {
  return sql`exists (
    select from labelled_contact labelled
    where labelled.workspace_id = contact.workspace_id and labelled.contact_id = contact.id
      and labelled.label_id = any(${array('uuid', labelIds)})
  )`;
}

function cameBy(which: Condition): Condition {
  return sql`exists (
    select from click_to_chat_use used
    where used.workspace_id = contact.workspace_id and used.contact_id = contact.id and ${which}
  )`;
}

function isOfCampaign(campaigns: readonly string[]): Condition {
  return sql`exists (
    select from click_to_chat_link link
    where link.workspace_id = used.workspace_id and link.id = used.link_id
      and link.campaign = any(${array('text', campaigns)})
  )`;
}

/** Values are compared byte by byte, but for `contains`, which needs to know letters. */
function attributed({ key, type, isSet, is, contains, ...limits }: AttributeFilter): Condition {
  const isNumber = type === 'NUMBER';
  const column = isNumber ? sql`attribute.number` : sql`attribute.value`;
  const limit = (operator: '>' | '>=' | '<' | '<=', value: string | undefined): Condition[] =>
    value === undefined ? [] : [sql`${column} ${sql.raw(operator)} ${isNumber ? Number(value) : value}`];
  const parts: Condition[] = [
    ...(is ? [sql<boolean>`attribute.value = any(${array('text', is)})`] : []),
    ...(contains === undefined
      ? []
      : [sql<boolean>`strpos(lower(attribute.value collate "default"), lower(${contains})) > 0`]),
    ...limit('>', limits.moreThan),
    ...limit('>=', limits.atLeast),
    ...limit('<', limits.lessThan),
    ...limit('<=', limits.atMost),
  ];
  const exists: Condition = sql`exists (
    select from contact_attribute_value attribute
    where attribute.workspace_id = contact.workspace_id and attribute.contact_id = contact.id
      and attribute.key = ${key} and ${all(parts)}
  )`;
  return isSet === false ? negate(exists) : exists;
}

function speaks(languages: readonly string[]): Condition {
  // Tags have no character that a pattern takes for another.
  const ways = languages.map((tag): Condition => sql`contact.language = ${tag} or contact.language like ${`${tag}-%`}`);
  return sql`coalesce(${any(ways)}, false)`;
}

function isFrom(countries: readonly string[]): Condition {
  return sql`exists (
    select from contact_identity identity
    where identity.workspace_id = contact.workspace_id and identity.contact_id = contact.id
      and identity.valid_to is null and identity.country = any(${array('text', countries)})
  )`;
}

function within(
  time: RawBuilder<unknown>,
  { from, before, withinDays, beforeDays }: TimeFilter,
  now: Date,
): Condition[] {
  return [
    ...(from === undefined ? [] : [sql<boolean>`${time} >= ${from}::timestamptz`]),
    ...(withinDays === undefined ? [] : [sql<boolean>`${time} >= ${ago(now, withinDays)}`]),
    ...(before === undefined ? [] : [sql<boolean>`${time} < ${before}::timestamptz`]),
    ...(beforeDays === undefined ? [] : [sql<boolean>`${time} < ${ago(now, beforeDays)}`]),
  ];
}

/** By existence and not by the greatest time, so that PostgreSQL need not look at each contact by itself. */
function lastActive(time: RawBuilder<unknown>, { never, channelIds, ...filter }: ActivityFilter, now: Date): Condition {
  const inSome = (condition: Condition) => inThread(condition, channelIds);
  const ever = inSome(sql`${time} is not null`);
  if (never) return negate(ever);
  const { from, withinDays, before, beforeDays } = filter;
  const isLate = [{ from }, { withinDays }].flatMap((limit) => within(time, limit, now));
  // The last one is early if none is late.
  const isNotEarly = [{ from: before }, { withinDays: beforeDays }].flatMap((limit) => within(time, limit, now));
  return all([
    ...(isLate.length > 0 ? [inSome(all(isLate))] : [ever]),
    ...isNotEarly.map((late) => negate(inSome(late))),
  ]);
}

function windowed({ isOpen, closesWithinMinutes, channelIds }: WindowFilter, now: Date): Condition {
  const end = sql`thread.window_expires_at`;
  const parts: Condition[] = [sql`${end} > ${now}`];
  if (closesWithinMinutes !== undefined) {
    parts.push(sql`${end} <= ${new Date(now.getTime() + closesWithinMinutes * MINUTE_MS)}`);
  }
  const exists = inThread(all(parts), channelIds);
  return isOpen ? exists : negate(exists);
}

function inThread(condition: Condition, channelIds: readonly string[] | undefined): Condition {
  return sql`exists (
    select from contact_thread thread
    where thread.workspace_id = contact.workspace_id and thread.contact_id = contact.id
      and ${condition} ${channelIds ? sql`and thread.channel_id = any(${array('uuid', channelIds)})` : sql``}
  )`;
}

function consented({ purpose, states, channelIds }: ConsentFilter): Condition {
  return sql`exists (
    select from consent_state consent
    join contact_identity identity on identity.workspace_id = consent.workspace_id
      and identity.id = consent.identity_id and identity.valid_to is null
    where consent.workspace_id = contact.workspace_id and consent.contact_id = contact.id
      and consent.purpose = ${purpose} and consent.state = any(${array('text', states)})
      ${channelIds ? sql`and consent.channel_id = any(${array('uuid', channelIds)})` : sql``}
  )`;
}
