import { defineEntity, p } from '@mikro-orm/core';
import { DEFAULT_AWAY_EVERY_HOURS } from '../auto-replies/auto-reply.rule.js';
import { DEFAULT_SURVEY_EXPIRES_AFTER_HOURS } from '../surveys/survey.rule.js';
import { DEFAULT_CLOSING_NOTICE_MINUTES } from '../threads/service-window.js';
import { DEFAULT_REOPEN_WITHIN_HOURS } from '../reopening/reopening.rule.js';

const ChannelSettingSchema = defineEntity({
  name: 'ChannelSetting',
  tableName: 'channel_setting',
  properties: {
    channelId: p.uuid().primary(),
    workspaceId: p.uuid(),
    reopenWithinHours: p.integer().default(DEFAULT_REOPEN_WITHIN_HOURS),
    /** Customers see that somebody types, and with it that their message was read. */
    showsTyping: p.boolean().default(false),
    /** Whether customers are told that an agent has seen their messages. */
    sendsReadReceipts: p.boolean().default(false),
    closingNoticeMinutes: p.integer().default(DEFAULT_CLOSING_NOTICE_MINUTES),
    /** Null for none. */
    greetingText: p.text().nullable(),
    awayText: p.text().nullable(),
    awayEveryHours: p.integer().default(DEFAULT_AWAY_EVERY_HOURS),
    firstResponseMinutes: p.integer().nullable(),
    nextResponseMinutes: p.integer().nullable(),
    resolutionMinutes: p.integer().nullable(),
    /** Null for none. With its version: whoever has been told of another one is told again. */
    privacyNoticeUrl: p.text().nullable(),
    privacyNoticeVersion: p.text().nullable(),
    surveyText: p.text().nullable(),
    surveyExpiresAfterHours: p.integer().default(DEFAULT_SURVEY_EXPIRES_AFTER_HOURS),
  },
});

/** How the inbox treats the conversations of one channel. There is a row once somebody has changed something. */
export class ChannelSetting extends ChannelSettingSchema.class {}
ChannelSettingSchema.setClass(ChannelSetting);
