import {
  channelMessageReceived,
  conversationStatusChanged,
  satisfactionRated,
  type EventData,
} from '@fenster/contracts';
import { sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import { sendMessage } from '../messages/message.commands.js';
import { Message } from '../messages/message.entity.js';
import { changeConversation } from '../conversations/change-conversation.js';
import { resolving } from '../status/status.commands.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { Survey } from './survey.entity.js';

let conversation: TestConversation;
let workspaceId: string;
let now: Date;
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());
beforeEach(async () => {
  workspaceId = newId();
  now = new Date('2026-11-23T09:00:00Z');
  await sql`insert into channel_setting (workspace_id, channel_id, survey_text, survey_expires_after_hours)
    values (${workspaceId}, ${conversation.channelId}, 'Wie war es? 1 bis 5', 20)`.execute(
    conversation.database.system().getKysely(),
  );
});

const later = (hours: number) => {
  now = new Date(now.getTime() + hours * HOUR_MS);
};
const write = (text: string, identity?: { bsuid: string }) =>
  conversation.receive(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { sentAt: now.toISOString(), text, ...(identity && { identity }) }),
  );
const em = () => conversation.database.forTenant(workspaceId);
const ctx = () => requestContext(conversation.database, { workspaceId, id: newId() }, () => now);
const all = () => em().find(Conversation, {}, { orderBy: { openedAt: 'asc', id: 'asc' } });
const texts = async () =>
  (await em().find(Message, { automation: 'SURVEY' }, { orderBy: { id: 'asc' } })).map(({ text }) => text);
const rated = async () =>
  (await conversation.logOf(workspaceId))
    .filter(({ name }) => name === satisfactionRated.name)
    .map(({ data }) => (data as EventData<typeof satisfactionRated>).score);

/** Somebody resolves it, and the consumer hears of it, as often as it is told. */
async function resolve({ times = 1 } = {}): Promise<void> {
  const [first] = await all();
  await changeConversation(ctx(), first!.id, resolving({}));
  const told = (await conversation.logOf(workspaceId)).findLast(({ name }) => name === conversationStatusChanged.name);
  for (let time = 0; time < times; time += 1) {
    await conversation.receive(
      workspaceId,
      conversationStatusChanged,
      told!.data as EventData<typeof conversationStatusChanged>,
    );
  }
}
async function answer(): Promise<void> {
  const [first] = await all();
  await sendMessage(ctx(), { conversationId: first!.id, text: 'Gern', idempotencyKey: newId() });
}
async function ask(): Promise<void> {
  await write('Hallo');
  await answer();
  await resolve();
}

describe('a survey', () => {
  it('asks once when a conversation is resolved, whatever is repeated and however often it is resolved', async () => {
    await write('Hallo');
    await answer();
    await resolve({ times: 3 });
    expect(await texts()).toEqual(['Wie war es? 1 bis 5']);
    expect(await all()).toMatchObject([{ status: 'RESOLVED', lastSeq: 3 }]);
    await write('Noch etwas');
    await resolve();
    expect(await texts()).toHaveLength(1);
  });

  it('asks all whose conversations are resolved at once', async () => {
    for (const bsuid of ['DE.1', 'DE.2', 'DE.3']) await write('Hallo', { bsuid });
    for (const { id } of await all()) {
      await sendMessage(ctx(), { conversationId: id, text: 'Gern', idempotencyKey: newId() });
      await changeConversation(ctx(), id, resolving({}));
    }
    const told = (await conversation.logOf(workspaceId))
      .filter(({ name }) => name === conversationStatusChanged.name)
      .map(({ data }) => data as EventData<typeof conversationStatusChanged>);
    await conversation.receive(workspaceId, conversationStatusChanged, ...told, ...told);
    expect(await texts()).toHaveLength(3);
    expect((await em().find(Survey, {})).map(({ conversationId }) => conversationId).toSorted()).toEqual(
      (await all()).map(({ id }) => id).toSorted(),
    );
  });

  it('takes a number for the answer: recorded, told, and nothing opens again', async () => {
    await ask();
    later(1);
    await write('4, aber lange gewartet');
    expect(await all()).toMatchObject([{ status: 'RESOLVED', waitingSince: null, lastSeq: 4 }]);
    expect(await em().find(Survey, {})).toMatchObject([
      { score: 4, comment: 'aber lange gewartet', answeredAt: now, askedAt: new Date('2026-11-23T09:00:00Z') },
    ]);
    expect(await rated()).toEqual([4]);
  });

  it('takes one answer; the next number is a message like any other', async () => {
    await ask();
    await write('4');
    later(0.1);
    await write('5');
    expect(await rated()).toEqual([4]);
    expect(await all()).toMatchObject([{ status: 'OPEN' }]);
  });

  it('leaves what is no number to people', async () => {
    await ask();
    await write('3 Fragen habe ich noch');
    expect(await all()).toMatchObject([{ status: 'OPEN', waitingSince: now }]);
    expect(await rated()).toEqual([]);
  });

  it('awaits no answer after it expired', async () => {
    await ask();
    later(20);
    await write('5');
    expect(await rated()).toEqual([]);
    expect(await all()).toMatchObject([{ status: 'OPEN' }]);
  });

  it('is not sent when the window is over, nor to whom nobody answered', async () => {
    await write('Hallo');
    await resolve();
    expect(await texts()).toEqual([]);
    later(1);
    await write('Nochmal');
    await answer();
    later(24);
    await resolve();
    expect(await texts()).toEqual([]);
    expect(await em().count(Survey)).toBe(0);
  });
});
