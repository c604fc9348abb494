import { defineEntity, p } from '@mikro-orm/core';

const DeadLetterSchema = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letter',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    source: p.text(),
    reason: p.text(),
    occurredAt: p.datetime(),
  },
});

/** Something that came and had no effect. The payload stays in the database. */
export class DeadLetter extends DeadLetterSchema.class {}
DeadLetterSchema.setClass(DeadLetter);
