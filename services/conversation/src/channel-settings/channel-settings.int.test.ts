import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { ChannelSetting } from './channel-setting.entity.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let token: string;
beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  workspaceId = newId();
  token = await conversation.tokenOf(workspaceId, ['conversation:manage']);
});

const connect = () => conversation.connectChannel(workspaceId, { id: newId() });
const ask = (query: string, variables: Record<string, unknown>, as = token) =>
  request<Record<string, unknown>>(conversation.url, query, { variables, token: as });
const read = (channelId: string, as = token) =>
  ask(
    `query ($channelId: ID!) { channelSettings(channelId: $channelId) { channelId reopenWithinHours } }`,
    { channelId },
    as,
  );
const update = (input: Record<string, unknown>, as = token) =>
  ask(
    `mutation ($input: UpdateChannelSettingsInput!) {
      updateChannelSettings(input: $input) { __typename ... on ChannelSettings { reopenWithinHours } ... on InvalidInput { field } ... on NotFound { field } }
    }`,
    { input },
    as,
  );

describe('the settings of a channel', () => {
  it('are a day for reopening, until somebody sets another time for this channel and no other', async () => {
    const [channelId, other] = [await connect(), await connect()];
    expect((await read(channelId)).data).toEqual({ channelSettings: { channelId, reopenWithinHours: 24 } });
    const set = await update({ channelId, reopenWithinHours: 0 });
    expect(set.data['updateChannelSettings']).toEqual({ __typename: 'ChannelSettings', reopenWithinHours: 0 });
    await update({ channelId });
    expect((await read(channelId)).data).toEqual({ channelSettings: { channelId, reopenWithinHours: 0 } });
    expect((await read(other)).data).toEqual({ channelSettings: { channelId: other, reopenWithinHours: 24 } });
  });

  it('can be set by several at once for the first time', async () => {
    const channelId = await connect();
    const answers = await Promise.all([1, 2, 3, 4].map((hours) => update({ channelId, reopenWithinHours: hours })));
    expect(answers.map(({ errors }) => errors)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each([
    [{ channelId: newId(), reopenWithinHours: -1 }, 'reopenWithinHours'],
    [{ channelId: newId(), reopenWithinHours: 8_761 }, 'reopenWithinHours'],
    [{ channelId: newId(), greetingText: 'x'.repeat(4_097) }, 'greetingText'],
    [{ channelId: newId(), awayText: 'a\u0000b' }, 'awayText'],
    [{ channelId: newId(), awayEveryHours: 0 }, 'awayEveryHours'],
    [{ channelId: newId(), firstResponseMinutes: -1 }, 'firstResponseMinutes'],
    [{ channelId: newId(), resolutionMinutes: 129_601 }, 'resolutionMinutes'],
    [{ channelId: newId(), closingNoticeMinutes: 0 }, 'closingNoticeMinutes'],
    [{ channelId: newId(), privacyNoticeUrl: 'https://muster.example' }, 'privacyNoticeVersion'],
    [{ channelId: newId(), privacyNoticeVersion: '1' }, 'privacyNoticeUrl'],
    [{ channelId: newId(), privacyNoticeUrl: 'http://x.example', privacyNoticeVersion: '1' }, 'privacyNoticeUrl'],
    [{ channelId: newId(), closingNoticeMinutes: 721 }, 'closingNoticeMinutes'],
  ])('refuse %o, naming the field', async (input, field) => {
    expect((await update(input)).data['updateChannelSettings']).toEqual({ __typename: 'InvalidInput', field });
  });

  it.each([
    ['malformed', async () => 'x'],
    ['unknown', async () => newId()],
    ['of another workspace', () => conversation.connectChannel(newId(), { id: newId() })],
  ])('are not found by an id that is %s, and nothing is stored', async (_, idOf) => {
    const channelId = await idOf();
    expect((await update({ channelId, reopenWithinHours: 1 })).data['updateChannelSettings']).toEqual({
      __typename: 'NotFound',
      field: 'channelId',
    });
    expect((await read(channelId)).errors?.[0]?.extensions).toEqual({ code: 'NOT_FOUND', field: 'channelId' });
    expect(await conversation.database.forTenant(workspaceId).count(ChannelSetting)).toBe(0);
  });

  it('take texts and targets away by what stands for none, and leave alone what is left out', async () => {
    const channelId = await connect();
    const fields =
      'greetingText awayText awayEveryHours firstResponseMinutes resolutionMinutes privacyNoticeUrl privacyNoticeVersion';
    const set = async (input: Record<string, unknown>) =>
      (
        await ask(
          `mutation ($input: UpdateChannelSettingsInput!) {
            updateChannelSettings(input: $input) { ... on ChannelSettings { ${fields} } }
          }`,
          { input: { channelId, ...input } },
        )
      ).data['updateChannelSettings'];
    expect(await set({ privacyNoticeUrl: 'https://muster.example', privacyNoticeVersion: ' 1 ' })).toMatchObject({
      privacyNoticeVersion: '1',
    });
    expect(await set({ privacyNoticeUrl: '' })).toMatchObject({ privacyNoticeUrl: null, privacyNoticeVersion: null });
    await set({ greetingText: ' Hallo! ', awayText: 'Morgen', firstResponseMinutes: 60, resolutionMinutes: 600 });
    expect(await set({ awayText: '', firstResponseMinutes: 0, awayEveryHours: 3 })).toEqual({
      greetingText: 'Hallo!',
      awayText: null,
      awayEveryHours: 3,
      firstResponseMinutes: null,
      resolutionMinutes: 600,
      privacyNoticeUrl: null,
      privacyNoticeVersion: null,
    });
  });

  it('are for those who may change how the inbox works', async () => {
    const agent = await conversation.tokenOf(workspaceId, ['conversation:read', 'conversation:update']);
    expect((await read(newId(), agent)).errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
    expect((await update({ channelId: newId() }, agent)).errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
  });
});
