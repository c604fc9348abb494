import { checkText, invalidInput, isId, type DomainError } from '@fenster/runtime';
import { checkValue, MAX_VALUE_LENGTH, type AttributeShape } from '../attributes/attribute.rule.js';
import { checkCountry } from '../contacts/contact.rule.js';
import { checkLocale } from '../consent/purpose.commands.js';
import type {
  ActivityFilterType,
  AttributeFilterType,
  ConsentFilterType,
  ContactFilterType,
  TimeFilterType,
  WindowFilterType,
} from './segment-filter.types.js';
import type {
  ActivityFilter,
  AttributeFilter,
  ConsentFilter,
  SegmentFilter,
  TimeFilter,
  WindowFilter,
} from './segment-filter.js';

export const MAX_DEPTH = 5;
export const MAX_CONDITIONS = 50;
export const MAX_VALUES = 50;
export const MAX_DAYS = 36_500;
/** A service window is never longer. */
export const MAX_WINDOW_MINUTES = 1_440;

/** What there is to be asked about. Archived attributes are not. */
export interface FilterGround {
  attributes: ReadonlyMap<string, AttributeShape>;
  labelIds: ReadonlySet<string>;
  purposes: ReadonlySet<string>;
  /** Archived ones too: people came by them. */
  clickToChatLinkIds: ReadonlySet<string>;
  /** Of these links. */
  campaigns: ReadonlySet<string>;
}

/** What a client says, as it is stored: without what it left out. @throws DomainError INVALID_INPUT naming the path */
export function checkFilter(input: ContactFilterType, ground: FilterGround, field = 'filter'): SegmentFilter {
  let conditions = 0;

  function check({ and, or, not, ...own }: ContactFilterType, field: string, depth: number): SegmentFilter {
    if (depth > MAX_DEPTH) throw invalidInput(field, `must not be deeper than ${MAX_DEPTH} filters.`);
    // One that says nothing counts as well: there could be any number of them.
    conditions += Math.max(1, Object.values(own).filter((value) => value != null).length);
    if (conditions > MAX_CONDITIONS) throw invalidInput(field, `must have at most ${MAX_CONDITIONS} conditions.`);
    const parts = (filters: ContactFilterType[] | null | undefined, name: string) =>
      checkSome(filters, `${field}.${name}`)?.map((part, index) => check(part, `${field}.${name}.${index}`, depth + 1));
    const { labelIds, attribute, clickToChatLinkIds, campaigns, languages, countries, created } = own;
    const { consent, window, lastInbound, lastOutbound } = own;
    return said({
      and: parts(and, 'and'),
      or: parts(or, 'or'),
      not: not ? check(not, `${field}.not`, depth + 1) : undefined,
      labelIds: checkLabels(labelIds, `${field}.labelIds`, ground),
      attribute: attribute ? checkAttribute(attribute, `${field}.attribute`, ground) : undefined,
      clickToChatLinkIds: checkLinks(clickToChatLinkIds, `${field}.clickToChatLinkIds`, ground),
      campaigns: checkCampaigns(campaigns, `${field}.campaigns`, ground),
      languages: checkSome(languages, `${field}.languages`)?.map((tag) => checkLocale(tag, `${field}.languages`)),
      countries: checkSome(countries, `${field}.countries`)?.map((code) => checkCountry(code, `${field}.countries`)),
      created: created ? checkTime(created, `${field}.created`) : undefined,
      consent: consent ? checkConsent(consent, `${field}.consent`, ground) : undefined,
      window: window ? checkWindow(window, `${field}.window`) : undefined,
      lastInbound: lastInbound ? checkActivity(lastInbound, `${field}.lastInbound`) : undefined,
      lastOutbound: lastOutbound ? checkActivity(lastOutbound, `${field}.lastOutbound`) : undefined,
    });
  }

  return check(input, field, 1);
}

type Said<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function said<T extends object>(values: T): Said<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Said<T>;
}

