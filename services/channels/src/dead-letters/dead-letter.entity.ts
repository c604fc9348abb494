import { defineEntity, p } from '@mikro-orm/core';

const DeadLetterSchema = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letter',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    source: p.text(),
    reason: p.text(),
    /** Of the webhook that it is about, where it is about one; else of an event. */
    eventId: p.uuid().nullable(),
    occurredAt: p.datetime(),
    replayedAt: p.datetime().nullable(),
  },
});

/** Something that came and had no effect. The payload stays in the database. */
export class DeadLetter extends DeadLetterSchema.class {}
DeadLetterSchema.setClass(DeadLetter);
