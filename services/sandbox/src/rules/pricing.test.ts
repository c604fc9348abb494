import { describe, expect, it } from 'vitest';
import {
  allowanceOf,
  eraAt,
  priceMessage,
  showsConversation,
  type Conversation,
  type MessageCategory,
  type PricingInput,
} from './pricing.js';

const HOUR_MS = 3_600_000;
const BERLIN = 'Europe/Berlin';

const input = (parts: Partial<PricingInput> & { on: string }): PricingInput => ({
  at: new Date(parts.on),
  timeZone: BERLIN,
  category: 'service',
  isWindowOpen: true,
  cameByAd: false,
  conversations: [],
  freeLeft: 0,
  newConversationId: () => 'new',
  ...parts,
});
const open = (category: Conversation['category'], until: string, isFree = false): Conversation => ({
  id: `open ${category}`,
  category,
  expiresAt: new Date(until),
  isFree,
});

describe('the rules in force', () => {
  it.each([
    ['2022-02-01T00:00:00Z', 'CBP_2022'],
    ['2023-05-31T21:59:59Z', 'CBP_2022'],
    ['2023-05-31T22:00:00Z', 'CBP'],
    ['2024-10-31T22:59:59Z', 'CBP'],
    ['2024-10-31T23:00:00Z', 'CBP_FREE_SERVICE'],
    ['2025-06-30T21:59:59Z', 'CBP_FREE_SERVICE'],
    ['2025-06-30T22:00:00Z', 'PMP'],
    ['2026-09-30T21:59:59Z', 'PMP'],
    ['2026-09-30T22:00:00Z', 'PMP_SERVICE_CHARGED'],
  ])('at %s are %s in Berlin', (at, era) => {
    expect(eraAt(new Date(at), BERLIN)).toBe(era);
  });

  it('change at midnight of the account, not of Greenwich', () => {
    const at = new Date('2026-10-01T03:00:00Z');
    expect(eraAt(at, BERLIN)).toBe('PMP_SERVICE_CHARGED');
    expect(eraAt(at, 'America/New_York')).toBe('PMP');
  });
});

describe('a price per message', () => {
  it.each<[string, string, MessageCategory, Partial<PricingInput>, string, boolean]>([
    [
      'a reply since October 2026, allowance left',
      '2026-10-01T12:00:00Z',
      'service',
      { freeLeft: 1 },
      'free_customer_service',
      false,
    ],
    ['a reply since October 2026, allowance used up', '2026-10-01T12:00:00Z', 'service', {}, 'regular', true],
    ['a reply before', '2026-09-30T12:00:00Z', 'service', {}, 'free_customer_service', false],
    [
      'a utility template in the window since October 2026',
      '2026-10-01T12:00:00Z',
      'utility',
      { freeLeft: 9 },
      'regular',
      true,
    ],
    ['a utility template in the window before', '2026-09-30T12:00:00Z', 'utility', {}, 'free_customer_service', false],
    ['a utility template outside', '2026-09-30T12:00:00Z', 'utility', { isWindowOpen: false }, 'regular', true],
    ['marketing in the window', '2026-09-30T12:00:00Z', 'marketing', {}, 'regular', true],
    ['authentication in the window', '2025-07-01T12:00:00Z', 'authentication', {}, 'regular', true],
  ])('given %s', (_name, on, category, parts, type, billable) => {
    const priced = priceMessage(input({ on, category, ...parts }));
    expect(priced.pricing).toEqual({ billable, pricing_model: 'PMP', type, category });
    expect(priced.conversation).toBeUndefined();
  });

  it('takes only service messages since October 2026 from the allowance', () => {
    const uses = (on: string, category: MessageCategory, parts: Partial<PricingInput> = {}) =>
      priceMessage(input({ on, category, freeLeft: 5, ...parts })).usesAllowance;
    expect(uses('2026-10-01T12:00:00Z', 'service')).toBe(true);
    expect(uses('2026-09-30T12:00:00Z', 'service')).toBe(false);
    expect(uses('2026-10-01T12:00:00Z', 'utility')).toBe(false);
    expect(uses('2026-10-01T12:00:00Z', 'service', { cameByAd: true })).toBe(false);
  });

  describe('by a free entry point', () => {
    const ON = '2026-11-21T12:00:00Z';

    it.each<MessageCategory>(['service', 'utility', 'marketing', 'authentication'])(
      'is nothing for the first answer (%s), which opens it',
      (category) => {
        const priced = priceMessage(input({ on: ON, category, cameByAd: true }));
        expect(priced.pricing).toEqual({
          billable: false,
          pricing_model: 'PMP',
          type: 'free_entry_point',
          category: 'referral_conversion',
        });
        expect(priced.opensConversation).toBe(true);
        expect(priced.conversation).toMatchObject({ id: 'new', expiresAt: new Date('2026-11-28T12:00:00Z') });
      },
    );

    it('lasted 72 hours until 27 September 2026', () => {
      const ends = (on: string) => priceMessage(input({ on, cameByAd: true })).conversation?.expiresAt.toISOString();
      expect(ends('2026-09-27T21:59:59Z')).toBe('2026-09-30T21:59:59.000Z');
      expect(ends('2026-09-27T22:00:00Z')).toBe('2026-10-04T22:00:00.000Z');
    });

    it('is nothing for all that follows until it ends, window or not', () => {
      const conversations = [open('referral_conversion', '2026-11-22T00:00:00Z', true)];
      const before = priceMessage(input({ on: ON, category: 'marketing', isWindowOpen: false, conversations }));
      expect(before.pricing.type).toBe('free_entry_point');
      expect(before.opensConversation).toBe(false);
      expect(before.conversation?.id).toBe('open referral_conversion');
      const after = priceMessage(input({ on: '2026-11-22T00:00:00Z', category: 'marketing', conversations }));
      expect(after.pricing.type).toBe('regular');
    });

    it('does not open when the answer comes after the window', () => {
      const late = priceMessage(input({ on: ON, category: 'utility', cameByAd: true, isWindowOpen: false }));
      expect(late.pricing).toMatchObject({ type: 'regular', billable: true });
    });
  });
});

