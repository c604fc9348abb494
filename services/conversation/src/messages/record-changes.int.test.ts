import {
  channelMessageAccepted,
  channelMessageChanged,
  channelMessageFailed,
  channelMessageReceived,
  channelStatusReceived,
  messageEdited,
  messageEchoed,
  messageReactionChanged,
  messageRevoked,
  type ChannelMessageChanged,
  type ChannelMessageReceived,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import {
  acceptance,
  createTestConversation,
  customerMessage,
  messageChange,
  status,
  type TestConversation,
} from '../testing/conversation.js';
import { Thread } from '../threads/thread.entity.js';
import type { Reactions } from './message-changes.rule.js';
import { Message, StoredMessageVersion } from './message.entity.js';

let conversation: TestConversation;
let channelId: string;
let workspaceId: string;
beforeAll(async () => {
  conversation = await createTestConversation();
  channelId = conversation.channelId;
});
afterAll(() => conversation.close());
beforeEach(() => {
  workspaceId = newId();
});

const message = (overrides: Partial<ChannelMessageReceived> = {}) => customerMessage(channelId, overrides);
const change = (target: string, what: ChannelMessageChanged['change'], overrides = {}) =>
  messageChange(channelId, target, what, overrides);
const arrive = (...messages: ChannelMessageReceived[]) =>
  conversation.receive(workspaceId, channelMessageReceived, ...messages);
const happen = (...changes: ChannelMessageChanged[]) =>
  conversation.receive(workspaceId, channelMessageChanged, ...changes);
const em = () => conversation.database.forTenant(workspaceId);
const load = (providerMessageId: string) => em().findOneOrFail(Message, { providerMessageId });
const namesOf = async (): Promise<string[]> => (await conversation.logOf(workspaceId)).map(({ name }) => name);
const edit = (text: string) => ({ kind: 'edit', type: 'text', text }) as const;
const react = (emoji: string | null) => ({ kind: 'reaction', emoji }) as const;
const revoke = { kind: 'revoke' } as const;

/** A reply as `sendMessage` leaves it. */
async function queueReply(): Promise<string> {
  const inbound = message();
  await arrive(inbound);
  const id = newId();
  const { seq, ...row } = await load(inbound.providerMessageId);
  await em().insert(Message, {
    ...row,
    id,
    seq: seq + 1,
    direction: 'OUTBOUND',
    status: 'QUEUED',
    providerMessageId: null,
  });
  return id;
}

describe('what happens to a message', () => {
  it('takes no seq, opens no window, and is told in its own words', async () => {
    const first = message({ text: 'am 12.' });
    await arrive(first);
    const [before] = await em().find(Thread, {});
    const later = { sentAt: new Date(Date.now() + 60_000).toISOString() };
    await happen(
      change(first.providerMessageId, edit('am 21.'), later),
      change(first.providerMessageId, react('👍'), later),
      change(first.providerMessageId, revoke, later),
    );
    const [after] = await em().find(Thread, {});
    expect({ ...after }).toEqual({ ...before });
    const log = await conversation.logOf(workspaceId);
    const { id, threadId, conversationId } = await load(first.providerMessageId);
    expect(log.slice(-3)).toMatchObject(
      [messageEdited, messageReactionChanged, messageRevoked].map(({ name }) => ({
        name,
        actor: { kind: 'contact', id: after!.contactId },
        data: { messageId: id, threadId, conversationId, seq: 1 },
      })),
    );
    await arrive(message());
    expect((await em().find(Message, {}, { orderBy: { seq: 'asc' } })).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('keeps what an edited message said, outside its events', async () => {
    const first = message({ text: 'am 12.' });
    await arrive(first);
    await happen(change(first.providerMessageId, edit('am 21.'), { sentAt: '2026-11-22T09:00:05.000Z' }));
    expect(await load(first.providerMessageId)).toMatchObject({
      text: 'am 21.',
      editedAt: new Date('2026-11-22T09:00:05Z'),
    });
    const versions = await em().find(StoredMessageVersion, {}, { orderBy: { isOriginal: 'desc' } });
    expect(versions.map(({ text }) => text)).toEqual(['am 12.', 'am 21.']);
    expect(JSON.stringify(await conversation.logOf(workspaceId))).not.toMatch(/am (12|21)\./);
  });

  it('leaves no word of a revoked message in any table of messages', async () => {
    const image = message({ type: 'image', text: 'geheim', payload: { id: '7', caption: 'geheim' } });
    await arrive(image);
    await happen(change(image.providerMessageId, edit('geheimer')));
    await happen(change(image.providerMessageId, revoke));
    expect(await load(image.providerMessageId)).toMatchObject({
      type: 'text',
      text: null,
      payload: null,
      revokedAt: expect.any(Date) as Date,
    });
    const tables = ['message', 'message_version', 'parked_change', 'outbox'];
    const rows = await Promise.all(tables.map((table) => em().execute(`select * from ${table}`)));
    expect(JSON.stringify(rows)).not.toContain('geheim');
  });

  it('is about nobody else’s message: not another channel’s, not another workspace’s', async () => {
    const first = message({ text: 'Ja' });
    await arrive(first);
    await happen({ ...change(first.providerMessageId, revoke), channelId: newId() });
    await conversation.receive(newId(), channelMessageChanged, change(first.providerMessageId, revoke));
    expect(await load(first.providerMessageId)).toMatchObject({ text: 'Ja', revokedAt: null });
  });

  it('waits for the message if it comes first, and says that it happened', async () => {
    const first = message({ text: 'am 12.' });
    await happen(change(first.providerMessageId, edit('am 21.')), change(first.providerMessageId, react('👍')));
    expect(await namesOf()).toEqual([]);
    await arrive(first, message({ text: 'und noch etwas' }));
    expect(await load(first.providerMessageId)).toMatchObject({
      text: 'am 21.',
      reactions: { customer: { emoji: '👍' } },
    });
    expect((await namesOf()).toSorted().slice(-4)).toEqual(
      [
        'conversation.thread.opened',
        messageEdited.name,
        messageReactionChanged.name,
        'conversation.message.received',
        'conversation.message.received',
      ]
        .toSorted()
        .slice(-4),
    );
    expect(await em().execute('select * from parked_change')).toEqual([]);
  });

  it('waits for our message until the provider’s id of it is known', async () => {
    const id = await queueReply();
    await happen(change('wamid.early', react('🙏')));
    await conversation.receive(workspaceId, channelMessageAccepted, acceptance(channelId, id, 'wamid.early'));
    expect((await load('wamid.early')).reactions).toMatchObject({ customer: { emoji: '🙏', status: 'RECEIVED' } });
    expect((await namesOf()).at(-1)).toBe(messageReactionChanged.name);
  });

  it('is forgotten after a month in which its message never came', async () => {
    await happen(change('wamid.never', revoke));
    await em().execute(`update parked_change set parked_at = parked_at - interval '31 days'`);
    await happen(change('wamid.other', revoke));
    const parked = await em().execute<{ target_provider_message_id: string }[]>('select * from parked_change');
    expect(parked.map((row) => row.target_provider_message_id)).toEqual(['wamid.other']);
  });
});

describe('the same items in any order, repetition and batching', () => {
  const [first, second] = ['wamid.one', 'wamid.two'];
  const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 9, 0, second)).toISOString();
  type Item = { message: ChannelMessageReceived } | { change: ChannelMessageChanged };

  it('end in the same messages, and every change that has an effect is told', async () => {
    const someChange = fc.record({
      targetProviderMessageId: fc.constantFrom(first, second),
      by: fc.constantFrom('customer' as const, 'business' as const),
      sentAt: fc.integer({ min: 0, max: 3 }).map(at),
      change: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom('am 21.', 'am 22.', 'am 23.').map(edit) },
        { weight: 3, arbitrary: fc.constantFrom('👍', '❤️', null).map(react) },
        { weight: 1, arbitrary: fc.constant(revoke) },
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(someChange, { minLength: 1, maxLength: 7 }),
        fc.infiniteStream(fc.nat()),
        async (changes, numbers) => {
          const random = () => numbers.next().value;
          const items: Item[] = [
            ...[first, second].map((providerMessageId) => ({
              message: message({ providerMessageId, text: providerMessageId, sentAt: at(0) }),
            })),
            ...changes.map((each, index) => ({
              change: { ...each, channelId, providerMessageId: `wamid.change${index}` },
            })),
          ];
          const inOrder = await endOf([items]);
          const shuffled = [...items, ...items].map((item) => ({ item, key: random() % 1_000 }));
          const mixed = shuffled.toSorted((one, other) => one.key - other.key).map(({ item }) => item);
          const batches: Item[][] = [];
          while (mixed.length > 0) batches.push(mixed.splice(0, 1 + (random() % 4)));
          expect(await endOf(batches)).toEqual(inOrder);
        },
      ),
      { numRuns: 40 },
    );
  });

  /** What the batches make of a workspace of its own. */
  async function endOf(batches: readonly Item[][]) {
    workspaceId = newId();
    for (const batch of batches) {
      // Within a batch the kinds come one after the other, as the consumer lists them.
      const messages = batch.flatMap((item) => ('message' in item ? [item.message] : []));
      const changes = batch.flatMap((item) => ('change' in item ? [item.change] : []));
      if (messages.length > 0) await arrive(...messages);
      if (changes.length > 0) await happen(...changes);
    }
    const messages = await em().find(Message, {}, { orderBy: { providerMessageId: 'asc' } });
    const versions = await em().find(
      StoredMessageVersion,
      {},
      { orderBy: { isOriginal: 'desc', writtenAt: 'asc', providerMessageId: 'asc' } },
    );
    const log = await namesOf();
    const revoked = messages.filter(({ revokedAt }) => revokedAt !== null).length;
    expect(log.filter((name) => name === messageRevoked.name)).toHaveLength(revoked);
    expect(await em().execute('select * from parked_change')).toEqual([]);
    return messages.map(({ id, providerMessageId, type, text, editedAt, revokedAt, reactions }) => ({
      providerMessageId,
      type,
      text,
      editedAt,
      revokedAt,
      reactions: withoutIds(reactions),
      versions: versions.flatMap((version) => (version.messageId === id ? [version.text] : [])),
    }));
  }

  function withoutIds(reactions: Reactions | null | undefined) {
    return Object.entries(reactions ?? {})
      .map(([side, { id: _, ...reaction }]) => [side, reaction])
      .toSorted();
  }
});

describe('our reaction on its way', () => {
  async function react(): Promise<{ target: string; reactionId: string }> {
    const inbound = message();
    await arrive(inbound);
    const reactionId = newId();
    const row = await load(inbound.providerMessageId);
    const reactions: Reactions = {
      business: { id: reactionId, emoji: '👍', reactedAt: new Date().toISOString(), status: 'QUEUED' },
    };
    await em().nativeUpdate(Message, { id: row.id }, { reactions });
    return { target: inbound.providerMessageId, reactionId };
  }
  const ours = async (target: string) => (await load(target)).reactions?.business;

  it('goes forward by its id, and parks nothing', async () => {
    const { target, reactionId } = await react();
    await conversation.receive(workspaceId, channelMessageAccepted, acceptance(channelId, reactionId, 'wamid.r1'));
    const about = { messageId: reactionId, providerMessageId: 'wamid.r1' };
    await conversation.receive(workspaceId, channelStatusReceived, status(channelId, about, 'sent'));
    await conversation.receive(workspaceId, channelStatusReceived, status(channelId, about, 'sent'));
    expect(await ours(target)).toMatchObject({ status: 'SENT' });
    expect((await namesOf()).filter((name) => name === messageReactionChanged.name)).toHaveLength(1);
    expect(await em().execute('select * from parked_status')).toEqual([]);
  });

  it('may fail, with code and text', async () => {
    const { target, reactionId } = await react();
    const error = { code: 131047, title: 'The 24-hour window is closed.' };
    await conversation.receive(workspaceId, channelMessageFailed, {
      channelId,
      messageId: reactionId,
      outcome: 'rejected',
      error,
      failedAt: new Date().toISOString(),
    });
    expect(await ours(target)).toMatchObject({ status: 'FAILED', error });
  });

  it('is not touched by what becomes of one that it replaced, nor by another workspace', async () => {
    const { target, reactionId } = await react();
    await conversation.receive(workspaceId, channelStatusReceived, status(channelId, { messageId: newId() }, 'failed'));
    await conversation.receive(newId(), channelStatusReceived, status(channelId, { messageId: reactionId }, 'sent'));
    await conversation.receive(workspaceId, channelStatusReceived, status(newId(), { messageId: reactionId }, 'sent'));
    expect(await ours(target)).toMatchObject({ status: 'QUEUED' });
  });
});

describe('a colleague in the phone app', () => {
  const echo = (overrides: Partial<ChannelMessageReceived> = {}) =>
    message({ isEcho: true, opensWindow: false, text: 'Ja, gern', ...overrides });
  const only = async () => (await em().find(Conversation, {}))[0]!;

  it('answers: the customer waits no longer, and no window opens', async () => {
    const asked = message({ sentAt: '2026-11-22T09:00:00.000Z' });
    await arrive(asked);
    const [before] = await em().find(Thread, {});
    const answer = echo({ sentAt: '2026-11-22T09:05:00.000Z', contextProviderMessageId: asked.providerMessageId });
    await arrive(answer);
    expect(await load(answer.providerMessageId)).toMatchObject({
      seq: 2,
      direction: 'OUTBOUND',
      status: 'SENT',
      isEcho: true,
      authorId: null,
      contextProviderMessageId: asked.providerMessageId,
    });
    const [after] = await em().find(Thread, {});
    expect(after!.windowExpiresAt).toEqual(before!.windowExpiresAt);
    expect(await only()).toMatchObject({
      waitingSince: null,
      firstResponseAt: new Date('2026-11-22T09:05:00Z'),
      lastSeq: 2,
    });
    expect((await namesOf()).at(-1)).toBe(messageEchoed.name);
  });

  it('answers within a batch, and the customer asks again', async () => {
    const times = ['09:00', '09:05', '09:07', '09:09'].map((time) => `2026-11-22T${time}:00.000Z`);
    await arrive(
      message({ sentAt: times[0] }),
      echo({ sentAt: times[1] }),
      message({ sentAt: times[2] }),
      message({ sentAt: times[3] }),
    );
    const expected = { waitingSince: new Date(times[2]!), firstResponseAt: new Date(times[1]!) };
    expect(await only()).toMatchObject(expected);
    await arrive(message({ sentAt: '2026-11-22T09:30:00.000Z' }));
    expect(await only()).toMatchObject(expected);
  });

  it('reports statuses of it like those of any reply, and may edit and revoke it', async () => {
    const answer = echo();
    await arrive(message(), answer);
    const about = { providerMessageId: answer.providerMessageId };
    await conversation.receive(workspaceId, channelStatusReceived, status(channelId, about, 'read'));
    expect(await load(answer.providerMessageId)).toMatchObject({ status: 'READ' });
    await happen(change(answer.providerMessageId, edit('Nein'), { by: 'business' }));
    expect(await load(answer.providerMessageId)).toMatchObject({ text: 'Nein' });
    await happen(change(answer.providerMessageId, revoke, { by: 'business' }));
    expect(await load(answer.providerMessageId)).toMatchObject({ text: null, status: 'READ' });
  });

  it('leaves a notice of WhatsApp unanswered: nobody waits', async () => {
    await arrive(
      message({ type: 'system', text: undefined, payload: { type: 'user_changed_number' }, opensWindow: false }),
    );
    expect(await only()).toMatchObject({ waitingSince: null });
  });
});
