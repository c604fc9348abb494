import { channelChanged, channelMessageReceived, messageQueued, serviceLevelBreached } from '@fenster/contracts';
import { sql } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeConversation } from '../conversations/change-conversation.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { sendMessage } from '../messages/message.commands.js';
import { Message } from '../messages/message.entity.js';
import { ServiceLevelClock } from '../service-levels/service-level.entity.js';
import { resolving } from '../status/status.commands.js';
import { ConversationServiceLevelResolver } from '../service-levels/service-level.resolver.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { runDueTimers } from '../timers/timer-runner.js';
import { timers } from '../timers/timers.js';

let conversation: TestConversation;
let workspaceId: string;
let now: Date;
const MINUTE_MS = 60_000;

beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());
beforeEach(() => {
  workspaceId = newId();
  // A Monday, ten o'clock in Berlin.
  now = new Date('2026-11-23T09:00:00Z');
});

const execute = (query: ReturnType<typeof sql>) => query.execute(conversation.database.system().getKysely());
async function configure(settings: Record<string, string | number>): Promise<void> {
  const row = JSON.stringify({ workspace_id: workspaceId, channel_id: conversation.channelId, ...settings });
  const columns = sql.raw(['workspace_id', 'channel_id', ...Object.keys(settings)].join(', '));
  await execute(sql`insert into channel_setting (${columns})
    select ${columns} from jsonb_populate_record(null::channel_setting, ${row}::jsonb)`);
  const weekly = [1, 2, 3, 4, 5].map((weekday) => ({ weekday, from: '09:00', to: '17:00' }));
  await execute(sql`insert into business_hours (workspace_id, channel_id, time_zone, weekly, exceptions)
    values (${workspaceId}, ${conversation.channelId}, 'Europe/Berlin', ${JSON.stringify(weekly)}, '[]')`);
}
const write = (overrides: Parameters<typeof customerMessage>[1] = {}) =>
  conversation.receive(
    workspaceId,
    channelMessageReceived,
    customerMessage(conversation.channelId, { sentAt: now.toISOString(), ...overrides }),
  );
const look = () => {
  const log = createLogger('test', 'silent');
  return runDueTimers({ database: conversation.database, now: () => now, log, wakeRelay: () => {} }, timers);
};
async function lookIn(minutes: number): Promise<void> {
  now = new Date(now.getTime() + minutes * MINUTE_MS);
  await look();
}
const only = async () => (await conversation.database.forTenant(workspaceId).find(Conversation, {}))[0]!;
async function reply(): Promise<void> {
  const ctx = requestContext(conversation.database, { workspaceId, id: newId() }, () => now);
  await sendMessage(ctx, { conversationId: (await only()).id, text: 'Ja', idempotencyKey: newId() });
}
async function resolve(): Promise<void> {
  const ctx = requestContext(conversation.database, { workspaceId, id: newId() }, () => now);
  await changeConversation(ctx, (await only()).id, resolving({}));
}
const automations = async () =>
  (await conversation.database.forTenant(workspaceId).find(Message, {}, { orderBy: { threadId: 'asc', seq: 'asc' } }))
    .filter(({ direction }) => direction === 'OUTBOUND')
    .map(({ automation, text }) => `${automation ?? 'REPLY'} ${text}`);

