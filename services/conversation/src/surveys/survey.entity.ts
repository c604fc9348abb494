import { defineEntity, p } from '@mikro-orm/core';

const SurveySchema = defineEntity({
  name: 'Survey',
  tableName: 'survey',
  properties: {
    conversationId: p.uuid().primary(),
    workspaceId: p.uuid(),
    askedAt: p.datetime(),
    expiresAt: p.datetime(),
    /** From 1 to 5. */
    score: p.integer().nullable(),
    comment: p.text().nullable(),
    answeredAt: p.datetime().nullable(),
  },
});

/** That a customer was asked how it was, and what they said. Once for each conversation. */
export class Survey extends SurveySchema.class {}
SurveySchema.setClass(Survey);
