import { z } from 'zod';
import { country, currency, id, instant } from './common.js';
import { defineEvent, type EventData } from './define-event.js';

/** In what periods a provider adds up. Days and months are those of the account's time zone. */
export const analyticsGranularity = z.enum(['HALF_HOUR', 'DAILY', 'MONTHLY']);
export type AnalyticsGranularity = z.infer<typeof analyticsGranularity>;

/** As in `2026-10`. */
const month = z.string().regex(/^20\d\d-(?:0[1-9]|1[0-2])$/);

export const pricingAnalyticsWanted = defineEvent({
  name: 'billing.pricing_analytics.wanted',
  version: 1,
  dataClass: 'operational',
  description: 'Somebody wants to know what the provider counted in a month, for all accounts of the workspace.',
  schema: z.object({ month, granularity: analyticsGranularity }),
});
export type PricingAnalyticsWanted = EventData<typeof pricingAnalyticsWanted>;

export const pricingAnalyticsRead = defineEvent({
  name: 'channels.pricing_analytics.read',
  version: 1,
  dataClass: 'cost',
  description:
    'What the provider says that it delivered for an account in a month, and what that costs about. In parts, one after the other; what was read before is replaced by it with the last one.',
  schema: z.object({
    accountId: z.string().max(64),
    month,
    granularity: analyticsGranularity,
    readingId: id,
    /** From 1. */
    part: z.int().positive(),
    parts: z.int().positive(),
    readAt: instant,
    currency,
    timeZone: z.string().max(60),
    points: z
      .array(
        z.object({
          startsAt: instant,
          endsAt: instant,
          /** Absent where the number is no channel of ours. */
          channelId: id.optional(),
          country: country.optional(),
          /** The provider's words, as in `MARKETING` and `REGULAR`. */
          category: z.string().max(64),
          type: z.string().max(64),
          /** As in `0:100000` or `100001:MAX`; absent where it is free. */
          tier: z.string().max(64).optional(),
          messages: z.int().nonnegative(),
          /** Absent where the provider tells no cost, as where a partner is billed. */
          costMicros: z.int().nonnegative().optional(),
        }),
      )
      .max(1_000),
  }),
});
export type PricingAnalyticsRead = EventData<typeof pricingAnalyticsRead>;
