import { PERMISSIONS, type Actor, type Permission } from '@fenster/auth';
import { channelMessageReceived, memberChanged, messageQueued } from '@fenster/contracts';
import { readLog, sql, transact } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Member } from '../directory/directory.entity.js';
import { Label } from '../labels/label.entity.js';
import { Message } from '../messages/message.entity.js';
import { Note } from '../notes/note.entity.js';
import { requestContext } from '../testing/request-context.js';
import { runMacro } from './run-macro.js';
import { customerMessage, POOL_SIZE, startConversation, type RunningConversation } from '../testing/conversation.js';

let conversation: RunningConversation;
let workspaceId: string;
let conversationId: string;
let [anna, labelId, token] = ['', '', ''];
let now = new Date();

beforeAll(async () => {
  conversation = await startConversation({ now: () => now });
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  now = new Date();
  [workspaceId, anna, labelId] = [newId(), newId(), newId()];
  token = await tokenOf(PERMISSIONS, { id: anna });
  await conversation.publish(workspaceId, memberChanged, {
    memberId: anna,
    name: 'Anna Amsel',
    status: 'ACTIVE',
    permissions: [...PERMISSIONS],
  });
  const identity = { phone: '+491700000001', profileName: 'Ada L.' };
  await conversation.publish(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { identity }),
  );
  const em = conversation.database.forTenant(workspaceId);
  conversationId = await eventually(async () => {
    expect(await em.fork().count(Member)).toBe(1);
    return (await em.fork().findOneOrFail(Conversation, { workspaceId })).id;
  });
  await em.insert(Label, { id: labelId, workspaceId, name: 'Rechnung', colour: '#ffffff', createdAt: now });
});

const tokenOf = (permissions: readonly Permission[], rights: Partial<Actor> = {}) =>
  conversation.tokenOf(workspaceId, permissions, rights);

interface Answer {
  __typename: string;
  id: string;
}
async function mutate(mutation: string, input: unknown, as = token): Promise<Answer> {
  const { data, errors } = await request<{ it: Answer }>(conversation.url, mutation, {
    token: as,
    variables: { input },
  });
  expect(errors).toBeUndefined();
  return data.it;
}
const MACRO = `__typename ... on Macro { id name sharing steps { kind text minutes } } ... on UserError { code } ... on InvalidInput { field }`;
const create = (steps: unknown[], more: Record<string, unknown> = {}, as = token) =>
  mutate(
    `mutation ($input: CreateMacroInput!) { it: createMacro(input: $input) { ${MACRO} } }`,
    { sharing: 'PERSONAL', name: 'Makro', steps, idempotencyKey: newId(), ...more },
    as,
  );
const run = (macroId: string, more: Record<string, unknown> = {}, as = token) =>
  mutate(
    `mutation ($input: RunMacroInput!) { it: runMacro(input: $input) {
      __typename ... on Conversation { id status assignee { id } } ... on UserError { code message }
      ... on MacroRefused { step stepCode }
    } }`,
    { macroId, conversationId, idempotencyKey: newId(), ...more },
    as,
  );

/** What there is of the conversation. */
async function state() {
  const em = conversation.database.forTenant(workspaceId);
  const { status, assigneeId, lastSeq } = await em.findOneOrFail(Conversation, { id: conversationId });
  const replies = await em.find(Message, { direction: 'OUTBOUND' }, { orderBy: { seq: 'asc' } });
  const notes = await em.find(Note, {});
  const log = await readLog(em, 0, 1_000);
  return {
    status,
    assigneeId,
    lastSeq,
    replies: replies.map(({ text }) => text),
    notes: notes.map(({ text }) => text),
    queued: log.filter(({ name }) => name === messageQueued.name).length,
  };
}

const STEPS = () => [
  { kind: 'ASSIGN' },
  { kind: 'LABEL', labelIds: [labelId] },
  { kind: 'NOTE', text: 'Von {{agent.firstName}} erledigt' },
  { kind: 'REPLY', text: 'Hallo {{contact.firstName}}, erledigt.' },
  { kind: 'RESOLVE', reason: 'beantwortet' },
];

