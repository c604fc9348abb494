import type { NewsletterContent, NewsletterSlot } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const NewsletterSchema = defineEntity({
  name: 'StoredNewsletter',
  tableName: 'newsletter',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    channelId: p.uuid(),
    content: p.json<NewsletterContent>(),
    /** Where each message brings words of its own. */
    slots: p.json<NewsletterSlot[]>(),
    /** Of the kind MARKETING, and asked besides `marketing`. */
    purpose: p.text(),
    /** Only files that they uploaded may be sent. */
    createdById: p.text(),
    /** Somebody else lets it leave although a budget holds it. */
    isApproved: p.boolean().default(false),
  },
});

/** What a newsletter says, as contacts last told. */
export class StoredNewsletter extends NewsletterSchema.class {}
NewsletterSchema.setClass(StoredNewsletter);
