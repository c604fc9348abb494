import { draftChanged, type DraftChanged, type Envelope } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Message } from '../messages/message.entity.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';
import { asker, openConversation, type Asker } from '../testing/inbox.js';
import { Draft } from './draft.entity.js';

let running: RunningConversation;
let now = new Date();
let workspaceId: string;
let anna: Asker & { id: string };
let ben: Asker & { id: string };
let conversationId: string;

beforeAll(async () => {
  running = await startConversation({ now: () => now });
});
afterAll(() => running.stop());
beforeEach(async () => {
  now = new Date();
  workspaceId = newId();
  const member = async () => {
    const id = newId();
    return { ...asker(running, await running.tokenOf(workspaceId, undefined, { id })), id };
  };
  [anna, ben] = await Promise.all([member(), member()]);
  conversationId = await openConversation(running, workspaceId, anna);
});

const pass = (ms: number) => (now = new Date(now.getTime() + ms));
const DRAFT = '... on Draft { version text isEmpty editedBy { member { id } } }';
const CONFLICT = '... on DraftConflict { draft { version text editedBy { member { id } } } }';
const save = (by: Asker, text: string, expectedVersion: number, more = {}) =>
  by.mutate(
    'saveDraft',
    '$conversationId: ID!, $text: String!, $expectedVersion: Int!',
    `${DRAFT} ${CONFLICT} ... on InvalidInput { field }`,
    { conversationId, text, expectedVersion, ...more },
  );
const remove = (by: Asker, expectedVersion: number) =>
  by.mutate('deleteDraft', '$conversationId: ID!, $expectedVersion: Int!', `${DRAFT} ${CONFLICT}`, {
    conversationId,
    expectedVersion,
  });
const seenBy = async (by: Asker) =>
  (
    await by.ask<{ conversation: { draft: unknown } }>(
      'query ($id: ID!) { conversation(id: $id) { draft { version text isEmpty } } }',
      { id: conversationId },
    )
  ).conversation.draft;
const told = async (): Promise<Envelope<DraftChanged>[]> => {
  const log = await readLog(running.database.forTenant(workspaceId), 0, 1_000);
  return log.filter(({ name }) => name === draftChanged.name) as Envelope<DraftChanged>[];
};
const versions = async () => (await told()).map(({ data }) => data.version);

