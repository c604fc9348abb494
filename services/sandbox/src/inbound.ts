import { z } from 'zod';
import { newWamid, unixSeconds } from './webhook-body.js';

/** Body of `POST /sandbox/inbound`: a simulated phone writes. */
export const inboundRequest = z
  .strictObject({
    phoneNumberId: z.string(),
    from: z
      .strictObject({
        phone: z
          .string()
          .regex(/^\+?[1-9]\d{5,14}$/)
          .transform((phone) => phone.replace('+', ''))
          .optional(),
        bsuid: z
          .string()
          .regex(/^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/)
          .optional(),
        username: z.string().min(1).max(64).optional(),
        name: z.string().min(1).max(256).optional(),
      })
      .refine((from) => from.phone !== undefined || from.bsuid !== undefined, { message: 'needs phone or bsuid' }),
    text: z.string().min(1).max(65_536).optional(),
    /** A message object of Meta's format. Its keys win, `id` and `timestamp` too: that makes repeated and late messages. */
    message: z.record(z.string(), z.unknown()).optional(),
    /** So many messages in one webhook, as Meta batches them. */
    count: z.number().int().min(1).max(1_000).default(1),
  })
  .refine((input) => (input.text === undefined) !== (input.message === undefined), {
    message: 'needs text or message',
  });

export type InboundRequest = z.infer<typeof inboundRequest>;

export type InboundElement = { id: string; timestamp: string } & Record<string, unknown>;

export function inboundMessages({ text, message, count }: InboundRequest, now: Date): InboundElement[] {
  const content = message ?? { type: 'text', text: { body: text } };
  return Array.from({ length: count }, () => ({
    id: newWamid(),
    timestamp: unixSeconds(now),
    ...content,
  }));
}

const OPENS_NO_WINDOW: ReadonlySet<unknown> = new Set(['reaction', 'system']);

/** When the window-opening message was written, by its own timestamp; undefined for what opens none. */
export function windowOpenedAt({ type, timestamp }: InboundElement): Date | undefined {
  const seconds = Number(timestamp);
  return OPENS_NO_WINDOW.has(type) || !Number.isInteger(seconds) ? undefined : new Date(seconds * 1_000);
}
