import type { ActorRef } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

export const OPT_OUT_DECISIONS = ['OPT_OUT', 'NO_OPT_OUT'] as const;
export type OptOutDecision = (typeof OPT_OUT_DECISIONS)[number];

const OptOutQuestionSchema = defineEntity({
  name: 'StoredOptOutQuestion',
  tableName: 'opt_out_question',
  properties: {
    messageId: p.uuid().primary(),
    workspaceId: p.uuid(),
    conversationId: p.uuid(),
    askedAt: p.datetime(),
    /** Null as long as nobody has decided. */
    decision: p.text().$type<OptOutDecision>().nullable(),
    decidedByKind: p.text().$type<ActorRef['kind']>().nullable(),
    decidedById: p.text().nullable(),
    decidedAt: p.datetime().nullable(),
  },
});

/** A message that may ask to stop marketing, and what somebody decided. */
export class StoredOptOutQuestion extends OptOutQuestionSchema.class {}
OptOutQuestionSchema.setClass(StoredOptOutQuestion);