describe('the shared draft', () => {
  it('is edited by turns, and says who did so last', async () => {
    expect(await seenBy(anna)).toBeNull();
    expect(await save(anna, 'Hallo', 0)).toMatchObject({ __typename: 'Draft', version: 1, text: 'Hallo' });
    expect(await save(ben, 'Hallo Ada', 1)).toMatchObject({ version: 2, editedBy: { member: { id: ben.id } } });
    expect(await seenBy(anna)).toEqual({ version: 2, text: 'Hallo Ada', isEmpty: false });
  });

  it('is not edited by who has not seen what it is now: they get it to merge', async () => {
    expect(await save(anna, 'Hallo', 1)).toMatchObject({ __typename: 'DraftConflict', draft: null });
    await save(anna, 'Hallo', 0);
    const current = { version: 1, text: 'Hallo', editedBy: { member: { id: anna.id } } };
    for (const attempt of [save(ben, 'Guten Tag', 0), save(ben, 'Guten Tag', 2), remove(ben, 0)]) {
      expect(await attempt).toMatchObject({ __typename: 'DraftConflict', code: 'DRAFT_CONFLICT', draft: current });
    }
    expect(await seenBy(anna)).toMatchObject({ version: 1, text: 'Hallo' });
  });

  it('takes one of many edits made at the same moment, and no word of it is lost unnoticed', async () => {
    const writers = [anna, ben, anna, ben, anna, ben];
    for (let version = 0; version < 4; version += 1) {
      const answers = await Promise.all(writers.map((by, index) => save(by, `${version} ${index}`, version)));
      const [made, ...others] = answers.filter(({ __typename }) => __typename === 'Draft');
      expect(others).toEqual([]);
      for (const refused of answers.filter((each) => each !== made)) {
        expect(refused).toMatchObject({
          __typename: 'DraftConflict',
          draft: { version: version + 1, text: made!['text'] },
        });
      }
    }
  });

  it('is told every three seconds while it is edited, the last words too, with who wrote them', async () => {
    for (let version = 0; version < 10; version += 1) await save(anna, `${version}`, version);
    await save(ben, 'last', 10);
    expect(await versions()).toEqual([1]);
    pass(2_999);
    await save(ben, 'very last', 11);
    expect(await versions()).toEqual([1]);
    pass(1);
    await eventually(async () => expect(await versions()).toEqual([1, 12]));
    expect((await told()).at(-1)).toMatchObject({ actor: { kind: 'member', id: ben.id }, data: { isEmpty: false } });
    pass(3_000);
    await save(anna, 'anew', 12);
    expect(await versions()).toEqual([1, 12, 13]);
    expect(JSON.stringify(await told())).not.toMatch(/last|anew/);
  });

  it('is gone at once when it is sent or deleted, and a late edit does not bring it back', async () => {
    await save(anna, 'Ja', 0);
    expect(await anna.send(conversationId, { text: 'Ja' })).toMatchObject({ __typename: 'Message' });
    expect(await seenBy(ben)).toEqual({ version: 2, text: null, isEmpty: true });
    expect(await save(ben, 'Ja!', 1)).toMatchObject({ __typename: 'DraftConflict', draft: { version: 2, text: null } });
    await save(ben, 'Noch etwas', 2);
    expect(await remove(ben, 3)).toMatchObject({ __typename: 'Draft', isEmpty: true, version: 4 });
    expect(await versions()).toEqual([1, 2, 4]);
  });

  it('stays when somebody else sends something else, and when sending is refused', async () => {
    await save(anna, 'Einen Moment', 0);
    const program = asker(running, await running.tokenOf(workspaceId, undefined, { kind: 'api_key', id: newId() }));
    await program.send(conversationId, { text: 'Ihr Paket ist da.' });
    await ben.send(conversationId, { text: 'Guten Tag' });
    expect(await anna.send(conversationId, { text: 'Einen Moment', expectedLastSeq: 1 })).toMatchObject({
      __typename: 'StaleThread',
    });
    expect(await seenBy(anna)).toMatchObject({ text: 'Einen Moment', version: 1 });
    expect(await running.database.forTenant(workspaceId).count(Message, { direction: 'OUTBOUND' })).toBe(2);
  });

  it('keeps the claim of who writes it', async () => {
    await anna.mutate('claimConversation', '$conversationId: ID!', '', { conversationId });
    for (let version = 0; version < 3; version += 1) {
      pass(45_000);
      await save(anna, `${version}`, version);
    }
    pass(45_000);
    expect(await ben.send(conversationId)).toMatchObject({ __typename: 'ClaimedByOther' });
  });

  it('comes live, its words only to those who may read words', async () => {
    const EVENTS = `subscription { inboxEvents { __typename ... on DraftChanged {
      draftVersion isDraftEmpty conversation { draft { text } } by { member { id } } } } }`;
    const blind = await running.tokenOf(workspaceId, ['conversation:read', 'conversation:read_all']);
    const [reader, other] = [ben.token, blind].map((token) =>
      subscribe<{ inboxEvents: Record<string, unknown> }>(running.url, EVENTS, token),
    );
    await eventually(() => expect([reader!.received.length, other!.received.length]).toEqual([1, 1]));
    await save(anna, 'Hallo', 0);
    const event = { __typename: 'DraftChanged', draftVersion: 1, isDraftEmpty: false, by: { member: { id: anna.id } } };
    await eventually(() => {
      expect(reader!.received[1]?.inboxEvents).toEqual({ ...event, conversation: { draft: { text: 'Hallo' } } });
      expect(other!.received[1]?.inboxEvents).toEqual({ ...event, conversation: { draft: { text: null } } });
    });
    await Promise.all([reader!.stop(), other!.stop()]);
  });
});

describe('refused, and nothing is changed', () => {
  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    ['no words', ' \n', {}, { __typename: 'InvalidInput', field: 'text' }],
    ['too many', 'x'.repeat(4_097), {}, { __typename: 'InvalidInput', field: 'text' }],
    ['what cannot be stored', 'a\0b', {}, { __typename: 'InvalidInput', field: 'text' }],
    ['an unknown conversation', 'Hallo', { conversationId: newId() }, { __typename: 'NotFound' }],
  ])('%s', async (_, text, input, refusal) => {
    expect(await save(anna, text, 0, input)).toMatchObject(refusal);
    expect(await running.database.forTenant(workspaceId).count(Draft)).toBe(0);
  });

  it('another workspace', async () => {
    const stranger = asker(running, await running.tokenOf(newId()));
    expect(await save(stranger, 'Hallo', 0)).toMatchObject({ __typename: 'NotFound' });
    expect(await running.database.system().count(Draft, { workspaceId })).toBe(0);
  });
});
