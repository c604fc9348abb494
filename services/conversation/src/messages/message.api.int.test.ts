import {
  channelMessageAccepted,
  channelMessageChanged,
  channelMessageDelayed,
  channelMessageReceived,
  channelStatusReceived,
  messageQueued,
  type ChannelMessageReceived,
  type DeliveryWaitReason,
} from '@fenster/contracts';
import type { Permission } from '@fenster/auth';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import {
  acceptance,
  customerMessage,
  messageChange,
  startConversation,
  status,
  type RunningConversation,
} from '../testing/conversation.js';

let conversation: RunningConversation;
let channelId: string;
let workspaceId: string;
let token: string;
let now = new Date();
const statements: string[] = [];

beforeAll(async () => {
  conversation = await startConversation({ now: () => now, onStatement: (text) => statements.push(text) });
  channelId = conversation.channelId;
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  now = new Date();
  workspaceId = newId();
  token = await conversation.tokenOf(workspaceId);
});

const SEES: Permission[] = ['conversation:read', 'conversation:read_all'];
const MESSAGE = `
  id seq type text direction status isEcho editedAt revokedAt
  author { id }
  replyTo { message { id seq } }
  reactions { emoji direction status author { id } failure { code message reason class title agentText(locale: DE) } }
  versions { text content { __typename } }
  content {
    __typename
    ... on TextContent { body }
    ... on MediaContent { mediaKind media { id } caption fileName mimeType }
    ... on LocationContent { latitude longitude }
    ... on ContactsContent { cards { name phones } }
    ... on ChoiceContent { source title }
    ... on OrderContent { items { productId quantity priceMicros } }
    ... on SystemContent { notice words newPhone }
    ... on UnsupportedContent { providerType }
  }`;
interface Shown {
  id: string;
  seq: number;
  text: string | null;
  content: { __typename: string } | null;
  reactions: { emoji: string; direction: string; status: string; author: { id: string } | null }[] | null;
  versions: { text: string }[] | null;
  replyTo: { message: { seq: number } | null } | null;
  revokedAt: string | null;
}
interface Node {
  id: string;
  messages: { nodes: Shown[] };
}

async function ask<T>(query: string, variables: Record<string, unknown> = {}, as = token): Promise<T> {
  const { data, errors } = await request<T>(conversation.url, query, { variables, token: as });
  expect(errors).toBeUndefined();
  return data;
}
const shown = async (as = token) => {
  const { conversations } = await ask<{ conversations: { nodes: Node[] } }>(
    `{ conversations { nodes { id messages { nodes { ${MESSAGE} } } } } }`,
    {},
    as,
  );
  return conversations.nodes;
};
const person = { phone: '+491701111111', bsuid: 'DE.1' };
const message = (overrides: Partial<ChannelMessageReceived> = {}) =>
  customerMessage(channelId, { identity: person, ...overrides });

/** The messages of the only conversation, once there are so many. */
async function receive(...messages: ChannelMessageReceived[]): Promise<Node> {
  await conversation.publish(workspaceId, channelMessageReceived, ...messages);
  return eventually(async () => {
    const [only] = await shown();
    const seen = new Set(only!.messages.nodes.map(({ seq }) => seq));
    expect(seen.size).toBeGreaterThanOrEqual(messages.length);
    return only!;
  });
}
const change = (target: string, what: Parameters<typeof messageChange>[2]) =>
  conversation.publish(workspaceId, channelMessageChanged, messageChange(channelId, target, what));

const react = async (messageId: string, emoji: string | null, as = token) =>
  (
    await ask<{ reactToMessage: Record<string, unknown> }>(
      `mutation ($messageId: ID!, $emoji: String) {
        reactToMessage(messageId: $messageId, emoji: $emoji) {
          __typename
          ... on Message { ${MESSAGE} }
          ... on UserError { code message }
          ... on InvalidInput { field }
        }
      }`,
      { messageId, emoji },
      as,
    )
  ).reactToMessage as unknown as Shown & { __typename: string; field?: string; code?: string };
