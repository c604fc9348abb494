import {
  channelMediaFailed,
  channelMediaStored,
  channelMediaUploaded,
  channelMessageChanged,
  channelMessageReceived,
  messageMediaChanged,
  messageRevoked,
  type Envelope,
  type ChannelMediaUploaded,
} from '@fenster/contracts';
import { transact, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Message } from '../messages/message.entity.js';
import {
  createTestConversation,
  customerMessage,
  messageChange,
  type TestConversation,
} from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { rememberUploadedMedia, requireUploadedMedia } from './uploaded-media.js';

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

const told = async (workspaceId: string, name: string) =>
  (await conversation.logOf(workspaceId)).filter((event) => event.name === name).map(({ data }) => data);

/** A message with a file. */
async function receive(workspaceId: string, mediaId = newId()) {
  const data = customerMessage(conversation.channelId, {
    type: 'image',
    text: undefined,
    payload: { id: '7', mime_type: 'image/jpeg', mediaId },
  });
  await conversation.receive(workspaceId, channelMessageReceived, data);
  const [message] = await conversation.database
    .forTenant(workspaceId)
    .find(Message, { providerMessageId: data.providerMessageId });
  return { mediaId, message: message!, providerMessageId: data.providerMessageId };
}
const file = (mediaId: string, providerMessageId: string) => ({
  mediaId,
  channelId: conversation.channelId,
  providerMessageId,
});
const stored = (mediaId: string, providerMessageId: string) => ({
  ...file(mediaId, providerMessageId),
  mimeType: 'image/jpeg',
  sizeBytes: 1,
});

describe('what becomes of the file of a message', () => {
  it('is told with the message', async () => {
    const workspaceId = newId();
    const [one, two] = [await receive(workspaceId), await receive(workspaceId)];
    await conversation.receive(
      workspaceId,
      channelMediaStored,
      stored(two.mediaId, two.providerMessageId),
      stored(newId(), `wamid.${newId()}`),
      stored(one.mediaId, one.providerMessageId),
    );
    const changed = ({ message: { id, threadId, conversationId, seq } }: typeof one) => ({
      messageId: id,
      threadId,
      conversationId,
      seq,
    });
    expect(await told(workspaceId, messageMediaChanged.name)).toEqual([
      { ...changed(two), mediaId: two.mediaId, state: 'READY' },
      { ...changed(one), mediaId: one.mediaId, state: 'READY' },
    ]);
    const failed = { ...file(one.mediaId, one.providerMessageId), state: 'INFECTED' } as const;
    await conversation.receive(workspaceId, channelMediaFailed, failed);
    expect((await told(workspaceId, messageMediaChanged.name)).at(-1)).toMatchObject({ state: 'INFECTED' });
  });

  it('is not told of a file that the message does not have, or not any more', async () => {
    const workspaceId = newId();
    const { mediaId, providerMessageId } = await receive(workspaceId);
    await conversation.receive(workspaceId, channelMediaStored, stored(newId(), providerMessageId));
    const image = { id: '8', mediaId: newId() };
    const edit = messageChange(conversation.channelId, providerMessageId, {
      kind: 'edit',
      type: 'image',
      payload: image,
    });
    await conversation.receive(workspaceId, channelMessageChanged, edit);
    await conversation.receive(workspaceId, channelMediaStored, stored(mediaId, providerMessageId));
    expect(await told(workspaceId, messageMediaChanged.name)).toEqual([]);
    await conversation.receive(workspaceId, channelMediaStored, stored(image.mediaId, providerMessageId));
    expect(await told(workspaceId, messageMediaChanged.name)).toHaveLength(1);
  });

  it('ends with the message: whoever takes it back takes back all of its files', async () => {
    const workspaceId = newId();
    const { mediaId, providerMessageId } = await receive(workspaceId);
    const second = newId();
    const change = (what: Parameters<typeof messageChange>[2]) =>
      conversation.receive(
        workspaceId,
        channelMessageChanged,
        messageChange(conversation.channelId, providerMessageId, what),
      );
    await change({ kind: 'edit', type: 'image', text: 'besser', payload: { caption: 'besser' } });
    await change({ kind: 'edit', type: 'image', payload: { id: '8', mediaId: second } });
    await change({ kind: 'revoke' });
    const [revoked] = (await told(workspaceId, messageRevoked.name)) as { mediaIds: string[] }[];
    expect(revoked!.mediaIds.toSorted()).toEqual([mediaId, second].toSorted());
    await conversation.receive(workspaceId, channelMediaStored, stored(second, providerMessageId));
    expect(await told(workspaceId, messageMediaChanged.name)).toEqual([]);
  });
});

describe('an uploaded file', () => {
  const [workspaceId, memberId] = [newId(), newId()];
  const ctx: () => Ctx = () => ({
    database: conversation.database,
    now: () => new Date(),
    log: createLogger('test', 'silent'),
    wakeRelay() {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  });
  const upload = async (mediaId = newId()) => {
    const data: ChannelMediaUploaded = {
      mediaId,
      channelId: conversation.channelId,
      kind: 'DOCUMENT',
      mimeType: 'application/pdf',
      sizeBytes: 7,
      fileName: 'Rechnung.pdf',
    };
    const now = new Date().toISOString();
    const event: Envelope<ChannelMediaUploaded> = {
      id: newId(),
      name: channelMediaUploaded.name,
      version: 1,
      workspaceId,
      seq: 1,
      entityId: mediaId,
      occurredAt: now,
      recordedAt: now,
      actor: { kind: 'member', id: memberId },
      correlationId: 'test',
      dataClass: 'message_body',
      data,
    };
    // Twice, as events may come.
    await transact(ctx(), (tx) => rememberUploadedMedia(tx, [event]));
    await transact(ctx(), (tx) => rememberUploadedMedia(tx, [event]));
    return mediaId;
  };
  const asked = (mediaId: string, rights: object = { workspaceId, id: memberId }, now?: () => Date) =>
    requireUploadedMedia(requestContext(conversation.database, rights, now), mediaId, 'content.mediaId');

  it('may be sent by whoever uploaded it', async () => {
    const id = await upload();
    expect(await asked(id)).toEqual({
      id,
      channelId: conversation.channelId,
      kind: 'DOCUMENT',
      mimeType: 'application/pdf',
      sizeBytes: 7,
      fileName: 'Rechnung.pdf',
    });
  });

  it('is awaited if it may have ended just now', async () => {
    const id = newId();
    const asking = asked(id);
    await upload(id);
    expect(await asking).toMatchObject({ id });
  });

  it('is not there for anybody else, nor is a file that a customer sent', async () => {
    const id = await upload();
    // Nobody waits for what is that old.
    const tomorrow = () => new Date(Date.now() + 26 * 3_600_000);
    const refusal = { code: 'NOT_FOUND', field: 'content.mediaId' };
    await expect(asked(id, { workspaceId, id: newId() }, tomorrow)).rejects.toMatchObject(refusal);
    await expect(asked(id, { workspaceId: newId(), id: memberId }, tomorrow)).rejects.toMatchObject(refusal);
    const { mediaId } = await receive(workspaceId);
    await expect(asked(mediaId, undefined, tomorrow)).rejects.toMatchObject(refusal);
    await expect(asked('nonsense')).rejects.toMatchObject(refusal);
  });
});
