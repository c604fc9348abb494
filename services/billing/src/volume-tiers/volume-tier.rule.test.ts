import { describe, expect, it } from 'vitest';
import { marketNamed, tierAt, tierName, type VolumeTier } from './volume-tier.rule.js';

const at = (day: number) => new Date(Date.UTC(2026, 10, day));
const tier = (from: number, day: number): VolumeTier => ({ from, to: null, since: at(day) });

describe('the word of the provider on a volume', () => {
  it.each([
    ['none before the first', [tier(100, 5)], 4, undefined],
    ['from that moment on', [tier(100, 5)], 5, 100],
    ['the last one that began', [tier(1_000, 9), tier(100, 5)], 20, 1_000],
    ['not one that begins later', [tier(1_000, 9), tier(100, 5)], 8, 100],
    ['the higher of two at once, in any order', [tier(100, 5), tier(1_000, 5)], 6, 1_000],
  ])('is %s', (_, tiers, day, from) => {
    expect(tierAt(tiers, at(day))?.from).toBe(from);
    expect(tierAt(tiers.toReversed(), at(day))?.from).toBe(from);
  });

  it.each([
    ['Germany', 'Germany'],
    ['REST_OF_LATIN_AMERICA', 'Rest of Latin America'],
    ['Rest of Central and Eastern Europe', 'Rest of Central & Eastern Europe'],
    ['Atlantis', 'Atlantis'],
  ])('on %s is one on %s', (region, market) => expect(marketNamed(region)).toBe(market));

  it('is called as in analytics and invoices', () => {
    expect(tierName({ from: 0, to: 100_000 })).toBe('0:100000');
    expect(tierName({ from: 100_001, to: null })).toBe('100001:MAX');
  });
});
