import type { MessageQueued, OutgoingContent } from '@fenster/contracts';
import { sql, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import { request } from 'undici';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventsOf, queueMessages, until, type Channels } from '../testing/channels.js';
import { claimDue } from './claim-due.js';
import { giveUpUnconfirmed, noteLeaving, takeUpLost } from './outbound.commands.js';
import type { GraphStub } from '../testing/graph-stub.js';
import { shareChannels } from '../testing/shared-channels.js';

let channels: Channels;
let graph: GraphStub;
const clock = shareChannels((...started) => ([channels, graph] = started));
beforeEach(() => {
  graph.media.calls.length = 0;
  graph.media.onCall = () => false;
});

const PDF = Buffer.from('%PDF-1.7 Rechnung');

/** A file that may be sent. */
async function upload(): Promise<string> {
  const mutation = `mutation ($input: CreateMediaUploadInput!) {
    createMediaUpload(input: $input) { ... on MediaUpload { url media { id } } }
  }`;
  const input = { mimeType: 'application/pdf', sizeBytes: PDF.length, fileName: 'R.pdf', idempotencyKey: newId() };
  const { data } = await channels.graphql(mutation, ['message:send', 'channel:read', 'message:read'], {
    input: { ...input, channelId: channels.channelId },
  });
  const { url, media } = data!['createMediaUpload'] as { url: string; media: { id: string } };
  const { statusCode } = await request(url, { method: 'PUT', body: PDF });
  expect(statusCode).toBe(201);
  return media.id;
}
const message = (content: OutgoingContent, type: 'document' | 'interactive' = 'document') =>
  ({
    messageId: newId(),
    threadId: newId(),
    conversationId: newId(),
    channelId: channels.channelId,
    seq: 2,
    to: { phone: '+4915112345678' },
    type,
    content,
    authorId: newId(),
  }) satisfies MessageQueued;
const document = (mediaId: string) =>
  message({ kind: 'media', mediaKind: 'DOCUMENT', mediaId, fileName: 'Rechnung.pdf', caption: 'Bitte' });
const queue = (...messages: MessageQueued[]) => queueMessages(channels.natsUrl, channels.workspaceId, ...messages);
const stateOf = async (id: string) => {
  const { rows } = await sql<{ state: string }>`select state from outbound_message where id = ${id}`.execute(
    channels.database.system().getKysely(),
  );
  return rows[0]?.state;
};
const attemptsOf = async (id: string) => {
  const { rows } = await sql<{ attempts: number }>`select attempts from outbound_message where id = ${id}`.execute(
    channels.database.system().getKysely(),
  );
  return rows[0]?.attempts ?? 0;
};
const ctx = (): Ctx => ({
  database: channels.database,
  now: clock.now,
  log: createLogger('test', 'silent'),
  wakeRelay: () => {},
  origin: { actor: { kind: 'system' }, correlationId: 'test' },
});
const uploads = () => graph.media.calls.filter(({ kind }) => kind === 'upload');

describe('a message with a file', () => {
  it('leaves when its file is at the provider, which gets it once for all messages', async () => {
    const mediaId = await upload();
    const [first, second] = [document(mediaId), document(mediaId)];
    await queue(first);
    await until(async () => (await stateOf(first.messageId)) === 'ACCEPTED');
    const header = { media: { mediaKind: 'DOCUMENT', mediaId } } as const;
    const third = message(
      { kind: 'buttons', header, body: 'Passt?', buttons: [{ id: 'y', title: 'Ja' }] },
      'interactive',
    );
    await queue(second, third);
    await until(async () => (await stateOf(third.messageId)) === 'ACCEPTED');
    await until(async () => (await stateOf(second.messageId)) === 'ACCEPTED');
    expect(uploads()).toHaveLength(1);
    const { id } = uploads()[0]!;
    expect(graph.media.files.get(id)).toMatchObject({ bytes: PDF, mimeType: 'application/pdf' });
    const [sent, ...others] = graph.calls.map(({ body }) => body as unknown as Record<string, unknown>);
    expect(sent).toMatchObject({ type: 'document', document: { id, filename: 'Rechnung.pdf', caption: 'Bitte' } });
    expect(others.find(({ type }) => type === 'interactive')).toMatchObject({
      interactive: { header: { type: 'document', document: { id } } },
    });
  });

  it('waits while the file cannot be brought there, and nothing is sent without it', async () => {
    const mediaId = await upload();
    let failures = 0;
    graph.media.onCall = (call, response) => {
      if (call.kind !== 'upload' || failures === 2) return false;
      failures += 1;
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"code":131000}}');
      return true;
    };
    const waiting = document(mediaId);
    await queue(waiting);
    await until(async () => {
      clock.ahead += 20_000;
      return (await stateOf(waiting.messageId)) === 'ACCEPTED';
    });
    expect(failures).toBe(2);
    expect(graph.calls).toHaveLength(1);
  });

  it('fails, and is not sent, where there is no such file or the provider refuses it', async () => {
    const refused = document(await upload());
    graph.media.onCall = (call, response) => {
      if (call.kind !== 'upload') return false;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"code":131053}}');
      return true;
    };
    const gone = document(newId());
    await queue(gone, refused);
    for (const { messageId } of [gone, refused]) await until(async () => (await stateOf(messageId)) === 'REJECTED');
    expect(graph.calls).toEqual([]);
    const failed = (await eventsOf(channels.database, channels.workspaceId)).filter(
      ({ name }) => name === 'channels.message.failed',
    );
    const reasons = new Map(
      failed.map(({ data }) => [data['messageId'], (data['error'] as { reason: string }).reason]),
    );
    expect([reasons.get(gone.messageId), reasons.get(refused.messageId)]).toEqual(['file_gone', 'file_not_uploaded']);
  });

  it('is sent anew when the process is lost that brought the file, and not when it may have left', async () => {
    const [lost, leaving] = [document(await upload()), document(await upload())];
    let isAway = true;
    graph.media.onCall = (call, response) => {
      if (call.kind !== 'upload' || !isAway) return false;
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"code":131000}}');
      return true;
    };
    await queue(lost, leaving);
    for (const { messageId } of [lost, leaving]) await until(async () => (await attemptsOf(messageId)) > 0);
    await channels.pause();
    isAway = false;
    clock.ahead += 60_000;
    const LEASE_MS = 30_000;
    const { messages } = await claimDue(ctx(), 16, LEASE_MS);
    const claimOf = ({ messageId }: MessageQueued) => messages.find(({ id }) => id === messageId)!;
    expect(await noteLeaving(ctx(), claimOf(leaving))).toBe(true);
    // Here the process ends.
    await takeUpLost(ctx());
    expect(await stateOf(lost.messageId)).toBe('ATTEMPTED');
    clock.ahead += LEASE_MS + 60_000;
    await takeUpLost(ctx());
    await giveUpUnconfirmed(ctx(), 60_000);
    expect(await stateOf(lost.messageId)).toBe('QUEUED');
    expect(await stateOf(leaving.messageId)).toBe('UNCONFIRMED');
    // It was only slow.
    expect(await noteLeaving(ctx(), claimOf(lost))).toBe(false);
    await channels.resume();
    await until(async () => (await stateOf(lost.messageId)) === 'ACCEPTED');
    expect(graph.calls.map(({ body }) => body.biz_opaque_callback_data)).toEqual([lost.messageId]);
  });
});
