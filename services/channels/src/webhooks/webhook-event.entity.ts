import { defineEntity, p } from '@mikro-orm/core';

/** What became of a webhook; see the API's `WebhookOutcome`. */
export const WEBHOOK_OUTCOMES = ['HANDLED', 'KEPT', 'DEAD_LETTER'] as const;
export type WebhookOutcome = (typeof WEBHOOK_OUTCOMES)[number];

const WebhookEventSchema = defineEntity({
  name: 'WebhookEvent',
  tableName: 'webhook_event',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    bodyHash: p.blob(),
    receivedAt: p.datetime(),
    fields: p.array(),
    /** Numbers and accounts that it names: `number …`, `phone …`, `account …`. */
    subjects: p.array(),
    itemCount: p.integer(),
    outcome: p.text().$type<WebhookOutcome>(),
  },
});

/** What the provider posted. Its body is no property, so that no query can hand it out by mistake. */
export class WebhookEvent extends WebhookEventSchema.class {}
WebhookEventSchema.setClass(WebhookEvent);
