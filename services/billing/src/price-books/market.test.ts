import { describe, expect, it } from 'vitest';
import { MARKET_NAMES, isListedCountry, isMarket, marketAt, marketOf } from './market.js';

const NOVEMBER_2026 = '2026-11-21';

describe('marketOf, by country', () => {
  it.each([
    // Every trap that the fact reference names.
    ['RU', 'Russia'],
    ['KZ', 'Kazakhstan'],
    ['US', 'North America'],
    ['CA', 'North America'],
    ['DO', 'Rest of Latin America'],
    ['JM', 'Rest of Latin America'],
    ['PR', 'Rest of Latin America'],
    ['AT', 'Rest of Western Europe'],
    ['CH', 'Rest of Western Europe'],
    ['BE', 'Rest of Western Europe'],
    ['DK', 'Rest of Western Europe'],
    ['FI', 'Rest of Western Europe'],
    ['IE', 'Rest of Western Europe'],
    ['NO', 'Rest of Western Europe'],
    ['PT', 'Rest of Western Europe'],
    ['SE', 'Rest of Western Europe'],
    ['GR', 'Rest of Central & Eastern Europe'],
    ['CZ', 'Rest of Central & Eastern Europe'],
    ['BG', 'Rest of Central & Eastern Europe'],
    ['HR', 'Rest of Central & Eastern Europe'],
    ['PL', 'Poland'],
    ['HU', 'Hungary'],
    ['RO', 'Romania'],
    ['UA', 'Ukraine'],
    ['LU', 'Other'],
    ['RE', 'Other'],
    ['TT', 'Other'],
    ['DE', 'Germany'],
    ['de', 'Germany'],
  ])('%s is %s', (countryCode, market) => {
    expect(marketOf({ countryCode })).toBe(market);
    expect(marketOf({ countryCode }, NOVEMBER_2026)).toBe(market);
  });

  it('lists as many countries per region as the page does', () => {
    const count = new Map<string, number>();
    for (let first = 65; first <= 90; first++) {
      for (let second = 65; second <= 90; second++) {
        const countryCode = String.fromCharCode(first, second);
        const market = marketOf({ countryCode }, NOVEMBER_2026);
        if (market && isListedCountry(countryCode)) count.set(market, (count.get(market) ?? 0) + 1);
      }
    }
    const regions = [...count].filter(([market]) => market.startsWith('Rest of ') || market === 'North America').sort();
    expect(regions).toEqual([
      ['North America', 2],
      ['Rest of Africa', 40],
      ['Rest of Asia Pacific', 16],
      ['Rest of Central & Eastern Europe', 16],
      ['Rest of Latin America', 15],
      ['Rest of Middle East', 4],
      ['Rest of Western Europe', 9],
    ]);
    expect(count.size - regions.length).toBe(39);
    expect(MARKET_NAMES).toHaveLength(47);
  });

  it.each([undefined, '', 'D', 'DEU', '49', 'XX', 'ZZ', 'EU', 'QQ'])(
    'does not call the unknown country %o Other',
    (countryCode) => {
      expect(marketOf({ countryCode })).toBeUndefined();
    },
  );
});

describe('marketOf, by date', () => {
  it.each([
    ['ZW', '2025-09-30', 'Other', '2025-10-01', 'Rest of Africa'],
    ['PL', '2026-06-30', 'Rest of Central & Eastern Europe', '2026-07-01', 'Poland'],
    ['HU', '2026-06-30', 'Rest of Central & Eastern Europe', '2026-07-01', 'Hungary'],
    ['RO', '2026-06-30', 'Rest of Central & Eastern Europe', '2026-07-01', 'Romania'],
    ['HK', '2026-06-30', 'Rest of Asia Pacific', '2026-07-01', 'Hong Kong'],
    ['SG', '2026-06-30', 'Rest of Asia Pacific', '2026-07-01', 'Singapore'],
    ['QA', '2026-06-30', 'Rest of Middle East', '2026-07-01', 'Qatar'],
    ['UA', '2026-09-30', 'Rest of Central & Eastern Europe', '2026-10-01', 'Ukraine'],
    ['KZ', '2026-09-30', 'Other', '2026-10-01', 'Kazakhstan'],
    ['BD', '2026-09-30', 'Rest of Asia Pacific', '2026-10-01', 'Bangladesh'],
    ['LK', '2026-09-30', 'Rest of Asia Pacific', '2026-10-01', 'Sri Lanka'],
    ['NP', '2026-09-30', 'Rest of Asia Pacific', '2026-10-01', 'Nepal'],
    ['IQ', '2026-09-30', 'Rest of Middle East', '2026-10-01', 'Iraq'],
    ['KW', '2026-09-30', 'Rest of Middle East', '2026-10-01', 'Kuwait'],
    ['OM', '2026-09-30', 'Rest of Middle East', '2026-10-01', 'Oman'],
    ['MA', '2026-09-30', 'Rest of Africa', '2026-10-01', 'Morocco'],
  ])('%s until %s is %s, from %s %s', (countryCode, lastDay, earlier, firstDay, later) => {
    expect(marketOf({ countryCode }, lastDay)).toBe(earlier);
    expect(marketOf({ countryCode }, firstDay)).toBe(later);
  });

  it('finds the former region of a named market, and leaves regions alone', () => {
    expect(marketAt('Poland', '2026-06-30')).toBe('Rest of Central & Eastern Europe');
    expect(marketAt('Poland', '2026-07-01')).toBe('Poland');
    expect(marketAt('Rest of Africa', '2025-01-01')).toBe('Rest of Africa');
    expect(marketAt('Other', '2025-01-01')).toBe('Other');
  });
});

describe('marketOf, by calling code', () => {
  it.each([
    ['49', undefined, 'Germany'],
    ['+49', '151', 'Germany'],
    ['30', undefined, 'Rest of Central & Eastern Europe'],
    ['352', undefined, 'Other'],
    ['262', undefined, 'Other'],
    ['1', '212', 'North America'],
    ['1', '416', 'North America'],
    ['1', undefined, 'North America'],
    ['1', '809', 'Rest of Latin America'],
    ['1', '829', 'Rest of Latin America'],
    ['1', '8495551234', 'Rest of Latin America'],
    ['1', '658', 'Rest of Latin America'],
    ['1', '876', 'Rest of Latin America'],
    ['1', '787', 'Rest of Latin America'],
    ['1', '939', 'Rest of Latin America'],
    ['1', '242', 'Other'],
    ['1', '868', 'Other'],
    ['7', '701', 'Kazakhstan'],
    ['7', '33622', 'Kazakhstan'],
    ['7', '912', 'Russia'],
    ['7', '495', 'Russia'],
    ['7', undefined, 'Russia'],
  ])('+%s %s is %s', (callingCode, nationalPrefix, market) => {
    expect(marketOf({ callingCode, nationalPrefix })).toBe(market);
  });

  it('lets the country win over the calling code', () => {
    expect(marketOf({ countryCode: 'JM', callingCode: '1', nationalPrefix: '212' })).toBe('Rest of Latin America');
  });

  it.each(['', '0', '049', '+', 'DE', '1809'])('does not call the unusable calling code %o Other', (callingCode) => {
    expect(marketOf({ callingCode })).toBeUndefined();
  });
});

describe('isMarket', () => {
  it('knows the names of the rate cards only', () => {
    expect(MARKET_NAMES.every(isMarket)).toBe(true);
    expect(isMarket('Luxembourg')).toBe(false);
    expect(isMarket('toString')).toBe(false);
  });
});