const send = async (input: Record<string, unknown>) =>
  (
    await ask<{ sendMessage: Shown & { __typename: string } }>(
      `mutation ($input: SendMessageInput!) {
        sendMessage(input: $input) {
          __typename
          ... on Message { ${MESSAGE} }
          ... on UserError { code message }
          ... on InvalidInput { field }
        }
      }`,
      { input: { idempotencyKey: newId(), text: 'Ja', ...input } },
    )
  ).sendMessage;
const queuedOf = async () =>
  (await readLog(conversation.database.forTenant(workspaceId), 0, 1_000)).filter(
    ({ name }) => name === messageQueued.name,
  );

const CARD = { contacts: [{ name: { formatted_name: 'Ina' }, phones: [{ phone: '+49 30 1234567' }] }] };
const NOTICE = { type: 'user_changed_number', body: '49170 is 4917022222 now', wa_id: '491702222222' };

describe('messages of all kinds', () => {
  it('say what they say by type, and nothing of it to those who may not read messages', async () => {
    const mediaId = newId();
    const node = await receive(
      message({ text: 'Hallo' }),
      message({ type: 'image', text: 'Mein Rad', payload: { id: '7', mediaId, mime_type: 'image/jpeg' } }),
      message({ type: 'contacts', text: undefined, payload: CARD }),
      message({ type: 'system', text: undefined, payload: NOTICE, opensWindow: false }),
      message({ type: 'unsupported', text: undefined, payload: { type: 'hologram' }, opensWindow: false }),
    );
    expect(node.messages.nodes.map(({ content }) => content)).toEqual([
      { __typename: 'TextContent', body: 'Hallo' },
      {
        __typename: 'MediaContent',
        mediaKind: 'IMAGE',
        media: { id: mediaId },
        caption: 'Mein Rad',
        fileName: null,
        mimeType: 'image/jpeg',
      },
      { __typename: 'ContactsContent', cards: [{ name: 'Ina', phones: ['+49 30 1234567'] }] },
      { __typename: 'SystemContent', notice: 'NUMBER_CHANGED', words: NOTICE.body, newPhone: '+491702222222' },
      { __typename: 'UnsupportedContent', providerType: 'hologram' },
    ]);

    const [noPhones] = await shown(await conversation.tokenOf(workspaceId, [...SEES, 'message:read']));
    expect(noPhones!.messages.nodes[0]!.content).toMatchObject({ body: 'Hallo' });
    expect(JSON.stringify(noPhones)).not.toMatch(/1234567|491702222222|4917022222/);

    const [noWords] = await shown(await conversation.tokenOf(workspaceId, SEES));
    expect(noWords!.messages.nodes.map(({ type }: Shown & { type?: string }) => type)).toEqual([
      'TEXT',
      'IMAGE',
      'CONTACTS',
      'SYSTEM',
      'UNSUPPORTED',
    ]);
    for (const { text, content, versions, reactions } of noWords!.messages.nodes)
      expect([text, content, versions, reactions]).toEqual([null, null, null, null]);
  });

  it('answer others of their thread: also such as come later, or never', async () => {
    const late = message({ text: 'die Frage' });
    const stranger = message({ identity: { phone: '+491702222222' } });
    await receive(
      message({ text: 'die Antwort', contextProviderMessageId: late.providerMessageId }),
      message({ text: 'ohne', contextProviderMessageId: 'wamid.gone' }),
      message({ text: 'fremd', contextProviderMessageId: stranger.providerMessageId }),
      message({ text: 'keine' }),
    );
    await conversation.publish(workspaceId, channelMessageReceived, late, stranger);
    await eventually(async () => {
      const nodes = (await shown()).find((each) => each.messages.nodes.length > 1)!.messages.nodes;
      expect(nodes.map(({ replyTo }) => replyTo)).toEqual([
        { message: { id: expect.any(String) as string, seq: 5 } },
        { message: null },
        { message: null },
        null,
        null,
      ]);
    });
  });

  it('cost the same number of statements however many answer, were edited and have reactions', async () => {
    const count = async () => {
      statements.length = 0;
      await shown();
      return statements.length;
    };
    const first = message();
    await receive(first, message({ contextProviderMessageId: first.providerMessageId }));
    await change(first.providerMessageId, { kind: 'edit', type: 'text', text: 'anders' });
    await eventually(async () => expect((await shown())[0]!.messages.nodes[0]!.versions).toHaveLength(2));
    const few = await count();
    const more = Array.from({ length: 9 }, () => message({ contextProviderMessageId: first.providerMessageId }));
    await receive(...more);
    for (const each of more) await change(each.providerMessageId, { kind: 'edit', type: 'text', text: 'anders' });
    await eventually(async () => expect((await shown())[0]!.messages.nodes.at(-1)!.versions).toHaveLength(2));
    expect(await count()).toBe(few);
  });
});

