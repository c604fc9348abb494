import { availabilityChanged, memberChanged, teamChanged, type MemberChanged } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { TeamMember } from '../directory/directory.entity.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';
import { ABSENT_AFTER_MS } from './availability.rule.js';

let running: RunningConversation;
let workspaceId: string;
let now = new Date('2026-11-22T09:00:00Z');
let tokens: Record<'anna' | 'bert' | 'manager' | 'outsider', string>;
const statements: string[] = [];
const [anna, bert, team] = [newId(), newId(), newId()];

beforeAll(async () => {
  running = await startConversation({ now: () => now, onStatement: (text) => statements.push(text) });
});
afterAll(() => running.stop());
beforeEach(async () => {
  workspaceId = newId();
  const permissions = [
    'team:read',
    'conversation:read',
    'conversation:update',
    'message:read',
    'message:send',
  ] as const;
  const member = (memberId: string): MemberChanged => ({
    memberId,
    name: 'Somebody',
    status: 'ACTIVE',
    permissions: [...permissions],
  });
  await running.publish(workspaceId, memberChanged, member(anna), member(bert));
  await running.publish(workspaceId, teamChanged, { teamId: team, memberIds: [anna], channelIds: [] });
  await eventually(async () => expect(await running.database.forTenant(workspaceId).count(TeamMember)).toBe(1));
  tokens = {
    anna: await running.tokenOf(workspaceId, permissions, { id: anna, teamIds: [team] }),
    bert: await running.tokenOf(workspaceId, permissions, { id: bert }),
    manager: await running.tokenOf(workspaceId, [
      'team:read',
      'conversation:manage',
      'conversation:read',
      'conversation:read_all',
    ]),
    outsider: await running.tokenOf(workspaceId, ['member:read']),
  };
});

const later = (ms: number) => (now = new Date(now.getTime() + ms));
const query = (who: keyof typeof tokens, text: string, variables: Record<string, unknown> = {}) =>
  request<Record<string, unknown>>(running.url, text, { token: tokens[who], variables });
async function ask(who: keyof typeof tokens, text: string, variables: Record<string, unknown> = {}) {
  const { data, errors } = await query(who, text, variables);
  expect(errors).toBeUndefined();
  return Object.values(data)[0];
}
const choose = (who: keyof typeof tokens, choice: string) =>
  ask(who, `mutation { setAvailability(choice: ${choice}) { status choice since } }`);
const beat = (who: keyof typeof tokens) => ask(who, 'mutation { heartbeat { status choice since } }');
const reference = (who: keyof typeof tokens, typename: string, id: string, fields: string) =>
  ask(who, `query ($r: [_Any!]!) { _entities(representations: $r) { ... on ${typename} { ${fields} } } }`, {
    r: [{ __typename: typename, id }],
  }) as Promise<(Record<string, unknown> | null)[]>;
const seen = async (who: keyof typeof tokens, of = anna) =>
  (await reference(who, 'Member', of, 'availability { status choice }'))[0]?.['availability'];
const told = async () =>
  (await readLog(running.database.forTenant(workspaceId), 0, 100))
    .filter(({ name }) => name === availabilityChanged.name)
    .map(({ data }) => (data as { status: string }).status);

