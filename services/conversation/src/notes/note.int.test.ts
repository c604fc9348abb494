import { PERMISSIONS, type Actor, type Permission } from '@fenster/auth';
import { channelMessageReceived, memberChanged, teamChanged } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe, type Subscriber } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Activity } from '../activities/activity.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Member, TeamMember } from '../directory/directory.entity.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';
import { Mention } from './mention.entity.js';
import { Note } from './note.entity.js';

const AGENT: readonly Permission[] = ['conversation:read', 'conversation:update', 'message:read', 'member:read'];

let conversation: RunningConversation;
let workspaceId: string;
let conversationId: string;
const teamId = newId();
let [anna, bert, carl] = ['', '', ''];
let now = new Date();

beforeAll(async () => {
  conversation = await startConversation({ now: () => now });
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  now = new Date();
  workspaceId = newId();
  [anna, bert, carl] = [newId(), newId(), newId()];
  conversationId = await open();
  await introduce();
});

/** All three are of the team. */
async function introduce(): Promise<void> {
  const members = [anna, bert, carl].map((memberId) => ({
    memberId,
    name: 'Agent',
    status: 'ACTIVE' as const,
    permissions: [...AGENT],
  }));
  await conversation.publish(workspaceId, memberChanged, ...members);
  await conversation.publish(workspaceId, teamChanged, { teamId, memberIds: [anna, bert, carl], channelIds: [] });
  const em = conversation.database.forTenant(workspaceId);
  await eventually(async () => expect(await em.fork().count(TeamMember)).toBe(3));
}

/** A customer writes; it is the work of the team. */
async function open(): Promise<string> {
  const phone = `+49${Date.now()}`.slice(0, 14);
  await conversation.publish(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { identity: { phone } }),
  );
  const em = conversation.database.forTenant(workspaceId);
  return eventually(async () => {
    const opened = await em.fork().findOneOrFail(Conversation, { teamId: null });
    await em.nativeUpdate(Conversation, { id: opened.id }, { teamId });
    return opened.id;
  });
}

const tokenOf = (id: string, permissions: readonly Permission[] = AGENT, rights: Partial<Actor> = {}) =>
  conversation.tokenOf(workspaceId, permissions, { id, teamIds: [teamId], ...rights });

interface Answered {
  __typename: string;
  id: string;
}
async function mutate(as: string, field: string, query: string, variables: Record<string, unknown>): Promise<Answered> {
  const { data, errors } = await request<Record<string, Answered>>(conversation.url, query, { token: as, variables });
  expect(errors).toBeUndefined();
  return data[field]!;
}
const NOTE = `__typename
  ... on Note { id text afterSeq editedAt author { id } mentionedMembers { id } conversation { id } }
  ... on UserError { code } ... on InvalidInput { field } ... on CannotBeMentioned { memberIds }`;
const add = (as: string, input: Record<string, unknown> = {}) =>
  mutate(as, 'addNote', `mutation ($input: AddNoteInput!) { addNote(input: $input) { ${NOTE} } }`, {
    input: { conversationId, text: 'Bitte prüfen', idempotencyKey: newId(), ...input },
  });
const edit = (as: string, input: Record<string, unknown>) =>
  mutate(as, 'editNote', `mutation ($input: EditNoteInput!) { editNote(input: $input) { ${NOTE} } }`, { input });
const remove = (as: string, id: string) =>
  mutate(
    as,
    'deleteNote',
    `mutation ($id: ID!) { deleteNote(id: $id) { __typename ... on NoteGone { id conversation { id } } ... on UserError { code } } }`,
    { id },
  );

interface MentionsAnswer {
  unreadMentions: number;
  myMentions: {
    nodes: { readAt: string | null; note: { id: string; text: string; conversation: { id: string } } }[];
    nextPage: string | null;
  };
}
const mentionsOf = async (as: string, variables: Record<string, unknown> = {}) => {
  const query = `query ($first: Int = 50, $after: String, $unreadOnly: Boolean = false) {
    unreadMentions
    myMentions(first: $first, after: $after, unreadOnly: $unreadOnly) {
      nodes { readAt note { id text conversation { id } } } nextPage
    }
  }`;
  const { data, errors } = await request<MentionsAnswer>(conversation.url, query, { token: as, variables });
  expect(errors).toBeUndefined();
  return { unread: data.unreadMentions, ...data.myMentions, ids: data.myMentions.nodes.map(({ note }) => note.id) };
};

