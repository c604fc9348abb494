import { defineEntity, p } from '@mikro-orm/core';

const ConversationTotalSchema = defineEntity({
  name: 'ConversationTotal',
  tableName: 'conversation_cost',
  properties: {
    workspaceId: p.uuid().primary(),
    conversationId: p.uuid().primary(),
    currency: p.text().primary(),
    amountMicros: p.bigint('number'),
    messages: p.bigint('number'),
    expectedMicros: p.bigint('number'),
    expectedMessages: p.bigint('number'),
  },
});

/** Sum of a conversation's charges in one currency, kept with every charge. */
export class ConversationTotal extends ConversationTotalSchema.class {}
ConversationTotalSchema.setClass(ConversationTotal);