describe('what Fenster answers by itself', () => {
  const both = { greeting_text: 'Hallo!', away_text: 'Morgen wieder.' };

  it('goes out once to a new conversation, through the log, by nobody in particular', async () => {
    await configure(both);
    await write();
    for (let time = 0; time < 3; time += 1) await look();
    await write();
    await look();
    expect(await automations()).toEqual(['GREETING Hallo!']);
    const queued = (await conversation.logOf(workspaceId)).filter(({ name }) => name === messageQueued.name);
    expect(queued).toMatchObject([{ actor: { kind: 'system' }, data: { text: 'Hallo!', seq: 2 } }]);
    expect(queued[0]!.data).not.toHaveProperty('authorId');
  });

  it('goes out once, however many processes look at the same moment', async () => {
    await configure(both);
    await write();
    await Promise.all([look(), look(), look(), look()]);
    expect(await automations()).toEqual(['GREETING Hallo!']);
  });

  it('is no response: the customer waits on', async () => {
    await configure(both);
    await write();
    await look();
    expect(await only()).toMatchObject({ waitingSince: now, firstResponseAt: null, lastSeq: 2 });
  });

  it('outside hours tells that nobody is there, in place of the greeting, and once in so many hours', async () => {
    await configure({ ...both, away_every_hours: 3 });
    now = new Date('2026-11-23T20:00:00Z');
    await write();
    await look();
    await lookIn(60);
    await write();
    await look();
    expect(await automations()).toEqual(['AWAY Morgen wieder.']);
    await lookIn(120);
    await write();
    await look();
    expect(await automations()).toEqual(['AWAY Morgen wieder.', 'AWAY Morgen wieder.']);
  });

  it('is noted in the workspace alone that it went out of', async () => {
    await configure({ ...both, away_every_hours: 3 });
    now = new Date('2026-11-23T20:00:00Z');
    await write();
    // Ids are unique in a workspace.
    const elsewhere = newId();
    const { id, threadId } = await only();
    await execute(sql`
      insert into thread (workspace_id, id, channel_id, contact_id, created_at)
      values (${elsewhere}, ${threadId}, ${newId()}, ${newId()}, ${now})`);
    await execute(sql`
      insert into conversation (workspace_id, id, thread_id, channel_id, contact_id, status, last_seq, last_message_at, opened_at)
      values (${elsewhere}, ${id}, ${threadId}, ${newId()}, ${newId()}, 'OPEN', 1, ${now}, ${now})`);
    await look();
    expect(await automations()).toEqual(['AWAY Morgen wieder.']);
    const { rows } = await execute(sql`select workspace_id from conversation where away_sent_at = ${now}`);
    expect(rows).toEqual([{ workspace_id: workspaceId }]);
  });

  it('comes after nothing but what customers wrote themselves', async () => {
    await configure(both);
    await write({ type: 'system', opensWindow: false });
    await write({ type: 'reaction', opensWindow: false });
    await write({ isEcho: true, opensWindow: false, text: 'Vom Telefon' });
    await look();
    expect(await automations()).toEqual(['REPLY Vom Telefon']);
  });

  it('does not come where somebody answered first, nor when the window is over by then', async () => {
    await configure(both);
    await write();
    await reply();
    await look();
    expect(await automations()).toEqual(['REPLY Ja']);
    await write({ identity: { bsuid: 'DE.late' }, sentAt: new Date(now.getTime() - 86_400_000).toISOString() });
    await look();
    expect(await automations()).toEqual(['REPLY Ja']);
  });

  it('costs channels without settings nothing, not even a timer', async () => {
    await write();
    const { rows } = await execute(sql`select kind from timer where workspace_id = ${workspaceId}`);
    expect(rows).toEqual([{ kind: 'service-window' }]);
  });
});

describe('service levels', () => {
  const targets = { first_response_minutes: 60, next_response_minutes: 30, resolution_minutes: 600 };
  const clocks = async () =>
    (
      await conversation.database
        .forTenant(workspaceId)
        .find(ServiceLevelClock, {}, { orderBy: { startedAt: 'asc', dueAt: 'asc' } })
    ).map(({ target, dueAt, state }) => [target, dueAt.toISOString().slice(5, 16), state]);
  const breaches = async () =>
    (await conversation.logOf(workspaceId))
      .filter(({ name }) => name === serviceLevelBreached.name)
      .map(({ data }) => (data as { target: string }).target);

  it('start with the first message and are due in business time', async () => {
    await configure(targets);
    now = new Date('2026-11-23T15:30:00Z');
    await write();
    await look();
    await write();
    await look();
    expect(await clocks()).toEqual([
      ['FIRST_RESPONSE', '11-24T08:30', 'RUNNING'],
      ['RESOLUTION', '11-25T09:30', 'RUNNING'],
    ]);
  });

  it('are kept by an answer in time, at the last moment too, and judged when they are due', async () => {
    await configure(targets);
    await write();
    await look();
    await lookIn(60);
    expect(await breaches()).toEqual(['FIRST_RESPONSE']);
    await reply();
    await lookIn(10);
    await write();
    await look();
    await lookIn(30);
    expect(await breaches()).toEqual(['FIRST_RESPONSE', 'NEXT_RESPONSE']);
  });

  it('are kept when somebody answers before, each for itself', async () => {
    await configure(targets);
    await write();
    await look();
    await lookIn(59);
    await reply();
    await write();
    await look();
    await lookIn(29);
    await reply();
    await lookIn(25 * 60);
    expect(await clocks()).toEqual([
      ['FIRST_RESPONSE', '11-23T10:00', 'MET'],
      ['RESOLUTION', '11-24T11:00', 'BREACHED'],
      ['NEXT_RESPONSE', '11-23T10:29', 'MET'],
    ]);
    expect(await breaches()).toEqual(['RESOLUTION']);
  });

  it('show what is promised now, not what was promised before', async () => {
    const shown = async () => {
      const ctx = requestContext(conversation.database, { workspaceId }, () => now);
      return new ConversationServiceLevelResolver().serviceLevel(await only(), ctx);
    };
    await configure(targets);
    await write();
    await look();
    const resolutionDueAt = new Date('2026-11-24T11:00:00Z');
    const none = { firstResponseDueAt: null, nextResponseDueAt: null, breached: [] };
    expect(await shown()).toEqual({ ...none, resolutionDueAt, firstResponseDueAt: new Date('2026-11-23T10:00:00Z') });
    await reply();
    expect(await shown()).toEqual({ ...none, resolutionDueAt });
    await lookIn(1);
    await write();
    await look();
    expect(await shown()).toEqual({ ...none, resolutionDueAt, nextResponseDueAt: new Date('2026-11-23T09:31:00Z') });
    await lookIn(40);
    await reply();
    await lookIn(5);
    await write();
    // The clock of this turn does not run yet.
    expect(await shown()).toEqual({ ...none, resolutionDueAt, breached: ['NEXT_RESPONSE'] });
    await look();
    expect(await shown()).toMatchObject({ nextResponseDueAt: new Date('2026-11-23T10:16:00Z') });
    await resolve();
    expect(await shown()).toEqual({ ...none, resolutionDueAt: null, breached: ['NEXT_RESPONSE'] });
  });

  it('are kept by a resolution before, though the customer came back', async () => {
    await configure(targets);
    await write();
    await look();
    await lookIn(30);
    await resolve();
    await lookIn(25);
    await write();
    await look();
    await lookIn(10);
    expect(await clocks()).toEqual([
      ['FIRST_RESPONSE', '11-23T10:00', 'MET'],
      ['RESOLUTION', '11-24T11:00', 'RUNNING'],
      ['FIRST_RESPONSE', '11-23T10:55', 'RUNNING'],
    ]);
    await lookIn(50);
    expect(await breaches()).toEqual(['FIRST_RESPONSE']);
  });

  it('are kept by the resolution and not by a later answer', async () => {
    await configure(targets);
    await write();
    await look();
    await lookIn(30);
    await resolve();
    now = new Date(now.getTime() + 45 * MINUTE_MS);
    await reply();
    await look();
    expect((await clocks())[0]).toEqual(['FIRST_RESPONSE', '11-23T10:00', 'MET']);
  });

  it('are told to be broken once, however many processes look', async () => {
    await configure(targets);
    await write();
    await look();
    now = new Date(now.getTime() + 61 * MINUTE_MS);
    await Promise.all([look(), look(), look()]);
    await look();
    expect(await breaches()).toEqual(['FIRST_RESPONSE']);
  });

  it('are not kept by what Fenster says by itself', async () => {
    await configure({ ...targets, greeting_text: 'Hallo!' });
    await write();
    await look();
    expect(await automations()).toEqual(['GREETING Hallo!']);
    await lookIn(60);
    expect(await breaches()).toEqual(['FIRST_RESPONSE']);
  });

  it('promise nothing to who was answered before the clocks could start, but the resolution', async () => {
    await configure(targets);
    await write();
    await reply();
    await look();
    expect((await clocks()).map(([target]) => target)).toEqual([]);
  });
});