describe('what happens to a message', () => {
  it('shows, and is told live with the message as it is', async () => {
    interface Event {
      inboxEvents: { __typename: string; by: { kind: string } | null; message?: Shown };
    }
    const subscriber = subscribe<Event>(
      conversation.url,
      `subscription {
        inboxEvents {
          __typename by { kind }
          ... on MessageAdded { message { ${MESSAGE} } }
          ... on MessageEdited { message { ${MESSAGE} } }
          ... on MessageRevoked { message { ${MESSAGE} } }
          ... on MessageReactionChanged { message { ${MESSAGE} } }
        }
      }`,
      token,
      {},
    );
    const last = () => subscriber.received.at(-1)?.inboxEvents;
    await eventually(() => expect(last()?.__typename).toBe('LiveStarted'));
    const first = message({ text: 'am 12.' });
    await receive(first);
    await eventually(() =>
      expect(last()).toMatchObject({
        __typename: 'MessageAdded',
        by: { kind: 'CONTACT' },
        message: { text: 'am 12.' },
      }),
    );
    await change(first.providerMessageId, { kind: 'edit', type: 'text', text: 'am 21.' });
    await eventually(() =>
      expect(last()).toMatchObject({
        __typename: 'MessageEdited',
        by: { kind: 'CONTACT' },
        message: {
          seq: 1,
          text: 'am 21.',
          content: { body: 'am 21.' },
          versions: [{ text: 'am 12.' }, { text: 'am 21.' }],
        },
      }),
    );
    await change(first.providerMessageId, { kind: 'reaction', emoji: '👍' });
    await eventually(() =>
      expect(last()).toMatchObject({
        __typename: 'MessageReactionChanged',
        message: { reactions: [{ emoji: '👍', direction: 'INBOUND', status: 'RECEIVED' }] },
      }),
    );
    await change(first.providerMessageId, { kind: 'revoke' });
    await eventually(() =>
      expect(last()).toMatchObject({
        __typename: 'MessageRevoked',
        message: { text: null, content: null, versions: [], reactions: [], revokedAt: expect.any(String) as string },
      }),
    );
    expect(JSON.stringify(await shown())).not.toMatch(/am (12|21)\./);
    await subscriber.stop();
  });
});

