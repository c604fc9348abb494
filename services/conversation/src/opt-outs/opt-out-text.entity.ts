import { defineEntity, p } from '@mikro-orm/core';

const OptOutTextSchema = defineEntity({
  name: 'OptOutText',
  tableName: 'opt_out_text',
  properties: {
    workspaceId: p.uuid().primary(),
    /** BCP 47. */
    locale: p.text().primary(),
    text: p.text(),
  },
});

/** What the workspace says to who has written STOP in this language. */
export class OptOutText extends OptOutTextSchema.class {}
OptOutTextSchema.setClass(OptOutText);