describe('a price per conversation', () => {
  const ON = '2024-05-10T12:00:00Z';

  it('opens 24 hours of its category, at its rate', () => {
    const priced = priceMessage(input({ on: ON, category: 'marketing' }));
    expect(priced).toMatchObject({
      pricing: { billable: true, pricing_model: 'CBP', category: 'marketing' },
      conversation: { id: 'new', expiresAt: new Date('2024-05-11T12:00:00Z') },
      opensConversation: true,
      closesOthers: false,
    });
    expect(priced.pricing).not.toHaveProperty('type');
  });

  it('puts a second template of the category into the same conversation, another category beside it', () => {
    const conversations = [open('marketing', '2024-05-11T00:00:00Z')];
    expect(priceMessage(input({ on: ON, category: 'marketing', conversations }))).toMatchObject({
      conversation: { id: 'open marketing' },
      opensConversation: false,
    });
    expect(priceMessage(input({ on: ON, category: 'utility', conversations }))).toMatchObject({
      conversation: { id: 'new' },
      opensConversation: true,
    });
  });

  it('opens no service conversation while any other is open', () => {
    const conversations = [open('marketing', '2024-05-11T00:00:00Z')];
    expect(priceMessage(input({ on: ON, conversations })).pricing).toMatchObject({
      category: 'marketing',
      billable: true,
    });
    expect(priceMessage(input({ on: '2024-05-11T00:00:00Z', conversations })).pricing).toMatchObject({
      category: 'service',
    });
  });

  it('is nothing for 1,000 service conversations until October 2024, and for all since', () => {
    const price = (on: string, freeLeft: number) => {
      const { pricing, usesAllowance } = priceMessage(input({ on, freeLeft }));
      return [pricing.billable, usesAllowance];
    };
    expect(price('2024-10-31T12:00:00Z', 1)).toEqual([false, true]);
    expect(price('2024-10-31T12:00:00Z', 0)).toEqual([true, true]);
    expect(price('2024-11-01T12:00:00Z', 0)).toEqual([false, false]);
  });

  it('closes all others when somebody comes by an ad, for 72 hours', () => {
    expect(priceMessage(input({ on: ON, cameByAd: true, conversations: [] }))).toMatchObject({
      pricing: { billable: false, category: 'referral_conversion' },
      conversation: { expiresAt: new Date(new Date(ON).getTime() + 72 * HOUR_MS) },
      closesOthers: true,
      usesAllowance: false,
    });
  });

  it('asked in 2022 who began, not what for', () => {
    const on = '2022-06-01T12:00:00Z';
    expect(priceMessage(input({ on, category: 'marketing', isWindowOpen: false })).pricing.category).toBe(
      'business_initiated',
    );
    expect(priceMessage(input({ on, category: 'utility' })).pricing.category).toBe('user_initiated');
    const conversations = [open('user_initiated', '2022-06-02T00:00:00Z')];
    expect(priceMessage(input({ on, category: 'utility', conversations })).opensConversation).toBe(false);
    expect(priceMessage(input({ on, freeLeft: 1, isWindowOpen: false })).pricing.billable).toBe(false);
  });
});

describe('the free allowance', () => {
  const ids = { wabaId: 'waba', phoneNumberId: 'number' };

  it('belonged to the account and belongs to the number, by its own month', () => {
    expect(allowanceOf(new Date('2024-05-31T22:30:00Z'), BERLIN, ids)).toEqual({
      key: 'waba 2024-06',
      size: 'conversations',
    });
    expect(allowanceOf(new Date('2026-10-31T23:30:00Z'), BERLIN, ids)).toEqual({
      key: 'number 2026-11',
      size: 'messages',
    });
  });
});

describe('the conversation in a status', () => {
  it('is shown always until v24, and then only in a free entry point', () => {
    const regular = {
      pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: 'service' },
    } as const;
    const free = { pricing: { ...regular.pricing, type: 'free_entry_point' } } as const;
    expect(showsConversation(new Date('2025-10-07T00:00:00Z'), 'v26.0', regular)).toBe(true);
    expect(showsConversation(new Date('2026-11-21T00:00:00Z'), 'v23.0', regular)).toBe(true);
    expect(showsConversation(new Date('2026-11-21T00:00:00Z'), 'v24.0', regular)).toBe(false);
    expect(showsConversation(new Date('2026-11-21T00:00:00Z'), 'v26.0', free)).toBe(true);
  });
});