describe('reacting', () => {
  it('sends one emoji for all of us, replaces it, takes it back, and tells what became of it', async () => {
    const first = message();
    const { id } = (await receive(first)).messages.nodes[0]!;
    expect(await react(id, '👍')).toMatchObject({
      __typename: 'Message',
      seq: 1,
      reactions: [
        { emoji: '👍', direction: 'OUTBOUND', status: 'QUEUED', author: { id: expect.any(String) as string } },
      ],
    });
    // Already so.
    await react(id, '👍');
    const [queued, ...others] = await queuedOf();
    expect(others).toEqual([]);
    expect(queued!.data).toMatchObject({
      type: 'reaction',
      targetProviderMessageId: first.providerMessageId,
      emoji: '👍',
      to: person,
    });
    const { messageId } = queued!.data as { messageId: string };
    await conversation.publish(workspaceId, channelMessageAccepted, acceptance(channelId, messageId, 'wamid.r'));
    const error = { code: 131047, title: 'The window is closed.', reason: 'window_closed' } as const;
    await conversation.publish(
      workspaceId,
      channelStatusReceived,
      status(channelId, { messageId, providerMessageId: 'wamid.r' }, 'failed', [error]),
    );
    await eventually(async () =>
      expect((await shown())[0]!.messages.nodes[0]!.reactions).toMatchObject([
        {
          emoji: '👍',
          status: 'FAILED',
          failure: {
            code: 131047,
            message: 'The window is closed.',
            reason: 'WINDOW_CLOSED',
            class: 'WINDOW_CLOSED',
            title: 'Window closed',
            agentText: expect.stringContaining('kann nur eine Vorlage') as string,
          },
        },
      ]),
    );
    // Which it may be asked for again.
    expect((await react(id, '👍')).reactions).toMatchObject([{ status: 'QUEUED' }]);
    expect((await react(id, '❤️')).reactions).toMatchObject([{ emoji: '❤️' }]);
    expect((await react(id, null)).reactions).toEqual([]);
    expect((await queuedOf()).map(({ data }) => (data as { emoji: string | null }).emoji)).toEqual([
      '👍',
      '👍',
      '❤️',
      null,
    ]);
    // No message came of all this.
    expect((await shown())[0]!.messages.nodes).toHaveLength(1);
  });

  it.each(['', 'ok', '👍👍'])('refuses %j, and changes nothing', async (emoji) => {
    const { id } = (await receive(message())).messages.nodes[0]!;
    expect(await react(id, emoji)).toMatchObject({ __typename: 'InvalidInput', field: 'emoji' });
    expect(await queuedOf()).toEqual([]);
  });

  it('refuses what cannot have one: taken back, not at WhatsApp, too old, outside the window', async () => {
    const [first, old] = [message(), message({ sentAt: new Date(now.getTime() - 31 * 86_400_000).toISOString() })];
    const { id: conversationId, messages } = await receive(old, first);
    const reply = await send({ conversationId });
    expect(await react(reply.id, '👍')).toMatchObject({ __typename: 'NotReactable' });
    expect(await react(messages.nodes[0]!.id, '👍')).toMatchObject({ __typename: 'NotReactable' });
    await change(first.providerMessageId, { kind: 'revoke' });
    await eventually(async () =>
      expect(await react(messages.nodes[1]!.id, '👍')).toMatchObject({ __typename: 'NotReactable' }),
    );
    const other = message();
    const { id } = (await receive(old, first, other, message())).messages.nodes[3]!;
    now = new Date(now.getTime() + 25 * 3_600_000);
    expect(await react(id, '👍')).toMatchObject({ __typename: 'WindowClosed' });
  });

  it('is refused while somebody else is answering', async () => {
    const { id: conversationId, messages } = await receive(message());
    const colleague = await conversation.tokenOf(workspaceId, undefined, { id: newId() });
    await ask(
      `mutation ($conversationId: ID!) { claimConversation(conversationId: $conversationId) { __typename } }`,
      { conversationId },
      colleague,
    );
    const { id } = messages.nodes[0]!;
    expect(await react(id, '👍')).toMatchObject({ __typename: 'ClaimedByOther' });
    expect(await react(id, '👍', colleague)).toMatchObject({ __typename: 'Message' });
  });

  it('is for those who may send: others are told of no message', async () => {
    const { id } = (await receive(message())).messages.nodes[0]!;
    const rights: Permission[] = ['conversation:read', 'message:read', 'message:send'];
    const stranger = await conversation.tokenOf(workspaceId, rights);
    const answers = [await react(id, '👍', stranger), await react(newId(), '👍', stranger), await react('x', '👍')];
    expect(answers).toEqual(
      answers.map(() => ({ __typename: 'NotFound', code: 'NOT_FOUND', message: 'Message not found.' })),
    );
  });
});

