import type { ActorRef } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

export const PARTICIPATION_CAUSES = ['FOLLOWED', 'ADDED', 'ASSIGNED', 'MENTIONED'] as const;
export type ParticipationCause = (typeof PARTICIPATION_CAUSES)[number];

const ParticipantSchema = defineEntity({
  name: 'Participant',
  tableName: 'participant',
  properties: {
    workspaceId: p.uuid(),
    conversationId: p.uuid().primary(),
    memberId: p.uuid().primary(),
    cause: p.text().$type<ParticipationCause>(),
    addedByKind: p.text().$type<ActorRef['kind']>(),
    addedById: p.text().nullable(),
    addedAt: p.datetime(),
  },
});

/** Who follows a conversation without being responsible for it. Following grants no right to see it. */
export class Participant extends ParticipantSchema.class {}
ParticipantSchema.setClass(Participant);