describe('availability', () => {
  it('is what the member chose, and colleagues are told each change once', async () => {
    expect(await seen('bert')).toEqual({ status: 'OFFLINE', choice: null });
    const start = now.toISOString();
    expect(await choose('anna', 'ONLINE')).toEqual({ status: 'ONLINE', choice: 'ONLINE', since: start });
    later(1_000);
    expect(await choose('anna', 'ONLINE')).toMatchObject({ since: start });
    await choose('anna', 'BUSY');
    expect(await seen('bert')).toEqual({ status: 'BUSY', choice: 'BUSY' });
    expect(await told()).toEqual(['ONLINE', 'BUSY']);
  });

  it('ends when nothing is heard for two minutes, and is back with the next heartbeat', async () => {
    await choose('anna', 'ONLINE');
    later(ABSENT_AFTER_MS - 1);
    expect(await beat('anna')).toMatchObject({ status: 'ONLINE' });
    later(ABSENT_AFTER_MS - 1);
    expect(await seen('bert')).toMatchObject({ status: 'ONLINE' });
    later(1);
    expect(await seen('bert')).toEqual({ status: 'OFFLINE', choice: 'ONLINE' });
    await eventually(async () => expect(await told()).toEqual(['ONLINE', 'OFFLINE']));
    expect(await beat('anna')).toMatchObject({ status: 'ONLINE', choice: 'ONLINE' });
    expect(await told()).toEqual(['ONLINE', 'OFFLINE', 'ONLINE']);
  });

  it('costs a look at one row for a heartbeat that comes soon after another', async () => {
    await choose('anna', 'ONLINE');
    later(5_000);
    const before = statements.filter(
      (text) => /^(insert|update)/i.test(text.trim()) && text.includes('availability'),
    ).length;
    await beat('anna');
    const after = statements.filter(
      (text) => /^(insert|update)/i.test(text.trim()) && text.includes('availability'),
    ).length;
    expect(after).toBe(before);
  });

  it('is nobody’s who never chose, and no program’s', async () => {
    expect(await beat('anna')).toEqual({ status: 'OFFLINE', choice: null, since: null });
    expect(await told()).toEqual([]);
    const program = await running.tokenOf(workspaceId, ['conversation:update'], { kind: 'api_key' });
    const { errors } = await request(running.url, 'mutation { setAvailability(choice: ONLINE) { status } }', {
      token: program,
    });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  it('is told live to everybody who may read conversations', async () => {
    const subscriber = subscribe<{ inboxEvents: Record<string, unknown> }>(
      running.url,
      'subscription { inboxEvents { __typename ... on AvailabilityChanged { status member { id } by { member { id } } } } }',
      tokens.bert,
    );
    await eventually(() => expect(subscriber.received).toHaveLength(1));
    await choose('anna', 'AWAY');
    await eventually(() => {
      expect(subscriber.received[1]?.inboxEvents).toEqual({
        __typename: 'AvailabilityChanged',
        status: 'AWAY',
        member: { id: anna },
        by: { member: { id: anna } },
      });
    });
    await subscriber.stop();
  });

  it('is not shown to who may not see conversations, nor of members that there are not', async () => {
    expect(await reference('outsider', 'Member', anna, 'availability { status } workload { open }')).toEqual([null]);
    expect(await reference('bert', 'Member', newId(), 'availability { status }')).toEqual([null]);
  });
});

describe('settings of routing', () => {
  const REFUSAL = '... on UserError { code } ... on InvalidInput { field } ... on NotFound { field }';
  const setRouting = (who: keyof typeof tokens, teamId: string, more = 'mode: LEAST_BUSY, returningMinutes: 30') =>
    query(
      who,
      `mutation ($teamId: ID!) { setTeamRouting(teamId: $teamId, ${more}) {
        __typename ... on Team { id routing { mode returningMinutes } queue { count oldestWaitingSince } } ${REFUSAL}
      } }`,
      { teamId },
    );
  const setCapacity = (who: keyof typeof tokens, memberId: string, capacity = 7) =>
    query(
      who,
      `mutation ($memberId: ID!) { setMemberCapacity(memberId: $memberId, capacity: ${capacity}) {
        __typename ... on Member { id workload { open capacity } } ${REFUSAL}
      } }`,
      { memberId },
    );

  it('hold until they are changed again', async () => {
    expect((await setRouting('manager', team)).data).toEqual({
      setTeamRouting: {
        __typename: 'Team',
        id: team,
        routing: { mode: 'LEAST_BUSY', returningMinutes: 30 },
        queue: { count: 0, oldestWaitingSince: null },
      },
    });
    expect((await setRouting('manager', team, 'mode: OFF')).data).toMatchObject({
      setTeamRouting: { routing: { mode: 'OFF', returningMinutes: null } },
    });
    expect((await setCapacity('manager', bert)).data).toEqual({
      setMemberCapacity: { __typename: 'Member', id: bert, workload: { open: 0, capacity: 7 } },
    });
    expect(await reference('bert', 'Member', anna, 'workload { capacity }')).toEqual([{ workload: { capacity: 5 } }]);
  });

  it('refuse what is too much, too little or not there, and name the field', async () => {
    const invalid = (field: string) => ({ __typename: 'InvalidInput', code: 'INVALID_INPUT', field });
    const missing = (field: string) => ({ __typename: 'NotFound', code: 'NOT_FOUND', field });
    for (const minutes of [-1, 10_081]) {
      const { data } = await setRouting('manager', team, `mode: ROUND_ROBIN, returningMinutes: ${minutes}`);
      expect(data).toEqual({ setTeamRouting: invalid('returningMinutes') });
    }
    for (const capacity of [-1, 501]) {
      expect((await setCapacity('manager', bert, capacity)).data).toEqual({ setMemberCapacity: invalid('capacity') });
    }
    for (const id of [newId(), 'x']) {
      expect((await setRouting('manager', id)).data).toEqual({ setTeamRouting: missing('teamId') });
      expect((await setCapacity('manager', id)).data).toEqual({ setMemberCapacity: missing('memberId') });
    }
    expect(await reference('bert', 'Team', team, 'routing { mode }')).toEqual([{ routing: { mode: 'OFF' } }]);
  });

  it('are for those alone who manage the inbox', async () => {
    for (const { errors } of [await setRouting('anna', team), await setCapacity('anna', anna)]) {
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
  });

  it('show the queue to the team and to who sees all, and to nobody else', async () => {
    const queue = { queue: { count: 0, oldestWaitingSince: null } };
    expect(await reference('anna', 'Team', team, 'queue { count oldestWaitingSince }')).toEqual([queue]);
    expect(await reference('manager', 'Team', team, 'queue { count oldestWaitingSince }')).toEqual([queue]);
    expect(await reference('bert', 'Team', team, 'queue { count }')).toEqual([{ queue: null }]);
    expect(await reference('anna', 'Team', newId(), 'queue { count }')).toEqual([null]);
  });
});
