import { accessibleWhere, allows, defineAbility, type Actor, type DefineRules, type Permission } from '@fenster/auth';
import { conversationOpened } from '@fenster/contracts';
import { matching, sql, transact } from '@fenster/database';
import { encodeCursor } from '@fenster/graphql';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actorWith } from '../../../test/support/actor.js';
import { request, subscribe } from '../../../test/support/api-client.js';
import { eventually } from '../../../test/support/eventually.js';
import { defineRules } from './ability.js';
import { Conversation } from './conversations/conversation.entity.js';
import { startConversation, type RunningConversation } from './testing/conversation.js';
import { Thread } from './threads/thread.entity.js';

const ids = (count: number) => Array.from({ length: count }, newId);
const TEAMS = ids(3);
const CHANNELS = ids(3);
const MEMBERS = ids(3);
const PERMISSIONS = ['conversation:read', 'conversation:read_all', 'message:send', 'message:read'] as const;

interface Place {
  teamId: string | null;
  assigneeId: string | null;
  channelId: string;
}
const placeOf = fc.record<Place>({
  teamId: fc.constantFrom(null, ...TEAMS),
  assigneeId: fc.constantFrom(null, ...MEMBERS),
  channelId: fc.constantFrom(...CHANNELS),
});
const places = fc.array(placeOf, { minLength: 10, maxLength: 40 });
const rightsOf = fc.record({
  id: fc.constantFrom(...MEMBERS),
  permissions: fc.subarray<Permission>([...PERMISSIONS]),
  teamIds: fc.subarray(TEAMS),
  channelIds: fc.subarray(CHANNELS),
});

let conversation: RunningConversation;
beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());

/** Conversations at these places, and an event for each. */
async function open(workspaceId: string, at: readonly Place[]): Promise<Conversation[]> {
  const { database } = conversation;
  const origin = { actor: { kind: 'system' }, correlationId: 'test' } as const;
  const ctx = { database, workspaceId, now: systemClock, log: createLogger('test', 'silent'), wakeRelay() {}, origin };
  return transact(ctx, async (tx) => {
    const [contactId, now] = [newId(), new Date()];
    const common = { workspaceId, contactId, lastSeq: 0 };
    const dates = { lastMessageAt: now, openedAt: now };
    const rows = at.map((place) => ({
      ...common,
      ...dates,
      ...place,
      id: newId(),
      threadId: newId(),
      status: 'OPEN' as const,
    }));
    const threads = rows.map(({ threadId: id, channelId }) => ({ ...common, id, channelId, createdAt: now }));
    await tx.em.insertMany(Thread, threads);
    await tx.em.insertMany(Conversation, rows);
    for (const { id, threadId, channelId } of rows) {
      const data = { conversationId: id, threadId, channelId, contactId };
      tx.emit(conversationOpened, { entityId: id, data });
    }
    return tx.em.find(Conversation, { id: { $in: rows.map((row) => row.id) } });
  });
}

/** The rule as issue 3 says it, in other words than those of `ability.ts`. */
function isVisible(actor: Actor, row: Place): boolean {
  if (!actor.permissions.includes('conversation:read')) return false;
  if (actor.permissions.includes('conversation:read_all') || row.assigneeId === actor.id) return true;
  if (row.teamId !== null) return actor.teamIds.includes(row.teamId);
  return row.assigneeId === null && actor.channelIds.includes(row.channelId);
}

const sorted = (found: Iterable<string>) => [...found].toSorted();
const idsOf = (rows: readonly { id: string }[]) => sorted(rows.map((row) => row.id));

/** By the condition alone, as MikroORM and as plain SQL have it: the role that moves events sees all workspaces. */
async function listed(actor: Actor, rules: DefineRules, action = 'read'): Promise<string[]> {
  const where = accessibleWhere(defineAbility(actor, rules), action, 'Conversation');
  const em = conversation.database.system();
  const bySql = sql<{ id: string }>`select c.id from conversation c where ${matching(where, 'c')}`;
  const found = idsOf((await bySql.execute(em.getKysely())).rows);
  expect(idsOf(await em.find(Conversation, where))).toEqual(found);
  return found;
}
function allowed(actor: Actor, rules: DefineRules, rows: readonly Conversation[], action = 'read'): string[] {
  const ability = defineAbility(actor, rules);
  return idsOf(rows.filter((row) => allows(ability, action, 'Conversation', row)));
}

