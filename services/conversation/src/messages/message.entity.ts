import type { MessageType } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';
import type { MessageStatus } from './message.status.js';

export const MESSAGE_DIRECTIONS = ['INBOUND', 'OUTBOUND'] as const;
export type MessageDirection = (typeof MESSAGE_DIRECTIONS)[number];

const MessageSchema = defineEntity({
  name: 'Message',
  tableName: 'message',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    threadId: p.uuid(),
    conversationId: p.uuid(),
    channelId: p.uuid(),
    /** Place in the thread, without gaps. */
    seq: p.integer(),
    direction: p.text().$type<MessageDirection>(),
    type: p.text().$type<MessageType>(),
    text: p.text().nullable(),
    payload: p.json<Record<string, unknown>>().nullable(),
    status: p.text().$type<MessageStatus>(),
    errorCode: p.integer().nullable(),
    errorTitle: p.text().nullable(),
    providerMessageId: p.text().nullable(),
    /** The member who wrote it. */
    authorId: p.uuid().nullable(),
    /** The API key whose program sent it. */
    apiKeyId: p.uuid().nullable(),
    /** The provider's time for customer messages, ours for replies. */
    sentAt: p.datetime(),
    createdAt: p.datetime(),
  },
});

export class Message extends MessageSchema.class {}
MessageSchema.setClass(Message);