describe('how a person’s data are handled', () => {
  const notice = { privacy_notice_url: 'https://muster.example/datenschutz', privacy_notice_version: '2026-11' };
  const WORDS = 'Wie wir mit Ihren Daten umgehen: https://muster.example/datenschutz';
  const change = (version: string) =>
    execute(sql`update channel_setting set privacy_notice_version = ${version} where workspace_id = ${workspaceId}`);

  it('is said to nobody as long as no notice is configured', async () => {
    await configure({ greeting_text: 'Hallo!' });
    await write();
    await look();
    expect(await automations()).toEqual(['GREETING Hallo!']);
  });

  it('is said at the first message, once; and again only of another version', async () => {
    await configure(notice);
    await write();
    await look();
    await write();
    await look();
    await resolve();
    now = new Date(now.getTime() + 48 * 60 * MINUTE_MS);
    await write();
    await look();
    expect(await automations()).toEqual([`PRIVACY_NOTICE ${WORDS}`]);
    await change('2027-01');
    await write();
    await look();
    expect(await automations()).toEqual([`PRIVACY_NOTICE ${WORDS}`, `PRIVACY_NOTICE ${WORDS}`]);
  });

  it('goes with the greeting or the away message, and is no answer: who waits for one waits on', async () => {
    await configure({ ...notice, greeting_text: 'Hallo!' });
    await write();
    await look();
    expect(await automations()).toEqual([`GREETING Hallo!\n\n${WORDS}`]);
    expect((await only()).waitingSince).toEqual(now);
  });

  it('is said even to who was answered meanwhile, and again to who writes from another number', async () => {
    await configure(notice);
    await write();
    await reply();
    await look();
    expect(await automations()).toEqual(['REPLY Ja', `PRIVACY_NOTICE ${WORDS}`]);
    await write({ identity: { phone: '+4915999999999', bsuid: 'DE.1' } });
    await look();
    expect(await automations()).toEqual(['REPLY Ja', `PRIVACY_NOTICE ${WORDS}`, `PRIVACY_NOTICE ${WORDS}`]);
  });

  it('is not said where the channel cannot send, but as soon as it can', async () => {
    await configure(notice);
    await conversation.receive(workspaceId, channelChanged, {
      channelId: conversation.channelId,
      name: 'WhatsApp',
      state: 'DISABLED',
    });
    await write();
    await look();
    expect(await automations()).toEqual([]);
    await conversation.receive(workspaceId, channelChanged, {
      channelId: conversation.channelId,
      name: 'WhatsApp',
      state: 'ACTIVE',
    });
    await write();
    await look();
    expect(await automations()).toEqual([`PRIVACY_NOTICE ${WORDS}`]);
  });
});
