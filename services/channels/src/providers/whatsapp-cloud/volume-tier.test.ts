import { describe, expect, it } from 'vitest';
import { volumeTierOf } from './volume-tier.js';

const INFO = {
  tier_update_time: 1_743_451_903,
  pricing_category: 'UTILITY',
  tier: '100001:200000',
  effective_month: '2025-11',
  region: 'India',
};
const read = (info: unknown, event = 'VOLUME_BASED_PRICING_TIER_UPDATE') =>
  volumeTierOf('account_update', { event, volume_tier_info: info });

describe('an update of the price by volume', () => {
  it('is read', () => {
    expect(read(INFO)).toEqual({
      region: 'India',
      category: 'UTILITY',
      month: '2025-11',
      from: 100_001,
      to: 200_000,
      since: new Date(1_743_451_903_000),
    });
  });

  it.each(['1000001:', '1000001:MAX'])('has no end in %s', (tier) => {
    expect(read({ ...INFO, tier })).toMatchObject({ from: 1_000_001 });
    expect(read({ ...INFO, tier })).not.toHaveProperty('to');
  });

  it.each([
    { tier: '5:4' },
    { tier: 'gold' },
    { tier: undefined },
    { effective_month: '2025-13' },
    { region: '' },
    { pricing_category: 7 },
    { tier_update_time: 'yesterday' },
  ])('is none with %j', (wrong) => expect(read({ ...INFO, ...wrong })).toBeUndefined());

  it('is none of other events and without its details', () => {
    expect(read(INFO, 'ACCOUNT_VIOLATION')).toBeUndefined();
    expect(read(undefined)).toBeUndefined();
    expect(volumeTierOf('account_alerts', {})).toBeUndefined();
  });
});
