import { DEMO_NUMBER } from '@fenster/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, signIn } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { askSandbox } from '../support/sandbox.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';

let stack: TestStack;
let owner: string;
const ANNA = { phone: '4915112345678', bsuid: 'DE.SENDING1', name: 'Anna Bauer' };
const { phoneNumberId } = DEMO_NUMBER;

beforeAll(async () => {
  stack = await startTestStack({
    extra: { channels: { SEND_TIMEOUT_MS: '1000', UNCONFIRMED_AFTER_MS: '1500' } },
  });
  owner = await signIn(
    stack.graphqlUrl,
    stack.demo.members.find((member) => member.role === 'owner')!,
  );
});
afterAll(() => stack?.stop());

async function ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await request<T>(stack.graphqlUrl, query, { variables, token: owner });
  expect(errors).toBeUndefined();
  return data;
}
const sandbox = <T>(method: string, path: string, body?: object) => askSandbox<T>(stack, method, path, body);
/** What Anna's phone shows, as JSON. */
const phone = async () => JSON.stringify(await sandbox<object>('GET', `phones/${ANNA.bsuid}`));

interface Message {
  id: string;
  seq: number;
  text: string | null;
  status: string;
  failure: { class: string; agentText: string } | null;
  settlement: { resentAs: { id: string } | null } | null;
}
interface Conversation {
  id: string;
  channel: { id: string };
  serviceWindow: { isOpen: boolean };
  messages: { nodes: Message[] };
}
const MESSAGE = 'id seq text status failure { class agentText(locale: DE) } settlement { resentAs { id } }';
const conversation = async () =>
  (
    await ask<{ conversations: { nodes: Conversation[] } }>(
      `{ conversations(first: 1) { nodes { id channel { id } serviceWindow { isOpen } messages(last: 20) { nodes { ${MESSAGE} } } } } }`,
    )
  ).conversations.nodes[0]!;
let keys = 0;
const send = async (content: object, more: object = {}) => {
  const { id: conversationId } = await conversation();
  const input = { conversationId, content, idempotencyKey: `send-${(keys += 1)}`, ...more };
  return (
    await ask<{ sendMessage: Message & { __typename: string; field?: string; message?: string } }>(
      `mutation ($input: SendMessageInput!) {
        sendMessage(input: $input) { __typename ... on Message { ${MESSAGE} } ... on InvalidInput { field message } }
      }`,
      { input },
    )
  ).sendMessage;
};
const become = (id: string, status: string) =>
  eventually(async () =>
    expect((await conversation()).messages.nodes.find((message) => message.id === id)).toMatchObject({ status }),
  );

async function upload(): Promise<string> {
  const bytes = Buffer.from('%PDF-1.7 Rechnung');
  const { channel } = await conversation();
  const { createMediaUpload: created } = await ask<{ createMediaUpload: { url: string; media: { id: string } } }>(
    `mutation ($input: CreateMediaUploadInput!) {
      createMediaUpload(input: $input) { ... on MediaUpload { url media { id } } }
    }`,
    {
      input: {
        channelId: channel.id,
        mimeType: 'application/pdf',
        sizeBytes: bytes.length,
        fileName: 'Rechnung.pdf',
        idempotencyKey: 'invoice',
      },
    },
  );
  expect((await fetch(created.url, { method: 'PUT', body: bytes })).status).toBe(201);
  return created.media.id;
}

