import { defineEntity, p } from '@mikro-orm/core';
import type { ExceptionalDay, WeeklyInterval } from './business-hours.rule.js';

const ChannelBusinessHoursSchema = defineEntity({
  name: 'ChannelBusinessHours',
  tableName: 'business_hours',
  properties: {
    channelId: p.uuid().primary(),
    workspaceId: p.uuid(),
    timeZone: p.text(),
    weekly: p.json<readonly WeeklyInterval[]>(),
    exceptions: p.json<readonly ExceptionalDay[]>(),
  },
});

/** When the people behind a channel work. A channel without is always open. */
export class ChannelBusinessHours extends ChannelBusinessHoursSchema.class {}
ChannelBusinessHoursSchema.setClass(ChannelBusinessHours);
