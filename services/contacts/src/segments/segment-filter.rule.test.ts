import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import {
  checkFilter,
  MAX_CONDITIONS,
  MAX_DEPTH,
  shownFilter,
  unseenIn,
  type FilterGround,
} from './segment-filter.rule.js';
import type { ContactFilterType } from './segment-filter.types.js';

const label = newId();
const channel = newId();
const link = newId();
const ground: FilterGround = {
  attributes: new Map([
    ['size', { type: 'NUMBER', options: [] }],
    ['town', { type: 'TEXT', options: [] }],
    ['level', { type: 'CHOICE', options: ['Gold', 'Silber'] }],
    ['since', { type: 'DATE', options: [] }],
  ]),
  labelIds: new Set([label]),
  purposes: new Set(['marketing']),
  clickToChatLinkIds: new Set([link]),
  campaigns: new Set(['Sommer']),
};
const check = (input: ContactFilterType) => checkFilter(input, ground);

describe('a filter of contacts', () => {
  it('is stored without what was left out, values as those of contacts are', () => {
    const input: ContactFilterType = {
      labelIds: [label, label],
      clickToChatLinkIds: [link, link],
      campaigns: ['Sommer'],
      languages: ['de-at'],
      countries: ['de'],
      window: null,
      created: { from: new Date('2026-11-01T00:00:00Z'), withinDays: null },
      or: [
        { attribute: { key: 'size', moreThan: ' 007.50' } },
        { not: { attribute: { key: 'level', is: ['gold'] } } },
        { lastInbound: { never: true, channelIds: [channel] } },
      ],
    };
    const stored = check(input);
    expect(stored).toEqual({
      labelIds: [label],
      clickToChatLinkIds: [link],
      campaigns: ['Sommer'],
      languages: ['de-AT'],
      countries: ['DE'],
      created: { from: '2026-11-01T00:00:00.000Z' },
      or: [
        { attribute: { key: 'size', type: 'NUMBER', moreThan: '7.5' } },
        { not: { attribute: { key: 'level', type: 'CHOICE', is: ['Gold'] } } },
        { lastInbound: { never: true, channelIds: [channel] } },
      ],
    });
    // What is shown can be handed in again.
    expect(check(shownFilter(JSON.parse(JSON.stringify(stored)) as typeof stored))).toEqual(stored);
  });

  it.each<[string, ContactFilterType]>([
    ['labelIds', { labelIds: [newId()] }],
    ['labelIds', { labelIds: [] }],
    ['and', { and: [] }],
    ['and.1.or.0.labelIds', { and: [{}, { or: [{ labelIds: ['x'] }] }] }],
    ['clickToChatLinkIds', { clickToChatLinkIds: [newId()] }],
    ['clickToChatLinkIds', { clickToChatLinkIds: ['x'] }],
    ['not.clickToChatLinkIds', { not: { clickToChatLinkIds: [] } }],
    ['campaigns', { campaigns: ['sommer'] }],
    ['or.0.campaigns', { or: [{ campaigns: [] }] }],
    ['not.languages', { not: { languages: ['??'] } }],
    ['countries', { countries: ['DE', 'Germany'] }],
    ['attribute', { attribute: { key: 'size' } }],
    ['attribute.key', { attribute: { key: 'weight', isSet: true } }],
    ['attribute.isSet', { attribute: { key: 'size', isSet: false, is: ['1'] } }],
    ['attribute.is.1', { attribute: { key: 'size', is: ['1', 'many'] } }],
    ['attribute.is.0', { attribute: { key: 'level', is: ['Bronze'] } }],
    ['attribute.contains', { attribute: { key: 'level', contains: 'Go' } }],
    ['attribute.moreThan', { attribute: { key: 'town', moreThan: 'Ulm' } }],
    ['attribute.atMost', { attribute: { key: 'since', atMost: '2026-02-30' } }],
    ['created', { created: {} }],
    ['created.withinDays', { created: { withinDays: 0 } }],
    ['lastInbound', { lastInbound: {} }],
    ['lastInbound.never', { lastInbound: { never: true, withinDays: 1 } }],
    ['lastOutbound.never', { lastOutbound: { never: false } }],
    ['consent.purpose', { consent: { purpose: 'parties', states: ['CONFIRMED'] } }],
    ['consent.states', { consent: { purpose: 'marketing', states: [] } }],
    ['window.closesWithinMinutes', { window: { isOpen: false, closesWithinMinutes: 60 } }],
    ['window.channelIds', { window: { isOpen: true, channelIds: ['x'] } }],
  ])('is refused, naming filter.%s', (path, input) => {
    expect(() => check(input)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: `filter.${path}` }));
  });

  it('is only so deep, and has only so many conditions', () => {
    const nested = (depth: number): ContactFilterType =>
      depth === 1 ? { labelIds: [label] } : { not: nested(depth - 1) };
    expect(() => check(nested(MAX_DEPTH))).not.toThrow();
    const path = `filter${'.not'.repeat(MAX_DEPTH)}`;
    expect(() => check(nested(MAX_DEPTH + 1))).toThrow(expect.objectContaining({ field: path }));
    // The one that holds the others counts as well.
    const many = (count: number) => ({ and: Array.from({ length: count }, () => ({ labelIds: [label] })) });
    expect(() => check(many(MAX_CONDITIONS - 1))).not.toThrow();
    const { and } = many(MAX_CONDITIONS / 2);
    expect(() => check({ and, or: and })).toThrow(
      expect.objectContaining({ field: `filter.or.${MAX_CONDITIONS / 2 - 1}` }),
    );
  });
});

describe('who asks', () => {
  const asked = { and: [{ labelIds: [label] }, { or: [{ not: { lastInbound: { never: true } } }] }] };

  it('for what they may not see is refused, naming where', () => {
    expect(unseenIn(asked, () => true)).toBeUndefined();
    expect(unseenIn(asked, (what) => what !== 'Consent')).toBeUndefined();
    expect(unseenIn(asked, (what) => what !== 'ContactActivity')?.field).toBe('filter.and.1.or.0.not.lastInbound');
    const consent = { not: { consent: { purpose: 'marketing', states: ['CONFIRMED' as const] } } };
    expect(unseenIn(consent, (what) => what !== 'ContactActivity')).toBeUndefined();
    expect(unseenIn(consent, (what) => what !== 'Consent')?.field).toBe('filter.not.consent');
    expect(unseenIn({ window: { isOpen: false } }, () => false)?.field).toBe('filter.window');
  });
});