describe('what agents send', () => {
  it('reaches the customer’s phone: files, places, people, buttons and lists, quoting what they answer', async () => {
    await sandbox('POST', 'inbound', { phoneNumberId, from: ANNA, text: 'Wann kann ich kommen?' });
    await eventually(async () => expect((await conversation()).messages.nodes).toHaveLength(1));
    const [question] = (await conversation()).messages.nodes;
    const mediaId = await upload();
    const contents = [
      { media: { mediaKind: 'DOCUMENT', mediaId, fileName: 'Rechnung 7.pdf', caption: 'Ihre Rechnung' } },
      { location: { latitude: 52.52, longitude: 13.405, name: 'Radladen Mitte' } },
      { contacts: { cards: [{ name: 'Werkstatt Nord', phones: [{ phone: '+49 30 5550100' }] }] } },
      {
        buttons: {
          header: { media: { mediaKind: 'DOCUMENT', mediaId } },
          body: 'Passt Montag?',
          buttons: [{ id: 'yes', title: 'Gern' }],
        },
      },
      { list: { body: 'Wann?', button: 'Termine', sections: [{ rows: [{ id: 'm9', title: 'Montag 9 Uhr' }] }] } },
    ];
    for (const content of contents) {
      const sent = await send(content, { replyToMessageId: question!.id });
      expect(sent).toMatchObject({ __typename: 'Message' });
      await become(sent.id, 'READ');
    }
    const seen = await phone();
    for (const words of [
      'Rechnung 7.pdf',
      'Radladen Mitte',
      'Werkstatt Nord',
      'Passt Montag?',
      'Gern',
      'Montag 9 Uhr',
    ]) {
      expect(seen).toContain(words);
    }
  });

  it('is refused by field and limit where WhatsApp would not take it', async () => {
    expect(await send({ buttons: { body: 'Passt?', buttons: [{ id: 'a', title: 'x'.repeat(21) }] } })).toMatchObject({
      __typename: 'InvalidInput',
      field: 'content.buttons.buttons.0.title',
      message: expect.stringContaining('20') as string,
    });
  });

  it('ends unconfirmed when the answer gets lost, and is sent again only when somebody says so', async () => {
    await sandbox('PUT', 'scenarios/response-lost', { times: 1 });
    await sandbox('PUT', 'scenarios/statuses-none', { times: 1 });
    const lost = await send({ text: { body: 'Angekommen?' } });
    await become(lost.id, 'UNCONFIRMED');
    const { settleUnconfirmedMessage: settled } = await ask<{ settleUnconfirmedMessage: Message }>(
      `mutation ($input: SettleUnconfirmedMessageInput!) {
        settleUnconfirmedMessage(input: $input) { ... on Message { ${MESSAGE} } }
      }`,
      { input: { messageId: lost.id, decision: 'SEND_AGAIN' } },
    );
    expect(settled).toMatchObject({ status: 'UNCONFIRMED', failure: { class: 'UNCERTAIN' } });
    await become(settled.settlement!.resentAs!.id, 'READ');
    // The first had come through after all: nobody could know.
    expect((await phone()).split('Angekommen?').length - 1).toBeGreaterThanOrEqual(2);
  });

  it('closes the window when the provider says that it is closed, in words of the agent’s language', async () => {
    expect((await conversation()).serviceWindow.isOpen).toBe(true);
    await sandbox('PUT', 'scenarios/error-131047', { times: 1 });
    const refused = await send({ text: { body: 'Zu spät' } });
    await become(refused.id, 'FAILED');
    const now = await conversation();
    expect(now.serviceWindow.isOpen).toBe(false);
    expect(now.messages.nodes.find(({ id }) => id === refused.id)!.failure).toEqual({
      class: 'WINDOW_CLOSED',
      agentText: 'Das 24-Stunden-Fenster ist geschlossen: Jetzt kann nur eine Vorlage gesendet werden.',
    });
  });

  it('tells the customer that they were read where the channel says so', async () => {
    await sandbox('POST', 'inbound', { phoneNumberId, from: ANNA, text: 'Noch da?' });
    await eventually(async () => expect((await conversation()).messages.nodes.at(-1)!.text).toBe('Noch da?'));
    const { id, channel, messages } = await conversation();
    await ask(
      `mutation ($input: UpdateChannelSettingsInput!) { updateChannelSettings(input: $input) { __typename } }`,
      { input: { channelId: channel.id, sendsReadReceipts: true } },
    );
    await ask(`mutation ($input: MarkReadInput!) { markRead(input: $input) { __typename } }`, {
      input: { conversationId: id, upToSeq: messages.nodes.at(-1)!.seq },
    });
    interface Chat {
      messages: { direction?: string; text?: string; [key: string]: unknown }[];
    }
    await eventually(async () => {
      const { chats } = await sandbox<{ chats: Chat[] }>('GET', `phones/${ANNA.bsuid}`);
      const last = chats[0]!.messages.findLast((message) => JSON.stringify(message).includes('Noch da?'));
      expect(last).toMatchObject({ status: 'read' });
    });
  });
});