describe('a note', () => {
  it('is written after the last message, once per key, and read by those with message:read', async () => {
    const input = { idempotencyKey: 'note', mentionedMemberIds: [bert] };
    const [first, again] = [await add(await tokenOf(anna), input), await add(await tokenOf(anna), input)];
    expect(first).toEqual({
      __typename: 'Note',
      id: expect.any(String),
      text: 'Bitte prüfen',
      afterSeq: 1,
      editedAt: null,
      author: { id: anna },
      mentionedMembers: [{ id: bert }],
      conversation: { id: conversationId },
    });
    expect(again).toEqual(first);
    const query = `query ($id: ID!) { conversation(id: $id) { notes { nodes { id text } nextPage } } }`;
    const notes = async (permissions: readonly Permission[]) =>
      (
        await request(conversation.url, query, {
          token: await tokenOf(bert, permissions),
          variables: { id: conversationId },
        })
      ).data;
    const { id } = first;
    expect(await notes(AGENT)).toMatchObject({ conversation: { notes: { nodes: [{ id, text: 'Bitte prüfen' }] } } });
    expect(await notes(['conversation:read'])).toMatchObject({
      conversation: { notes: { nodes: [{ id, text: null }] } },
    });
  });

  it('comes in pages, the latest first', async () => {
    const token = await tokenOf(anna);
    const ids: string[] = [];
    for (const text of ['a', 'b', 'c']) ids.unshift((await add(token, { text })).id);
    const query = `query ($id: ID!, $after: String) { conversation(id: $id) { notes(first: 2, after: $after) { nodes { id } nextPage } } }`;
    const page = async (after: string | null) =>
      (
        await request<{ conversation: { notes: { nodes: { id: string }[]; nextPage: string | null } } }>(
          conversation.url,
          query,
          { token, variables: { id: conversationId, after } },
        )
      ).data.conversation.notes;
    const first = await page(null);
    const last = await page(first.nextPage);
    expect([...first.nodes, ...last.nodes].map(({ id }) => id)).toEqual(ids);
    expect(last.nextPage).toBeNull();
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['no words', { text: ' \n' }, { __typename: 'InvalidInput', field: 'text' }],
    ['too many words', { text: 'x'.repeat(10_001) }, { __typename: 'InvalidInput', field: 'text' }],
    ['what cannot be stored', { text: 'nul\u0000' }, { __typename: 'InvalidInput', field: 'text' }],
    ['a mention of no member', { mentionedMemberIds: ['bert'] }, { field: 'mentionedMemberIds' }],
    ['too many mentions', { mentionedMemberIds: Array.from({ length: 51 }, newId) }, { field: 'mentionedMemberIds' }],
    ['no key', { idempotencyKey: '' }, { __typename: 'InvalidInput', field: 'idempotencyKey' }],
    ['an unknown conversation', { conversationId: newId() }, { __typename: 'NotFound' }],
    ['what is no id', { conversationId: 'x' }, { __typename: 'NotFound' }],
  ])('with %s is refused and changes nothing', async (_, input, refusal) => {
    expect(await add(await tokenOf(anna), input)).toMatchObject(refusal);
    expect(await conversation.database.forTenant(workspaceId).count(Note)).toBe(0);
  });

  it('is edited by its author alone, and deleted by its author or who manages the inbox', async () => {
    const [own, colleague] = [await tokenOf(anna), await tokenOf(bert)];
    const manager = await tokenOf(carl, [...AGENT, 'conversation:manage']);
    const { id } = await add(own);
    for (const token of [colleague, manager]) {
      expect(await edit(token, { id, text: 'anders' })).toMatchObject({ __typename: 'NotTheAuthor' });
    }
    expect(await remove(colleague, id)).toMatchObject({ __typename: 'NotTheAuthor' });
    expect(await edit(own, { id, text: 'genauer' })).toMatchObject({ text: 'genauer', editedAt: now.toISOString() });
    expect(await edit(own, { id, text: '' })).toMatchObject({ __typename: 'InvalidInput', field: 'text' });
    expect(await remove(manager, id)).toMatchObject({
      __typename: 'NoteGone',
      id,
      conversation: { id: conversationId },
    });
    expect(await remove(own, id)).toMatchObject({ __typename: 'NotFound' });
    expect(await edit(own, { id, text: 'noch da?' })).toMatchObject({ __typename: 'NotFound' });
    const em = conversation.database.forTenant(workspaceId);
    expect(await em.find(Activity, { kind: 'NOTE' })).toMatchObject([{ before: id, after: null, actorId: carl }]);
    expect(await em.count(Note)).toBe(0);
  });

  it('is nobody’s business who may not see the conversation', async () => {
    const { id } = await add(await tokenOf(anna));
    const strangers = [
      await tokenOf(bert, AGENT, { teamIds: [newId()] }),
      await conversation.tokenOf(newId(), PERMISSIONS),
    ];
    for (const token of strangers) {
      expect(await add(token)).toMatchObject({ __typename: 'NotFound' });
      expect(await edit(token, { id, text: 'x' })).toMatchObject({ __typename: 'NotFound' });
      expect(await remove(token, id)).toMatchObject({ __typename: 'NotFound' });
    }
    const reader = await tokenOf(bert, ['conversation:read', 'message:read']);
    const refused = await request(conversation.url, `mutation ($id: ID!) { deleteNote(id: $id) { __typename } }`, {
      token: reader,
      variables: { id },
    });
    expect(refused.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
  });
});

describe('mentions', () => {
  it('are found by the member alone, page by page, while they may see the conversation', async () => {
    const token = await tokenOf(anna);
    const ids: string[] = [];
    for (const text of ['a', 'b', 'c']) ids.unshift((await add(token, { text, mentionedMemberIds: [bert] })).id);
    const bertToken = await tokenOf(bert);
    const first = await mentionsOf(bertToken, { first: 2 });
    expect(first).toMatchObject({ unread: 3, ids: ids.slice(0, 2) });
    expect(first.nodes[0]).toMatchObject({ readAt: null, note: { text: 'c', conversation: { id: conversationId } } });
    expect(await mentionsOf(bertToken, { first: 2, after: first.nextPage })).toMatchObject({
      ids: ids.slice(2),
      nextPage: null,
    });
    expect(await mentionsOf(await tokenOf(carl))).toMatchObject({ unread: 0, ids: [] });
    expect(await mentionsOf(await tokenOf(bert, AGENT, { teamIds: [newId()] }))).toMatchObject({ unread: 0, ids: [] });
    expect(await mentionsOf(await conversation.tokenOf(newId(), AGENT, { id: bert }))).toMatchObject({ ids: [] });
  });

  it('are marked as read by the member for themselves', async () => {
    const token = await tokenOf(anna);
    const both = { mentionedMemberIds: [bert, carl] };
    const [one, two] = [await add(token, both), await add(token, both)];
    const [bertToken, carlToken] = [await tokenOf(bert), await tokenOf(carl)];
    const mark = (noteIds: string[]) =>
      mutate(
        bertToken,
        'markMentionsRead',
        `mutation ($noteIds: [ID!]!) { markMentionsRead(noteIds: $noteIds) {
          __typename ... on MentionsMarked { unreadMentions } ... on InvalidInput { field }
        } }`,
        { noteIds },
      );
    expect(await mark([one.id])).toMatchObject({ unreadMentions: 1 });
    expect(await mark([one.id, newId()])).toMatchObject({ unreadMentions: 1 });
    expect(await mentionsOf(bertToken, { unreadOnly: true })).toMatchObject({ ids: [two.id] });
    expect((await mentionsOf(bertToken)).nodes[1]!.readAt).toBe(now.toISOString());
    expect(await mentionsOf(carlToken)).toMatchObject({ unread: 2 });
    for (const noteIds of [[], ['x'], Array.from({ length: 101 }, newId)]) {
      expect(await mark(noteIds)).toMatchObject({ __typename: 'InvalidInput', field: 'noteIds' });
    }
  });

  it('follow an edit and go with the note', async () => {
    const token = await tokenOf(anna);
    const { id } = await add(token, { mentionedMemberIds: [bert] });
    await edit(token, { id, text: 'nur der Text' });
    expect(await mentionsOf(await tokenOf(bert))).toMatchObject({ unread: 1 });
    await edit(token, { id, text: 'doch Carl', mentionedMemberIds: [carl] });
    expect(await mentionsOf(await tokenOf(bert))).toMatchObject({ ids: [] });
    expect(await mentionsOf(await tokenOf(carl))).toMatchObject({ ids: [id] });
    await remove(token, id);
    expect(await conversation.database.forTenant(workspaceId).count(Mention)).toBe(0);
  });
});

describe('who may not see the conversation', () => {
  it('is not mentioned, whether they are of another team, gone, or nobody', async () => {
    const stranger = newId();
    const supervisor = newId();
    const member = { name: 'Agent', status: 'ACTIVE' as const };
    await conversation.publish(
      workspaceId,
      memberChanged,
      { ...member, memberId: stranger, permissions: [...AGENT] },
      { ...member, memberId: supervisor, permissions: [...AGENT, 'conversation:read_all'] },
      { ...member, memberId: carl, permissions: [...AGENT], status: 'REMOVED' },
    );
    const em = conversation.database.forTenant(workspaceId);
    await eventually(async () => expect(await em.fork().count(Member, { status: 'REMOVED' })).toBe(1));
    const token = await tokenOf(anna);
    const nobody = newId();
    const mentionedMemberIds = [bert, stranger, supervisor, carl, nobody];
    const refusal = {
      __typename: 'CannotBeMentioned',
      code: 'CANNOT_BE_MENTIONED',
      memberIds: [stranger, carl, nobody],
    };
    expect(await add(token, { mentionedMemberIds })).toEqual(refusal);
    expect(await em.count(Note)).toBe(0);
    const { id } = await add(token, { mentionedMemberIds: [bert, supervisor] });
    expect(await edit(token, { id, text: 'anders', mentionedMemberIds })).toEqual(refusal);
    expect(await em.findOne(Note, { id })).toMatchObject({ text: 'Bitte prüfen' });
    // As long as it is theirs, even a stranger's to begin with.
    await em.nativeUpdate(Conversation, { id: conversationId }, { assigneeId: stranger });
    expect(await add(token, { mentionedMemberIds: [stranger] })).toMatchObject({ __typename: 'Note' });
  });
});

describe('events of notes', () => {
  const INBOX = `subscription ($after: Cursor) {
    inboxEvents(after: $after) {
      __typename by { member { id } }
      ... on NoteAdded { noteId note { text } conversation { id } }
      ... on NoteEdited { noteId note { text } }
      ... on NoteDeleted { noteId }
      ... on MemberMentioned { noteId note { text mentionedMembers { id } } conversation { id } }
    }
  }`;
  interface Event {
    inboxEvents: { __typename: string; noteId?: string; note?: { text: string | null } | null };
  }
  const isOfNotes = /^(Note|MemberMentioned)/;
  const told = ({ received }: Subscriber<Event>) =>
    received
      .filter(({ inboxEvents }) => isOfNotes.test(inboxEvents.__typename))
      .map(({ inboxEvents: { __typename, note } }) => [
        __typename,
        note === undefined ? undefined : (note?.text ?? null),
      ]);
  const start = Buffer.from('c1.0').toString('base64url');

  it('are told to those who see the conversation, a mention to the member alone', async () => {
    const [bertToken, carlToken] = [await tokenOf(bert), await tokenOf(carl)];
    const supervisor = await tokenOf(newId(), [...AGENT, 'conversation:read_all']);
    const blind = await tokenOf(newId(), ['conversation:read']);
    const strangers = await tokenOf(carl, AGENT, { teamIds: [newId()] });
    const tokens = [bertToken, carlToken, supervisor, blind, strangers];
    const subscribers = tokens.map((token) => subscribe<Event>(conversation.url, INBOX, token));
    await eventually(() => {
      for (const { received } of subscribers) expect(received).toHaveLength(1);
    });
    const own = await tokenOf(anna);
    // Carl may not see it with the rights of `strangers`, and is told so only where he may.
    const { id } = await add(own, { mentionedMemberIds: [bert] });
    await edit(own, { id, text: 'genauer', mentionedMemberIds: [bert, carl] });
    const added = ['NoteAdded', expect.any(String)];
    const edited = ['NoteEdited', 'genauer'];
    const mentioned = ['MemberMentioned', expect.any(String)];
    const without = (kind: string) => [kind, null];
    await eventually(() =>
      expect(subscribers.map((each) => told(each).toSorted())).toEqual([
        [mentioned, added, edited],
        [mentioned, added, edited],
        [added, edited],
        [without('NoteAdded'), without('NoteEdited')],
        [],
      ]),
    );
    await remove(own, id);
    const later = subscribe<Event>(conversation.url, INBOX, bertToken, { after: start });
    await eventually(() =>
      expect(told(later)).toEqual([
        ['NoteAdded', null],
        ['MemberMentioned', null],
        ['NoteEdited', null],
        ['NoteDeleted', undefined],
      ]),
    );
    await Promise.all([...subscribers, later].map((each) => each.stop()));
  });

  it('say whom they are for where a subscription is shared', async () => {
    const SHARED = `subscription ($after: Cursor) {
      inboxEvents(after: $after, shared: true) { __typename audience }
    }`;
    await conversation.database
      .system()
      .execute('update conversation set assignee_id = ? where workspace_id = ?', [carl, workspaceId]);
    await add(await tokenOf(anna), { mentionedMemberIds: [bert, carl] });
    const audiences = async (token: string) => {
      const subscriber = subscribe<{ inboxEvents: { __typename: string; audience: string[] | null } }>(
        conversation.url,
        SHARED,
        token,
        { after: start },
      );
      await eventually(() => expect(subscriber.received.at(-1)?.inboxEvents.__typename).toBe('LiveStarted'));
      await subscriber.stop();
      return subscriber.received.flatMap(({ inboxEvents: { __typename, audience } }) =>
        __typename === 'MemberMentioned' ? [audience] : [],
      );
    };
    expect(await audiences(await tokenOf(newId()))).toEqual([[bert], [carl]]);
    // Of those of another team only the assignee may see it.
    expect(await audiences(await tokenOf(newId(), AGENT, { teamIds: [newId()] }))).toEqual([[carl]]);
  });
});
