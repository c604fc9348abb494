import type { ConsentState } from '@fenster/contracts';
import type { AttributeType } from '../attributes/attribute.rule.js';

/** Which contacts. What is left out does not matter; all that is said must hold. As `checkFilter` leaves it. */
export interface SegmentFilter {
  /** All of these. */
  and?: readonly SegmentFilter[];
  /** At least one of these. */
  or?: readonly SegmentFilter[];
  not?: SegmentFilter;
  /** With at least one of these labels. */
  labelIds?: readonly string[];
  attribute?: AttributeFilter;
  /** Came by at least one of these links, first or later. */
  clickToChatLinkIds?: readonly string[];
  /** Came by a link that is of one of these campaigns now. */
  campaigns?: readonly string[];
  /** BCP 47; `de` stands for `de-AT` too. */
  languages?: readonly string[];
  /** ISO 3166-1 alpha-2: where a number or user id of theirs is at home. */
  countries?: readonly string[];
  created?: TimeFilter;
  consent?: ConsentFilter;
  window?: WindowFilter;
  lastInbound?: ActivityFilter;
  lastOutbound?: ActivityFilter;
}

/** All labels that a filter asks for, at any depth. */
export function labelsIn({ and = [], or = [], not, labelIds = [] }: SegmentFilter): string[] {
  const parts = [...and, ...or, ...(not ? [not] : [])];
  return [...new Set([...labelIds, ...parts.flatMap(labelsIn)])];
}

/** With other names of campaigns. */
export function withCampaigns(filter: SegmentFilter, nameOf: (campaign: string) => string): SegmentFilter {
  const { and, or, not, campaigns, ...same } = filter;
  const rename = (part: SegmentFilter) => withCampaigns(part, nameOf);
  return {
    ...same,
    ...(and && { and: and.map(rename) }),
    ...(or && { or: or.map(rename) }),
    ...(not && { not: rename(not) }),
    ...(campaigns && { campaigns: [...new Set(campaigns.map(nameOf))] }),
  };
}

/** A value that a filter names. */
export interface AskedValue {
  key: string;
  value: string;
  /** Any text that has it in it is meant. */
  isPart: boolean;
}

/** A limit is nobody's value, also where somebody's is the same. */
function valuesOf({ key, is = [], contains }: AttributeFilter): AskedValue[] {
  return [
    ...is.map((value) => ({ key, value, isPart: false })),
    ...(contains === undefined ? [] : [{ key, value: contains, isPart: true }]),
  ];
}

/** All values that a filter asks for, at any depth. */
export function askedValues({ and = [], or = [], not, attribute }: SegmentFilter): AskedValue[] {
  const parts = [...and, ...or, ...(not ? [not] : [])];
  return [...(attribute ? valuesOf(attribute) : []), ...parts.flatMap(askedValues)];
}

/**
 * Without such values. Of several that would do, the others stay; what needs one that is gone is met by nobody. Where that
 * was an exclusion, so is the whole filter, until somebody says anew who is meant: else it would be met by more people.
 */
export function withoutValues(filter: SegmentFilter, isGone: (value: AskedValue) => boolean): SegmentFilter {
  let excludesLess = false;
  const forget = ({ and, or, not, attribute, ...same }: SegmentFilter, isExclusion: boolean): SegmentFilter => {
    const left: SegmentFilter = {
      ...same,
      ...(and && { and: and.map((part) => forget(part, isExclusion)) }),
      ...(or && { or: or.map((part) => forget(part, isExclusion)) }),
      ...(not && { not: forget(not, !isExclusion) }),
    };
    if (!attribute) return left;
    const { key, is } = attribute;
    const isLeft = is?.filter((value) => !isGone({ key, value, isPart: false }));
    if (!valuesOf({ ...attribute, is: [] }).some(isGone) && isLeft?.length !== 0) {
      return { ...left, attribute: { ...attribute, ...(isLeft && { is: isLeft }) } };
    }
    excludesLess ||= isExclusion;
    return { ...left, or: [] };
  };
  const left = forget(filter, false);
  return excludesLess ? { or: [] } : left;
}

/** What a value is; a contact without one meets nothing but `isSet: false`. Values as they are stored. */
export interface AttributeFilter {
  key: string;
  /** An attribute never gets another one. */
  type: AttributeType;
  isSet?: boolean;
  /** Any of these. */
  is?: readonly string[];
  /** Without regard to case. Of texts. */
  contains?: string;
  /** Of numbers and dates, as those that follow. */
  moreThan?: string;
  atLeast?: string;
  lessThan?: string;
  atMost?: string;
}

/** Instants in ISO 8601. */
export interface TimeFilter {
  /** At that instant or later. */
  from?: string;
  /** Earlier. */
  before?: string;
  withinDays?: number;
  /** Longer ago than so many days. */
  beforeDays?: number;
}

/** About the last time, on any of the channels; who never did meets nothing but `never: true`. */
export interface ActivityFilter extends TimeFilter {
  never?: boolean;
  channelIds?: readonly string[];
}

/** Of an address that the contact has now. */
export interface ConsentFilter {
  purpose: string;
  states: readonly ConsentState[];
  channelIds?: readonly string[];
}

export interface WindowFilter {
  isOpen: boolean;
  /** Of an open one. */
  closesWithinMinutes?: number;
  channelIds?: readonly string[];
}