function checkSome<T>(values: readonly T[] | null | undefined, field: string): readonly T[] | undefined {
  if (values == null) return undefined;
  if (values.length === 0 || values.length > MAX_VALUES) throw invalidInput(field, `must name 1 to ${MAX_VALUES}.`);
  return [...new Set(values)];
}

function checkIds(values: readonly string[] | null | undefined, field: string): readonly string[] | undefined {
  const ids = checkSome(values, field);
  if (ids && !ids.every(isId)) throw invalidInput(field, 'must be ids.');
  return ids;
}

function checkLabels(values: readonly string[] | null | undefined, field: string, { labelIds }: FilterGround) {
  const ids = checkIds(values, field);
  if (ids?.some((id) => !labelIds.has(id))) throw invalidInput(field, 'must be labels of contacts.');
  return ids;
}

function checkLinks(values: readonly string[] | null | undefined, field: string, ground: FilterGround) {
  const ids = checkIds(values, field);
  if (ids?.some((id) => !ground.clickToChatLinkIds.has(id))) throw invalidInput(field, 'must be click-to-chat links.');
  return ids;
}

function checkCampaigns(values: readonly string[] | null | undefined, field: string, ground: FilterGround) {
  const campaigns = checkSome(values, field);
  if (campaigns?.some((campaign) => !ground.campaigns.has(campaign))) {
    throw invalidInput(field, 'must be campaigns of click-to-chat links, as they are written there.');
  }
  return campaigns;
}

function checkAttribute(input: AttributeFilterType, field: string, { attributes }: FilterGround): AttributeFilter {
  const { key, isSet, is, contains, ...limits } = input;
  const attribute = attributes.get(key);
  if (!attribute) throw invalidInput(`${field}.key`, 'must be that of an attribute.');
  const { type } = attribute;
  const isOrdered = type === 'NUMBER' || type === 'DATE';
  const valueOf = (text: string, name: string) => checkValue(attribute, text, `${field}.${name}`).value;
  const limit = (name: keyof typeof limits) => {
    const text = limits[name];
    if (text == null) return undefined;
    if (!isOrdered) throw invalidInput(`${field}.${name}`, `is for a NUMBER or a DATE; this is a ${type}.`);
    return valueOf(text, name);
  };
  if (contains != null && type !== 'TEXT') throw invalidInput(`${field}.contains`, `is for a TEXT; this is a ${type}.`);
  const asked = said({
    is: checkSome(is, `${field}.is`)?.map((text, index) => valueOf(text, `is.${index}`)),
    contains: contains == null ? undefined : checkText(contains, `${field}.contains`, { max: MAX_VALUE_LENGTH }),
    moreThan: limit('moreThan'),
    atLeast: limit('atLeast'),
    lessThan: limit('lessThan'),
    atMost: limit('atMost'),
  });
  const isAsked = Object.keys(asked).length > 0;
  if (isSet === false && isAsked) throw invalidInput(`${field}.isSet`, 'must not be false where a value is asked for.');
  if (isSet == null && !isAsked) throw invalidInput(field, 'must say what the value is, or whether it is set.');
  return { key, type, ...(isSet != null && { isSet }), ...asked };
}

function checkTime(input: TimeFilterType, field: string): TimeFilter {
  const time = timeOf(input, field);
  if (Object.keys(time).length === 0) throw invalidInput(field, 'must name a time.');
  return time;
}

function timeOf({ from, before, withinDays, beforeDays }: TimeFilterType, field: string): TimeFilter {
  return said({
    from: from?.toISOString(),
    before: before?.toISOString(),
    withinDays: checkRange(withinDays, MAX_DAYS, `${field}.withinDays`),
    beforeDays: checkRange(beforeDays, MAX_DAYS, `${field}.beforeDays`),
  });
}

