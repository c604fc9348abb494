import { CUSTOMER_TYPING_SUBJECTS, type CustomerTyping } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe, type Subscriber } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { asker, openConversation, type Asker } from '../testing/inbox.js';
import { TYPING, VIEWING } from './presence-map.js';
import type { Presence } from './presence.js';
import { followPresence } from './presence.subscription.js';

type Named = Asker & { id: string; name: string };
interface State {
  presenceEvents: { asOf: string; viewers: { member: { id: string }; isTyping: boolean }[] };
}

let running: RunningConversation;
let now = new Date();
let workspaceId: string;
let anna: Named;
let ben: Named;
let conversationId: string;
const names = new Map<string, string>();
const heard: CustomerTyping[] = [];
const subscribers: Subscriber<State>[] = [];

beforeAll(async () => {
  running = await startConversation({ now: () => now });
  running.connection.subscribe(CUSTOMER_TYPING_SUBJECTS, {
    callback: (_, message) => {
      heard.push(message.json<CustomerTyping>());
    },
  });
});
afterAll(async () => {
  await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
  await running.stop();
});
beforeEach(async () => {
  now = new Date();
  heard.length = 0;
  workspaceId = newId();
  [anna, ben] = await Promise.all([member('anna'), member('ben')]);
  conversationId = await openConversation(running, workspaceId, anna);
});

async function member(name: string, at: Pick<RunningConversation, 'url'> = running, id = newId()): Promise<Named> {
  names.set(id, name);
  return { ...asker(at, await running.tokenOf(workspaceId, undefined, { id })), id, name };
}
const pass = (ms: number) => (now = new Date(now.getTime() + ms));
const view = (by: Asker, id: string | null = conversationId, place = '') =>
  by.mutate(
    'setViewing',
    '$conversationId: ID, $place: String',
    '... on Heartbeat { repeatAfterSeconds } ... on InvalidInput { field }',
    { conversationId: id, place },
  );
const type = (by: Asker, more: Record<string, unknown> = {}) =>
  by.mutate(
    'setTyping',
    '$conversationId: ID!, $isTyping: Boolean!, $isReply: Boolean',
    '... on Heartbeat { repeatAfterSeconds }',
    {
      conversationId,
      isTyping: true,
      ...more,
    },
  );
const shown = (viewers: { member: { id: string }; isTyping: boolean }[]) =>
  viewers.map(({ member: { id }, isTyping }) => `${names.get(id)}${isTyping ? '…' : ''}`);
const viewersSeenBy = async (by: Asker, id = conversationId) => {
  const query = 'query ($id: ID!) { conversation(id: $id) { viewers { member { id } since isTyping } } }';
  const { conversation } = await by.ask<{ conversation: { viewers: State['presenceEvents']['viewers'] } }>(query, {
    id,
  });
  return shown(conversation.viewers);
};
const PRESENCE = `subscription ($id: ID!) {
  presenceEvents(conversationId: $id) { asOf viewers { member { id } isTyping } }
}`;
function follow(token: string, { url = running.url, id = conversationId } = {}): Subscriber<State> {
  const subscriber = subscribe<State>(url, PRESENCE, token, { id });
  subscribers.push(subscriber);
  return subscriber;
}
const states = ({ received }: Subscriber<State>) => received.map(({ presenceEvents }) => shown(presenceEvents.viewers));
const becomes = (subscriber: Subscriber<State>, ...expected: string[][]) =>
  eventually(() => expect(states(subscriber)).toEqual(expected));

