import { sql, transact } from '@fenster/database';
import { checkText, invalidInput } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import type { ConversationContext } from '../context.js';
import { findChannel } from '../channels/find-channel.js';
import { MAX_AWAY_EVERY_HOURS } from '../auto-replies/auto-reply.rule.js';
import { LIMITS } from '../messages/outgoing-content.rule.js';
import { MAX_TARGET_MINUTES } from '../service-levels/service-level.rule.js';
import { MAX_SURVEY_EXPIRES_AFTER_HOURS } from '../surveys/survey.rule.js';
import { MAX_CLOSING_NOTICE_MINUTES } from '../threads/service-window.js';
import { MAX_REOPEN_WITHIN_HOURS } from '../reopening/reopening.rule.js';
import { ChannelSetting } from './channel-setting.entity.js';
import type { UpdateChannelSettingsInput } from './channel-setting.types.js';

/**
 * @throws DomainError NOT_FOUND, INVALID_INPUT
 */
export async function updateChannelSettings(
  ctx: ConversationContext,
  { channelId, ...input }: UpdateChannelSettingsInput,
): Promise<ChannelSetting> {
  const changes = checkSettings(input);
  return transact(ctx, async (tx) => {
    await findChannel(tx.em, channelId);
    const { workspaceId } = ctx.requireActor();
    await sql`
      insert into channel_setting (workspace_id, channel_id) values (${workspaceId}, ${channelId}) on conflict do nothing
    `.execute(tx.sql);
    const lockMode = LockMode.PESSIMISTIC_WRITE;
    const settings = await tx.em.findOneOrFail(ChannelSetting, { channelId }, { lockMode });
    const before = auditedOf(settings);
    Object.assign(settings, changes);
    const object = { type: 'channel', id: channelId } as const;
    tx.audit({ action: 'channel.update', object, before, after: auditedOf(settings) });
    return settings;
  });
}

/** As they are, or as they are unless set. @throws DomainError NOT_FOUND */
export async function channelSettings(ctx: ConversationContext, channelId: string): Promise<ChannelSetting> {
  await findChannel(ctx.em, channelId);
  const { workspaceId } = ctx.requireActor();
  const settings = await ctx.em.findOne(ChannelSetting, { channelId });
  return settings ?? ctx.em.create(ChannelSetting, { channelId, workspaceId }, { persist: false });
}

/** Those settings that are to change, as they are stored. */
function checkSettings(input: Omit<UpdateChannelSettingsInput, 'channelId'>): Partial<ChannelSetting> {
  const { reopenWithinHours, closingNoticeMinutes, showsTyping, awayEveryHours, greetingText, awayText } = input;
  const { firstResponseMinutes, nextResponseMinutes, resolutionMinutes, surveyText, surveyExpiresAfterHours } = input;
  const surveyHours = inRange('surveyExpiresAfterHours', surveyExpiresAfterHours, 1, MAX_SURVEY_EXPIRES_AFTER_HOURS);
  const changes: Record<string, unknown> = {
    reopenWithinHours: inRange('reopenWithinHours', reopenWithinHours, 0, MAX_REOPEN_WITHIN_HOURS),
    closingNoticeMinutes: inRange('closingNoticeMinutes', closingNoticeMinutes, 1, MAX_CLOSING_NOTICE_MINUTES),
    showsTyping: showsTyping ?? undefined,
    sendsReadReceipts: input.sendsReadReceipts ?? undefined,
    awayEveryHours: inRange('awayEveryHours', awayEveryHours, 1, MAX_AWAY_EVERY_HOURS),
    greetingText: orNone('', greetingText?.trim() && checkText(greetingText, 'greetingText', { max: LIMITS.text })),
    surveyExpiresAfterHours: surveyHours,
    surveyText: orNone('', surveyText?.trim() && checkText(surveyText, 'surveyText', { max: LIMITS.text })),
    awayText: orNone('', awayText?.trim() && checkText(awayText, 'awayText', { max: LIMITS.text })),
    ...checkPrivacyNotice(input),
    ...Object.fromEntries(
      Object.entries({ firstResponseMinutes, nextResponseMinutes, resolutionMinutes }).map(([field, minutes]) => [
        field,
        orNone(0, inRange(field, minutes, 0, MAX_TARGET_MINUTES)),
      ]),
    ),
  };
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

/** An address without a version says nothing of who was told what. */
function checkPrivacyNotice({
  privacyNoticeUrl: url,
  privacyNoticeVersion: version,
}: Omit<UpdateChannelSettingsInput, 'channelId'>): Partial<ChannelSetting> {
  if (url == null && version == null) return {};
  if (url === '') return { privacyNoticeUrl: null, privacyNoticeVersion: null };
  if (url == null) throw invalidInput('privacyNoticeUrl', 'must be given with its version.');
  if (version == null) throw invalidInput('privacyNoticeVersion', 'must be given with its address.');
  if (url.length > 2_000 || !URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw invalidInput('privacyNoticeUrl', 'must be an address beginning with https://, of at most 2000 characters.');
  }
  return { privacyNoticeUrl: url, privacyNoticeVersion: checkText(version, 'privacyNoticeVersion', { max: 100 }) };
}

/** What stands for "none" is stored as null; what is not given stays undefined. */
function orNone<T>(none: T, value: T | null | undefined): T | null | undefined {
  return value === none ? null : (value ?? undefined);
}

function auditedOf(settings: ChannelSetting) {
  const { reopenWithinHours, closingNoticeMinutes, showsTyping, awayEveryHours, greetingText, awayText } = settings;
  const { sendsReadReceipts } = settings;
  const { firstResponseMinutes = null, nextResponseMinutes = null, resolutionMinutes = null } = settings;
  const targets = { firstResponseMinutes, nextResponseMinutes, resolutionMinutes };
  // What texts say is none of the audit log's business; that there are some is.
  const texts = {
    hasGreeting: greetingText != null,
    hasAwayMessage: awayText != null,
    hasSurvey: settings.surveyText != null,
    hasPrivacyNotice: settings.privacyNoticeUrl != null,
  };
  return {
    reopenWithinHours,
    closingNoticeMinutes,
    showsTyping,
    sendsReadReceipts,
    awayEveryHours,
    ...targets,
    ...texts,
  };
}

function inRange(field: string, value: number | null | undefined, min: number, max: number): number | undefined {
  if (value == null) return undefined;
  if (value < min || value > max) throw invalidInput(field, `must be from ${min} to ${max}.`);
  return value;
}
