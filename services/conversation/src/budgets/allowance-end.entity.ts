import { defineEntity, p } from '@mikro-orm/core';

const AllowanceEndSchema = defineEntity({
  name: 'AllowanceEnd',
  tableName: 'allowance_end',
  properties: {
    workspaceId: p.uuid().primary(),
    channelId: p.uuid().primary(),
    /** `YYYY-MM`. */
    month: p.text().primary(),
    /** When the month is over. */
    until: p.datetime(),
  },
});

/** A number without free messages for the rest of a month, as billing last told. */
export class AllowanceEnd extends AllowanceEndSchema.class {}
AllowanceEndSchema.setClass(AllowanceEnd);