describe('who looks at a conversation', () => {
  it('is part of it, and told live: first as it is, then as it changes, and of another conversation nothing', async () => {
    const other = await openConversation(running, workspaceId, anna);
    expect(await view(anna)).toMatchObject({ __typename: 'Heartbeat', repeatAfterSeconds: 20 });
    expect(await viewersSeenBy(ben)).toEqual(['anna']);
    const live = follow(ben.token);
    await becomes(live, ['anna']);
    await view(ben);
    await becomes(live, ['anna'], ['anna', 'ben']);
    await view(ben, other);
    await becomes(live, ['anna'], ['anna', 'ben'], ['anna']);
    await view(anna, null);
    await becomes(live, ['anna'], ['anna', 'ben'], ['anna'], []);
    expect(await viewersSeenBy(anna, other)).toEqual(['ben']);
  });

  it('vanishes when they are silent, without anybody’s help, and stays while they are not', async () => {
    await view(anna);
    await view(ben);
    const live = follow(ben.token);
    await becomes(live, ['anna', 'ben']);
    pass(VIEWING.repeatMs);
    await view(ben);
    pass(VIEWING.ttlMs - VIEWING.repeatMs);
    expect(await viewersSeenBy(anna)).toEqual(['ben']);
    await becomes(live, ['anna', 'ben'], ['ben']);
  });

  it('looks from two places at once, each by itself', async () => {
    const other = await openConversation(running, workspaceId, anna);
    await view(anna, conversationId, 'tab 1');
    await view(anna, other, 'tab 2');
    expect([await viewersSeenBy(ben), await viewersSeenBy(ben, other)]).toEqual([['anna'], ['anna']]);
    await view(anna, other, 'tab 1');
    expect([await viewersSeenBy(ben), await viewersSeenBy(ben, other)]).toEqual([[], ['anna']]);
  });

  it('types until they stop, or fall silent', async () => {
    const live = follow(ben.token);
    await becomes(live, []);
    expect(await type(anna)).toMatchObject({ repeatAfterSeconds: 3 });
    await becomes(live, [], ['anna…']);
    await type(anna, { isTyping: false });
    await becomes(live, [], ['anna…'], []);
    await type(anna);
    await becomes(live, [], ['anna…'], [], ['anna…']);
    pass(TYPING.ttlMs + 10);
    await becomes(live, [], ['anna…'], [], ['anna…'], []);
  });

  it('is sampled: many changes are few events, and the last one is right', async () => {
    const live = follow(ben.token);
    await becomes(live, []);
    const crowd = await Promise.all(Array.from({ length: 100 }, (_, index) => member(`m${index}`)));
    await Promise.all(crowd.map((each) => view(each)));
    await eventually(() => expect(states(live).at(-1)).toHaveLength(100));
    expect(live.received.length).toBeLessThan(50);
    expect(new Set(states(live).at(-1)).size).toBe(100);
  });

  it('says whether members are online, and when they were last', async () => {
    const of = async (id: string, by: Asker = anna) => {
      const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Member { isOnline lastSeenAt } } }`;
      return (await by.ask<{ _entities: unknown[] }>(query, { r: [{ __typename: 'Member', id }] }))._entities[0];
    };
    await running.database
      .forTenant(workspaceId)
      .execute(
        `insert into member (workspace_id, id, name, status, permissions) values (?, ?, 'Ben', 'ACTIVE', '{}')`,
        [workspaceId, ben.id],
      );
    expect(await of(ben.id)).toEqual({ isOnline: false, lastSeenAt: null });
    await view(ben, null);
    const seen = now.toISOString();
    expect(await of(ben.id)).toEqual({ isOnline: true, lastSeenAt: seen });
    pass(VIEWING.ttlMs);
    expect(await of(ben.id)).toEqual({ isOnline: false, lastSeenAt: seen });
    const stranger = asker(running, await running.tokenOf(newId()));
    expect(await of(ben.id, stranger)).toBeNull();
  });
});

describe('several processes', () => {
  it('agree, and one that starts knows what the others know', async () => {
    await view(anna);
    await type(anna);
    const other = await running.startAnother();
    const benThere = await member('ben', other, ben.id);
    expect(await viewersSeenBy(benThere)).toEqual(['anna…']);
    const here = follow(anna.token);
    const there = follow(ben.token, { url: other.url });
    await Promise.all([becomes(here, ['anna…']), becomes(there, ['anna…'])]);
    await view(benThere);
    await Promise.all([becomes(here, ['anna…'], ['anna…', 'ben']), becomes(there, ['anna…'], ['anna…', 'ben'])]);
    await view(ben, null);
    await becomes(there, ['anna…'], ['anna…', 'ben'], ['anna…']);
    await there.stop();
    await other.stop();
    expect(await viewersSeenBy(anna)).toEqual(['anna…']);
  });

  it('agree on when somebody was last there, though that is long ago', async () => {
    const lastSeenAt = now.toISOString();
    await view(ben);
    await running.database
      .forTenant(workspaceId)
      .execute(
        `insert into member (workspace_id, id, name, status, permissions) values (?, ?, 'Ben', 'ACTIVE', '{}')`,
        [workspaceId, ben.id],
      );
    pass(3_600_000);
    const other = await running.startAnother();
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Member { isOnline lastSeenAt } } }`;
    for (const by of [anna, await member('anna', other, anna.id)]) {
      const { _entities } = await by.ask<{ _entities: unknown[] }>(query, {
        r: [{ __typename: 'Member', id: ben.id }],
      });
      expect(_entities).toEqual([{ isOnline: false, lastSeenAt }]);
    }
    await other.stop();
  });
});

