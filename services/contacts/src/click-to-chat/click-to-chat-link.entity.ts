import { defineEntity, p } from '@mikro-orm/core';

const ClickToChatLinkSchema = defineEntity({
  name: 'ClickToChatLink',
  tableName: 'click_to_chat_link',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    code: p.text(),
    name: p.text(),
    campaign: p.text().nullable(),
    channelId: p.uuid(),
    /** BCP 47. */
    locale: p.text(),
    text: p.text(),
    textHash: p.text().nullable(),
    createdAt: p.datetime(),
    archivedAt: p.datetime().nullable(),
    messageCount: p.integer().default(0),
    conversationCount: p.integer().default(0),
    contactCount: p.integer().default(0),
  },
});

/** With which customers begin a chat, on a page or as a QR code: a message that is written for them, with a code in it. */
export class ClickToChatLink extends ClickToChatLinkSchema.class {}
ClickToChatLinkSchema.setClass(ClickToChatLink);