describe('a reply that waits', () => {
  const delayed = (messageId: string, reason: DeliveryWaitReason, until?: Date) =>
    conversation.publish(workspaceId, channelMessageDelayed, {
      channelId,
      messageId,
      reason,
      ...(until && { until: until.toISOString() }),
      delayedAt: now.toISOString(),
    });
  interface Told {
    inboxEvents: { __typename: string; message?: { id: string; waiting: unknown; status: string } };
  }

  it('says what for and until when, live, until WhatsApp has it', async () => {
    const { id: conversationId } = await receive(message());
    const { id } = await send({ conversationId });
    const subscriber = subscribe<Told>(
      conversation.url,
      `subscription {
        inboxEvents {
          __typename
          ... on MessageDelayed { message { id status waiting { reason until } } }
          ... on MessageStatusChanged { message { id status waiting { reason until } } }
        }
      }`,
      token,
      {},
    );
    const last = () => subscriber.received.at(-1)?.inboxEvents;
    await eventually(() => expect(last()?.__typename).toBe('LiveStarted'));

    const until = new Date(now.getTime() + 60_000);
    await delayed(id, 'PAIR_LIMIT', until);
    const waiting = { reason: 'PAIR_LIMIT', until: until.toISOString() };
    await eventually(() =>
      expect(last()).toEqual({ __typename: 'MessageDelayed', message: { id, status: 'QUEUED', waiting } }),
    );
    await delayed(id, 'CHANNEL_DOWN');
    await eventually(() => expect(last()?.message?.waiting).toEqual({ reason: 'CHANNEL_DOWN', until: null }));

    await conversation.publish(workspaceId, channelMessageAccepted, acceptance(channelId, id, 'wamid.waited'));
    // What is told late says nothing about what WhatsApp has.
    await delayed(id, 'PAIR_LIMIT', until);
    await conversation.publish(
      workspaceId,
      channelStatusReceived,
      status(channelId, { providerMessageId: 'wamid.waited' }, 'sent'),
    );
    await eventually(() =>
      expect(last()).toEqual({ __typename: 'MessageStatusChanged', message: { id, status: 'SENT', waiting: null } }),
    );
    expect(subscriber.received.map(({ inboxEvents: { __typename } }) => __typename)).toEqual([
      'LiveStarted',
      'MessageDelayed',
      'MessageDelayed',
      'MessageStatusChanged',
    ]);
    await subscriber.stop();
  });

  it('is believed of no other channel', async () => {
    const { id: conversationId } = await receive(message());
    const { id } = await send({ conversationId });
    await conversation.publish(workspaceId, channelMessageDelayed, {
      channelId: newId(),
      messageId: id,
      reason: 'PAIR_LIMIT',
      delayedAt: now.toISOString(),
    });
    const marker = message({ text: 'danach' });
    await conversation.publish(workspaceId, channelMessageReceived, marker);
    await eventually(async () => expect(JSON.stringify(await shown())).toContain('danach'));
    const names = (await readLog(conversation.database.forTenant(workspaceId), 0, 100)).map(({ name }) => name);
    expect(names).not.toContain('conversation.message.delayed');
  });
});

describe('answering a message', () => {
  it('quotes it to the customer', async () => {
    const first = message();
    const { id: conversationId, messages } = await receive(first);
    const { id } = messages.nodes[0]!;
    const reply = await send({ conversationId, replyToMessageId: id });
    expect(reply).toMatchObject({ __typename: 'Message', seq: 2, replyTo: { message: { id, seq: 1 } } });
    expect((await queuedOf())[0]!.data).toMatchObject({ contextProviderMessageId: first.providerMessageId });
  });

  it('is refused for messages that cannot be quoted, and sends nothing', async () => {
    const first = message();
    const { id: conversationId, messages } = await receive(first);
    const own = await send({ conversationId });
    expect(await send({ conversationId, replyToMessageId: own.id })).toMatchObject({
      __typename: 'InvalidInput',
      field: 'replyToMessageId',
    });
    await conversation.publish(workspaceId, channelMessageReceived, message({ identity: { phone: '+491702222222' } }));
    const foreign = await eventually(async () => {
      const other = (await shown()).find(({ id }) => id !== conversationId);
      return other!.messages.nodes[0]!.id;
    });
    for (const replyToMessageId of [foreign, newId(), 'x'])
      expect(await send({ conversationId, replyToMessageId })).toMatchObject({ __typename: 'NotFound' });
    await change(first.providerMessageId, { kind: 'revoke' });
    await eventually(async () =>
      expect((await shown()).find(({ id }) => id === conversationId)!.messages.nodes[0]!.revokedAt).not.toBeNull(),
    );
    expect(await send({ conversationId, replyToMessageId: messages.nodes[0]!.id })).toMatchObject({
      __typename: 'InvalidInput',
      field: 'replyToMessageId',
    });
    expect(await queuedOf()).toHaveLength(1);
  });
});

