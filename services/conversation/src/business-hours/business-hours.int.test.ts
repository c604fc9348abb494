import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let token: string;
let now = new Date('2026-11-23T20:00:00Z');
beforeAll(async () => {
  conversation = await startConversation({ now: () => now });
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  now = new Date('2026-11-23T20:00:00Z');
  workspaceId = newId();
  token = await conversation.tokenOf(workspaceId, ['conversation:manage']);
});

const ask = (query: string, variables: Record<string, unknown>, as = token) =>
  request<Record<string, unknown>>(conversation.url, query, { variables, token: as });
const FIELDS = `channelId timeZone weekly { weekday from to } exceptions { date name intervals { from to } }
  now { isOpen nextOpeningAt }`;
const read = async (channelId: string, as = token) =>
  (await ask(`query ($id: ID!) { businessHours(channelId: $id) { ${FIELDS} } }`, { id: channelId }, as)).data[
    'businessHours'
  ];
const set = async (input: Record<string, unknown>, as = token) =>
  (
    await ask(
      `mutation ($input: SetBusinessHoursInput!) {
        setBusinessHours(input: $input) { __typename ... on BusinessHours { ${FIELDS} } ... on InvalidInput { field } ... on NotFound { field } }
      }`,
      { input: { channelId: newId(), timeZone: 'Europe/Berlin', weekly: [], exceptions: [], ...input } },
      as,
    )
  ).data['setBusinessHours'];

describe('the business hours of a channel', () => {
  it('are none until somebody sets them, replace what was, and are gone when they are removed', async () => {
    const channelId = await conversation.connectChannel(workspaceId, { id: newId() });
    expect(await read(channelId)).toBeNull();
    await set({ channelId, weekly: [{ weekday: 'SUNDAY', from: '10:00', to: '12:00' }] });
    const hours = {
      channelId,
      timeZone: 'Europe/Berlin',
      weekly: [{ weekday: 'TUESDAY', from: '09:00', to: '17:00' }],
      exceptions: [{ date: '2026-12-24', name: 'Heiligabend', intervals: [] }],
    };
    const answer = { ...hours, now: { isOpen: false, nextOpeningAt: '2026-11-24T08:00:00.000Z' } };
    expect(await set(hours)).toEqual({ __typename: 'BusinessHours', ...answer });
    expect(await read(channelId)).toEqual(answer);
    await ask(`mutation ($id: ID!) { removeBusinessHours(channelId: $id) }`, { id: channelId });
    expect(await read(channelId)).toBeNull();
  });

  it('of one workspace are not those of another with the same channel id', async () => {
    const channelId = await conversation.connectChannel(workspaceId, { id: newId() });
    const elsewhere = newId();
    await conversation.connectChannel(elsewhere, { id: channelId });
    const other = await conversation.tokenOf(elsewhere, ['conversation:manage']);
    await set({ channelId, timeZone: 'Europe/Berlin' });
    await set({ channelId, timeZone: 'Asia/Kathmandu' }, other);
    expect(await read(channelId)).toMatchObject({ timeZone: 'Europe/Berlin' });
    expect(await read(channelId, other)).toMatchObject({ timeZone: 'Asia/Kathmandu' });
  });

  it.each([
    ['malformed', async () => 'x'],
    ['unknown', async () => newId()],
    ['of another workspace', () => conversation.connectChannel(newId(), { id: newId() })],
  ])('are not found by an id that is %s', async (_, idOf) => {
    const channelId = await idOf();
    expect(await set({ channelId })).toEqual({ __typename: 'NotFound', field: 'channelId' });
    for (const field of ['removeBusinessHours', 'businessHours']) {
      const kind = field === 'businessHours' ? 'query' : 'mutation';
      const selection = field === 'businessHours' ? '{ timeZone }' : '';
      const { errors } = await ask(`${kind} ($id: ID!) { ${field}(channelId: $id) ${selection} }`, { id: channelId });
      expect(errors?.[0]?.extensions).toEqual({ code: 'NOT_FOUND', field: 'channelId' });
    }
  });

  it.each<[Record<string, unknown>, string]>([
    [{ timeZone: 'Europe/Nowhere' }, 'timeZone'],
    [{ timeZone: '+01:00' }, 'timeZone'],
    [{ weekly: [{ weekday: 'MONDAY', from: '9:00', to: '17:00' }] }, 'weekly'],
    [{ weekly: [{ weekday: 'MONDAY', from: '24:00', to: '17:00' }] }, 'weekly'],
    [{ weekly: [{ weekday: 'MONDAY', from: '09:00', to: '24:01' }] }, 'weekly'],
    [{ weekly: Array.from({ length: 51 }, () => ({ weekday: 'MONDAY', from: '09:00', to: '10:00' })) }, 'weekly'],
    [{ exceptions: [{ date: '2026-02-30', intervals: [] }] }, 'exceptions'],
    [{ exceptions: [{ date: '24.12.2026', intervals: [] }] }, 'exceptions'],
    [{ exceptions: ['a', 'b'].map((name) => ({ date: '2026-12-24', name, intervals: [] })) }, 'exceptions'],
    [{ exceptions: [{ date: '2026-12-24', intervals: [], name: 'x'.repeat(101) }] }, 'exceptions'],
  ])('refuse %j, naming the field', async (input, field) => {
    expect(await set(input)).toEqual({ __typename: 'InvalidInput', field });
  });

  it('are for those who may change how the inbox works', async () => {
    const agent = await conversation.tokenOf(newId(), ['conversation:read', 'conversation:update']);
    const answer = await ask(`query ($id: ID!) { businessHours(channelId: $id) { timeZone } }`, { id: newId() }, agent);
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
  });
});