describe('the list condition, the check of one object and the filter of live events', () => {
  it('are one rule: random conversations are seen through all of them, or through none', async () => {
    await fc.assert(
      fc.asyncProperty(places, fc.array(rightsOf, { minLength: 2, maxLength: 4 }), async (at, people) => {
        const workspaceId = newId();
        const rows = [...(await open(workspaceId, at)), ...(await open(newId(), at))];
        for (const rights of people) {
          const actor = actorWith({ workspaceId, ...rights });
          const visible = idsOf(rows.filter((row) => row.workspaceId === workspaceId && isVisible(actor, place(row))));
          expect(await listed(actor, defineRules)).toEqual(visible);
          expect(allowed(actor, defineRules, rows)).toEqual(visible);
          const token = await conversation.tokenOf(workspaceId, actor.permissions, actor);
          expect(await inQuery(token)).toEqual(visible);
          expect(await inReferences(token, rows)).toEqual(visible);
          expect(await inEvents(token)).toEqual(visible);
          const colleague = { ...actor, id: newId() };
          const shared = await conversation.tokenOf(workspaceId, colleague.permissions, colleague);
          expect(await inSharedEvents(shared, actor.id)).toEqual(visible);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('let only those reply who see the conversation', async () => {
    const workspaceId = newId();
    const [here] = fc.sample(places, 1) as [Place[]];
    const rows = await open(workspaceId, here);
    await fc.assert(
      fc.asyncProperty(rightsOf, async (rights) => {
        const actor = actorWith({ workspaceId, ...rights });
        const maySend = actor.permissions.includes('message:send');
        const reader = { ...actor, permissions: [...actor.permissions, 'conversation:read' as const] };
        const visible = maySend ? idsOf(rows.filter((row) => isVisible(reader, place(row)))) : [];
        expect(allowed(actor, defineRules, rows, 'send')).toEqual(visible);
        expect(await listed(actor, defineRules, 'send')).toEqual(visible);
      }),
      { numRuns: 50 },
    );
  });

  it('agree whatever the rules', async () => {
    const value = <T>(arbitrary: fc.Arbitrary<T>, values: string[]) => fc.oneof(arbitrary, fc.subarray(values));
    const conditions = fc.record(
      {
        teamId: value(fc.constantFrom(null, ...TEAMS), TEAMS),
        assigneeId: value(fc.constantFrom(null, ...MEMBERS), MEMBERS),
        channelId: value(fc.constantFrom(...CHANNELS), CHANNELS),
        status: fc.constantFrom('OPEN', 'RESOLVED'),
      },
      { requiredKeys: [] },
    );
    const workspaceId = newId();
    const [here, elsewhere] = fc.sample(places, 2) as [Place[], Place[]];
    const rows = [...(await open(workspaceId, here)), ...(await open(newId(), elsewhere))];
    await fc.assert(
      fc.asyncProperty(rightsOf, fc.array(conditions, { maxLength: 4 }), async (rights, several) => {
        const actor = actorWith({ workspaceId, ...rights });
        const rules: DefineRules = (_actor, can) => several.forEach((each) => can('read', 'Conversation', each));
        expect(await listed(actor, rules)).toEqual(allowed(actor, rules, rows));
      }),
      { numRuns: 200 },
    );
  });
});

const place = ({ teamId = null, assigneeId = null, channelId }: Conversation): Place => ({
  teamId,
  assigneeId,
  channelId,
});

async function inQuery(token: string): Promise<string[]> {
  const { data, errors } = await request<{ conversations: { nodes: { id: string }[] } } | null>(
    conversation.url,
    '{ conversations(first: 100) { nodes { id } } }',
    { token },
  );
  if (errors) expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  return idsOf(data?.conversations.nodes ?? []);
}

async function inReferences(token: string, rows: readonly Conversation[]): Promise<string[]> {
  const { data } = await request<{ _entities: ({ id: string; lastSeq: number } | null)[] }>(
    conversation.url,
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Conversation { id lastSeq } } }',
    { token, variables: { r: rows.map(({ id }) => ({ __typename: 'Conversation', id })) } },
  );
  return idsOf(data._entities.filter((each) => each !== null));
}

interface InboxEvent {
  inboxEvents: { __typename: string; audience: readonly string[] | null; conversation?: { id: string } };
}

/** By events for all who have the same rights, of which each says who its audience is, as the gateway asks for them. */
async function inSharedEvents(token: string, memberId: string): Promise<string[]> {
  return inEvents(token, 'shared: true', (audience) => !audience || audience.includes(memberId));
}

async function inEvents(
  token: string,
  shared = '',
  isFor: (audience: readonly string[] | null) => boolean = (audience) => audience === null,
): Promise<string[]> {
  const query = `subscription ($after: Cursor) {
    inboxEvents(after: $after ${shared}) { __typename audience ... on ConversationOpened { conversation { id } } }
  }`;
  const subscriber = subscribe<InboxEvent>(conversation.url, query, token, { after: encodeCursor(0) });
  await eventually(() => {
    const isLive = subscriber.received.at(-1)?.inboxEvents.__typename === 'LiveStarted';
    expect(isLive || JSON.stringify(subscriber.errors).includes('FORBIDDEN')).toBe(true);
  });
  await subscriber.stop();
  const forThem = subscriber.received.filter(({ inboxEvents }) => isFor(inboxEvents.audience));
  return sorted(forThem.flatMap(({ inboxEvents }) => inboxEvents.conversation?.id ?? []));
}