describe('the ad by which a customer came', () => {
  const referral = {
    sourceType: 'ad',
    sourceId: '120210',
    sourceUrl: 'https://fb.me/2abc',
    headline: 'Räder im Angebot',
    clickId: 'AfF1c',
  };
  const WINDOWS = `{ conversations { nodes {
    messages { nodes { id seq referral { sourceType sourceId sourceUrl headline clickId } } }
    serviceWindow { openedByMessage { seq } referral { headline } }
    freeEntryPoint { openedByMessage { seq } referral { headline clickId } }
  } } }`;
  interface Windows {
    conversations: {
      nodes: {
        messages: { nodes: { id: string; seq: number; referral: object | null }[] };
        serviceWindow: { openedByMessage: { seq: number }; referral: object | null };
        freeEntryPoint: { openedByMessage: { seq: number }; referral: object | null } | null;
      }[];
    };
  }
  const windows = async (as = token) => (await ask<Windows>(WINDOWS, {}, as)).conversations.nodes;

  it('stands at the message, at the window that this opened, and at the free entry point of the reply', async () => {
    await conversation.publish(
      workspaceId,
      channelMessageReceived,
      message({ referral }),
      message({ text: 'Noch da?' }),
    );
    const [only] = await eventually(async () => {
      const nodes = await windows();
      expect(nodes[0]?.messages.nodes).toHaveLength(2);
      return nodes;
    });
    expect(only!.messages.nodes).toMatchObject([
      { seq: 1, referral },
      { seq: 2, referral: null },
    ]);
    expect(only!.serviceWindow).toEqual({ openedByMessage: { seq: 1 }, referral: { headline: referral.headline } });
    expect(only!.freeEntryPoint).toBeNull();
    const { conversations } = await ask<{ conversations: { nodes: { id: string }[] } }>(
      '{ conversations { nodes { id } } }',
    );
    const { sendMessage } = await ask<{ sendMessage: { id: string } }>(
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { ... on Message { id } } }',
      { input: { conversationId: conversations.nodes[0]!.id, text: 'Ja', idempotencyKey: newId() } },
    );
    const freeUntil = new Date(now.getTime() + 72 * 3_600_000).toISOString();
    await conversation.publish(workspaceId, channelStatusReceived, {
      ...status(channelId, { messageId: sendMessage.id }, 'sent'),
      freeEntryPointExpiresAt: freeUntil,
    });
    const expected = {
      openedByMessage: { seq: 3 },
      referral: { headline: referral.headline, clickId: referral.clickId },
    };
    await eventually(async () => expect((await windows())[0]!.freeEntryPoint).toEqual(expected));
    const again = { conversationId: conversations.nodes[0]!.id, text: 'Gern', idempotencyKey: newId() };
    await ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }', { input: again });
    // Whoever estimates what a message costs is told: in it, it is free.
    expect((await queuedOf()).map(({ data }) => data)).toMatchObject([
      { freeEntryExpiresAt: null },
      { freeEntryExpiresAt: freeUntil },
    ]);
    const [blind] = await windows(await conversation.tokenOf(workspaceId, SEES));
    expect(blind!.messages.nodes.map((each) => each.referral)).toEqual([null, null, null, null]);
    expect([blind!.serviceWindow.referral, blind!.freeEntryPoint!.referral]).toEqual([null, null]);
  });

  it('is none for who came by themselves, and none of another thread', async () => {
    await conversation.publish(
      workspaceId,
      channelMessageReceived,
      message({ referral, identity: { phone: '+491702222222' } }),
      message(),
    );
    const nodes = await eventually(async () => {
      const all = await windows();
      expect(all).toHaveLength(2);
      return all;
    });
    expect(nodes.map(({ serviceWindow }) => serviceWindow.referral).filter((each) => each === null)).toHaveLength(1);
  });
});