function checkActivity({ never, channelIds, ...input }: ActivityFilterType, field: string): ActivityFilter {
  const time = timeOf(input, field);
  if (never === false || (never && Object.keys(time).length > 0)) {
    throw invalidInput(`${field}.never`, 'must be true or left out, and stand without a time.');
  }
  const ids = checkIds(channelIds, `${field}.channelIds`);
  if (!never && !ids && Object.keys(time).length === 0) throw invalidInput(field, 'must name a time, or a channel.');
  return said({ ...time, never: never ?? undefined, channelIds: ids });
}

function checkConsent({ purpose, states, channelIds }: ConsentFilterType, field: string, { purposes }: FilterGround) {
  if (!purposes.has(purpose)) throw invalidInput(`${field}.purpose`, 'must be the key of a purpose.');
  const ids = checkIds(channelIds, `${field}.channelIds`);
  const consent: ConsentFilter = {
    purpose,
    states: checkSome(states, `${field}.states`)!,
    ...(ids && { channelIds: ids }),
  };
  return consent;
}

function checkWindow({ isOpen, closesWithinMinutes, channelIds }: WindowFilterType, field: string): WindowFilter {
  const minutes = checkRange(closesWithinMinutes, MAX_WINDOW_MINUTES, `${field}.closesWithinMinutes`);
  if (!isOpen && minutes !== undefined) throw invalidInput(`${field}.closesWithinMinutes`, 'is for an open window.');
  const ids = checkIds(channelIds, `${field}.channelIds`);
  return { isOpen, ...said({ closesWithinMinutes: minutes, channelIds: ids }) };
}

function checkRange(value: number | null | undefined, max: number, field: string): number | undefined {
  if (value == null) return undefined;
  if (value < 1 || value > max) throw invalidInput(field, `must be from 1 to ${max}.`);
  return value;
}

export type Seen = 'Consent' | 'ContactActivity';
const NEEDED: Readonly<Record<Seen, string>> = {
  Consent: 'is for who may see consent.',
  ContactActivity: 'needs the permission conversation:read_all.',
};

/** What in a filter asks about something that one may not see: the refusal of the first, undefined if there is none. */
export function unseenIn(
  { and = [], or = [], not, consent, window, lastInbound, lastOutbound }: SegmentFilter,
  sees: (what: Seen) => boolean,
  field = 'filter',
): DomainError | undefined {
  const asks = { consent, window, lastInbound, lastOutbound };
  for (const [name, asked] of Object.entries(asks)) {
    const what = name === 'consent' ? 'Consent' : 'ContactActivity';
    if (asked !== undefined && !sees(what)) return invalidInput(`${field}.${name}`, NEEDED[what]);
  }
  const parts = [
    ...and.map((part, index) => [part, `and.${index}`] as const),
    ...or.map((part, index) => [part, `or.${index}`] as const),
    ...(not ? [[not, 'not'] as const] : []),
  ];
  for (const [part, name] of parts) {
    const refusal = unseenIn(part, sees, `${field}.${name}`);
    if (refusal) return refusal;
  }
  return undefined;
}

/** As the API shows it. */
export function shownFilter({
  and,
  or,
  not,
  created,
  lastInbound,
  lastOutbound,
  ...same
}: SegmentFilter): ContactFilterType {
  return {
    ...(same as ContactFilterType),
    ...(and && { and: and.map(shownFilter) }),
    ...(or && { or: or.map(shownFilter) }),
    ...(not && { not: shownFilter(not) }),
    ...(created && { created: shownTime(created) }),
    ...(lastInbound && { lastInbound: shownTime(lastInbound) }),
    ...(lastOutbound && { lastOutbound: shownTime(lastOutbound) }),
  };
}

function shownTime({ from, before, ...same }: ActivityFilter): ActivityFilterType {
  return {
    ...(same as ActivityFilterType),
    ...(from !== undefined && { from: new Date(from) }),
    ...(before !== undefined && { before: new Date(before) }),
  };
}
