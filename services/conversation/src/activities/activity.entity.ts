import type { ActorRef } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

export const ACTIVITY_KINDS = [
  'STATUS',
  'ASSIGNEE',
  'TEAM',
  'NOTE',
  'CLAIM',
  'CONTROL',
  'LABEL',
  'PARTICIPANT',
  'IDENTITY',
  'CONSENT',
] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

const ActivitySchema = defineEntity({
  name: 'Activity',
  tableName: 'activity',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    conversationId: p.uuid(),
    kind: p.text().$type<ActivityKind>(),
    actorKind: p.text().$type<ActorRef['kind']>(),
    actorId: p.text().nullable(),
    /** What was and what is: a status, an id, a name; null for nothing. */
    before: p.text().nullable(),
    after: p.text().nullable(),
    reason: p.text().nullable(),
    occurredAt: p.datetime(),
  },
});

/** Who changed what of a conversation, when and why: what people read between the messages. Never changed. */
export class Activity extends ActivitySchema.class {}
ActivitySchema.setClass(Activity);