describe('running a macro', () => {
  it('does all of its steps in order, for whoever runs it, once per key', async () => {
    const { id } = await create(STEPS());
    const key = { idempotencyKey: 'run', expectedLastSeq: 1 };
    const answers = [await run(id, key), await run(id, key)];
    expect(answers).toEqual([
      { __typename: 'Conversation', id: conversationId, status: 'RESOLVED', assignee: { id: anna } },
      { __typename: 'Conversation', id: conversationId, status: 'RESOLVED', assignee: { id: anna } },
    ]);
    expect(await state()).toEqual({
      status: 'RESOLVED',
      assigneeId: anna,
      lastSeq: 2,
      replies: ['Hallo Ada, erledigt.'],
      notes: ['Von Anna erledigt'],
      queued: 1,
    });
  });

  it('needs one connection to the database and no second while it has that: others may have the rest', async () => {
    const { id: macroId } = await create(STEPS());
    const { database } = conversation;
    const ctx = requestContext(database, { workspaceId, id: anna }, () => now);
    const ended = Promise.withResolvers<void>();
    const others = Array.from({ length: POOL_SIZE - 1 }, () => Promise.withResolvers<void>());
    const work = others.map(({ resolve }) =>
      transact(ctx, async (tx) => {
        await sql`select`.execute(tx.sql);
        resolve();
        await ended.promise;
      }),
    );
    await Promise.all(others.map(({ promise }) => promise));
    try {
      await runMacro(ctx, { macroId, conversationId, idempotencyKey: newId() });
    } finally {
      ended.resolve();
      await Promise.all(work);
    }
    expect(await state()).toMatchObject({ replies: ['Hallo Ada, erledigt.'], notes: ['Von Anna erledigt'] });
  });

  it('does nothing if a later step is refused: no reply leaves, and no note stays', async () => {
    const before = await state();
    const { id } = await create([...STEPS(), { kind: 'SET_PENDING' }]);
    expect(await run(id)).toMatchObject({ __typename: 'MacroRefused', step: 5, stepCode: 'CONVERSATION_RESOLVED' });
    expect(await state()).toEqual(before);
  });

  it.each<[string, unknown[], Record<string, unknown>, Record<string, unknown>]>([
    ['a label is gone', [{ kind: 'LABEL', labelIds: [newId()] }], {}, { step: 0, stepCode: 'NOT_FOUND' }],
    ['a canned response is gone', [{ kind: 'REPLY', cannedResponseId: newId() }], {}, { stepCode: 'NOT_FOUND' }],
    [
      'somebody wrote since',
      [
        { kind: 'NOTE', text: 'x' },
        { kind: 'REPLY', text: 'x' },
      ],
      { expectedLastSeq: 0 },
      { step: 1, stepCode: 'STALE_THREAD' },
    ],
  ])('is refused as a whole when %s', async (_, steps, input, refusal) => {
    const before = await state();
    const { id } = await create(steps);
    expect(await run(id, input)).toMatchObject({ __typename: 'MacroRefused', ...refusal });
    expect(await state()).toEqual(before);
  });

  it('is refused when the window is closed, or nobody knows what to put for a placeholder', async () => {
    const { id } = await create([{ kind: 'REPLY', text: 'Hallo {{contact.name}}' }]);
    const blind = await tokenOf(
      PERMISSIONS.filter((permission) => permission !== 'contact:read'),
      { id: anna },
    );
    expect(await run(id, {}, blind)).toMatchObject({ stepCode: 'PLACEHOLDER_MISSING' });
    now = new Date(now.getTime() + 25 * 3_600_000);
    expect(await run(id)).toMatchObject({ stepCode: 'WINDOW_CLOSED' });
    expect(await state()).toMatchObject({ replies: [], queued: 0 });
  });

  it('sends nothing for somebody who may not send, and changes nothing for those who may not see', async () => {
    const { id } = await create(STEPS(), { sharing: 'EVERYBODY' });
    const mute = await tokenOf(['conversation:read', 'conversation:read_all', 'conversation:update', 'contact:read'], {
      id: anna,
    });
    expect(await run(id, {}, mute)).toMatchObject({ __typename: 'MacroRefused', step: 3 });
    const stranger = await tokenOf(['conversation:read', 'conversation:update', 'message:send']);
    expect(await run(id, {}, stranger)).toMatchObject({ __typename: 'NotFound' });
    expect(await run(newId())).toMatchObject({ __typename: 'NotFound' });
    expect(await state()).toMatchObject({ status: 'OPEN', assigneeId: null, replies: [], notes: [] });
  });
});

describe('macros', () => {
  it('are one’s own, or are managed for others', async () => {
    const agent = await tokenOf(['conversation:read']);
    const steps = [{ kind: 'RESOLVE' }];
    const own = await create(steps, { name: 'Meins' }, agent);
    const all = await create(steps, { sharing: 'EVERYBODY', name: 'Aller' });
    expect(await create(steps, { sharing: 'EVERYBODY' }, agent)).toMatchObject({ __typename: 'ManageRequired' });
    const list = async (as: string) =>
      (
        await request<{ macros: { nodes: { name: string }[] } }>(conversation.url, '{ macros { nodes { name } } }', {
          token: as,
        })
      ).data.macros.nodes.map(({ name }) => name);
    expect(await list(agent)).toEqual(['Aller', 'Meins']);
    expect(await list(token)).toEqual(['Aller']);
    const update = (input: unknown, as: string) =>
      mutate(`mutation ($input: UpdateMacroInput!) { it: updateMacro(input: $input) { ${MACRO} } }`, input, as);
    expect(await update({ id: all.id, name: 'x' }, agent)).toMatchObject({ __typename: 'ManageRequired' });
    expect(await update({ id: own.id, name: 'x' }, token)).toMatchObject({ __typename: 'NotFound' });
    expect(await update({ id: own.id, steps: [{ kind: 'SNOOZE', minutes: 5 }] }, agent)).toMatchObject({
      name: 'Meins',
      steps: [{ kind: 'SNOOZE', text: null, minutes: 5 }],
    });
    expect(await update({ id: own.id, steps: [{ kind: 'SNOOZE' }] }, agent)).toMatchObject({ field: 'steps.0.until' });
    const remove = async (id: string, as: string) =>
      (
        await request<{ it: Answer }>(
          conversation.url,
          'mutation ($id: ID!) { it: deleteMacro(id: $id) { __typename ... on MacroDeleted { id } } }',
          { token: as, variables: { id } },
        )
      ).data.it;
    expect(await remove(all.id, agent)).toMatchObject({ __typename: 'ManageRequired' });
    expect(await remove(own.id, agent)).toMatchObject({ id: own.id });
    expect(await list(agent)).toEqual(['Aller']);
  });
});