describe('who may not see the conversation', () => {
  it('is told nothing, and is nowhere', async () => {
    const stranger = asker(running, await running.tokenOf(newId()));
    expect(await view(stranger)).toMatchObject({ __typename: 'NotFound' });
    expect(await type(stranger)).toMatchObject({ __typename: 'NotFound' });
    expect(await view(anna, 'x')).toMatchObject({ __typename: 'NotFound' });
    expect(await view(anna, conversationId, 'x'.repeat(65))).toMatchObject({
      __typename: 'InvalidInput',
      field: 'place',
    });
    const program = asker(running, await running.tokenOf(workspaceId, undefined, { kind: 'api_key' }));
    expect(await view(program)).toMatchObject({ __typename: 'Forbidden' });
    expect(await viewersSeenBy(anna)).toEqual([]);
    const foreign = follow(stranger.token);
    await eventually(() => expect(JSON.stringify(foreign.errors)).toContain('NOT_FOUND'));
    expect(foreign.received).toEqual([]);
  });

  it('is told nothing more once it became somebody else’s', async () => {
    const channelIds = [running.channelId];
    const agent = await running.tokenOf(workspaceId, ['conversation:read'], { channelIds });
    const [theirs, live] = [follow(agent), follow(anna.token)];
    await Promise.all([becomes(theirs, []), becomes(live, [])]);
    const em = running.database.forTenant(workspaceId);
    await em.execute('update conversation set team_id = ? where id = ?', [newId(), conversationId]);
    // Whether one may see it is known for half a second.
    for (let viewed = 0; states(live).length < 4; viewed += 1) {
      await view(anna, viewed % 2 === 0 ? conversationId : null);
      await eventually(() => expect(states(live)).toHaveLength(viewed + 2));
    }
    expect(states(theirs).length).toBeLessThan(states(live).length);
  });

  it('is done with it then, though nobody comes or goes', async () => {
    const nobody = { viewers: () => [], watch: () => () => {} } as Partial<Presence> as Presence;
    const ctx = requestContext(running.database, {
      workspaceId,
      channelIds: [running.channelId],
      permissions: ['conversation:read'],
    });
    ctx.app.presence = nobody;
    const events = followPresence(ctx, conversationId, new AbortController().signal, 10);
    expect(await events.next()).toMatchObject({ done: false });
    const end = events.next();
    const em = running.database.forTenant(workspaceId);
    await em.execute('update conversation set team_id = ? where id = ?', [newId(), conversationId]);
    expect(await end).toMatchObject({ done: true });
  });
});

describe('the customer', () => {
  const shows = async (showsTyping: boolean) => {
    await running.connectChannel(workspaceId);
    return anna.ask('mutation ($i: UpdateChannelSettingsInput!) { updateChannelSettings(input: $i) { __typename } }', {
      i: { channelId: running.channelId, showsTyping },
    });
  };

  it('sees that somebody types a reply, at most every 20 seconds, if the channel shows such things', async () => {
    await type(anna);
    pass(20_000);
    await shows(true);
    await type(anna, { isReply: false });
    await type(anna, { isTyping: false });
    expect(heard).toEqual([]);
    await type(anna);
    await type(anna);
    const hint = {
      workspaceId,
      channelId: running.channelId,
      providerMessageId: expect.stringMatching(/^wamid/) as string,
    };
    await eventually(() => expect(heard).toEqual([hint]));
    pass(20_000);
    await type(ben);
    await eventually(() => expect(heard).toEqual([hint, hint]));
  });

  it('does not see who may not reply now, nor anything once the window is closed', async () => {
    await shows(true);
    await anna.mutate('claimConversation', '$conversationId: ID!', '', { conversationId });
    await type(ben);
    const reader = asker(running, await running.tokenOf(workspaceId, ['conversation:read', 'conversation:read_all']));
    await type(reader);
    pass(2 * 86_400_000);
    await type(ben);
    // Something that is passed on comes after all that was not.
    now = new Date();
    await type(anna, { conversationId: await openConversation(running, workspaceId, anna) });
    await eventually(() => expect(heard).toHaveLength(1));
  });

  it('waits for who types: their claim holds on', async () => {
    await anna.mutate('claimConversation', '$conversationId: ID!', '', { conversationId });
    for (let step = 0; step < 3; step += 1) {
      pass(45_000);
      await type(anna);
    }
    expect(await ben.send(conversationId)).toMatchObject({ __typename: 'ClaimedByOther' });
  });
});
