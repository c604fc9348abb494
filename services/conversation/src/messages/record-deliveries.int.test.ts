import {
  channelMessageAccepted,
  channelMessageFailed,
  channelMessageReceived,
  channelStatusReceived,
  messageStatusChanged,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  acceptance,
  createTestConversation,
  customerMessage,
  status,
  type TestConversation,
} from '../testing/conversation.js';
import { Message } from './message.entity.js';

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

/** A reply as `sendMessage` leaves it. */
async function queueReply(workspaceId = newId()): Promise<{ workspaceId: string; id: string }> {
  await conversation.receive(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
  const em = conversation.database.forTenant(workspaceId);
  const [inbound] = await em.find(Message, {});
  const id = newId();
  await em.insert(Message, {
    ...inbound!,
    id,
    seq: inbound!.seq + 1,
    direction: 'OUTBOUND',
    status: 'QUEUED',
    providerMessageId: null,
    authorId: newId(),
  });
  return { workspaceId, id };
}

const load = ({ workspaceId, id }: { workspaceId: string; id: string }) =>
  conversation.database.forTenant(workspaceId).findOneOrFail(Message, { id });
const stepsOf = async (workspaceId: string) =>
  (await conversation.logOf(workspaceId))
    .filter(({ name }) => name === messageStatusChanged.name)
    .map(({ data }) => (data as { status: string }).status);

describe('what becomes of a reply', () => {
  it('moves forward by its id or by the provider’s, and says each step once', async () => {
    const reply = await queueReply();
    const channel = conversation.channelId;
    await conversation.receive(reply.workspaceId, channelMessageAccepted, acceptance(channel, reply.id, 'wamid.a1'));
    await conversation.receive(
      reply.workspaceId,
      channelStatusReceived,
      status(channel, { messageId: reply.id, providerMessageId: 'wamid.a1' }, 'sent'),
    );
    await conversation.receive(
      reply.workspaceId,
      channelStatusReceived,
      status(channel, { providerMessageId: 'wamid.a1' }, 'delivered'),
    );
    await conversation.receive(
      reply.workspaceId,
      channelStatusReceived,
      status(channel, { providerMessageId: 'wamid.a1' }, 'sent'),
      status(channel, { providerMessageId: 'wamid.a1' }, 'read'),
    );
    expect(await load(reply)).toMatchObject({ status: 'READ', providerMessageId: 'wamid.a1' });
    expect(await stepsOf(reply.workspaceId)).toEqual(['SENT', 'DELIVERED', 'READ']);
  });

  it('applies a status that came before its message was known', async () => {
    const reply = await queueReply();
    const channel = conversation.channelId;
    await conversation.receive(
      reply.workspaceId,
      channelStatusReceived,
      status(channel, { providerMessageId: 'wamid.early' }, 'read'),
      status(channel, { providerMessageId: 'wamid.early' }, 'sent'),
    );
    expect(await load(reply)).toMatchObject({ status: 'QUEUED' });
    await conversation.receive(reply.workspaceId, channelMessageAccepted, acceptance(channel, reply.id, 'wamid.early'));
    expect(await load(reply)).toMatchObject({ status: 'READ' });
    expect((await stepsOf(reply.workspaceId)).at(-1)).toBe('READ');
    expect(await conversation.database.forTenant(reply.workspaceId).execute('select * from parked_status')).toEqual([]);
  });

  it('keeps code and text of a failure, and a late success does not undo it', async () => {
    const reply = await queueReply();
    const channel = conversation.channelId;
    const error = { code: 131047, title: 'More than 24 hours have passed.' };
    await conversation.receive(
      reply.workspaceId,
      channelStatusReceived,
      status(channel, { messageId: reply.id }, 'failed', [error]),
    );
    await conversation.receive(
      reply.workspaceId,
      channelStatusReceived,
      status(channel, { messageId: reply.id }, 'sent'),
    );
    expect(await load(reply)).toMatchObject({ status: 'FAILED', errorCode: 131047, errorTitle: error.title });
  });

  it('ends UNCONFIRMED when nobody knows, until a status settles it', async () => {
    const reply = await queueReply();
    const failure = {
      channelId: conversation.channelId,
      messageId: reply.id,
      outcome: 'unconfirmed' as const,
      error: { code: 0, title: 'Timed out.' },
      failedAt: new Date().toISOString(),
    };
    await conversation.receive(reply.workspaceId, channelMessageFailed, failure);
    expect(await load(reply)).toMatchObject({ status: 'UNCONFIRMED' });
    await conversation.receive(
      reply.workspaceId,
      channelStatusReceived,
      status(conversation.channelId, { messageId: reply.id }, 'delivered'),
    );
    expect(await load(reply)).toMatchObject({ status: 'DELIVERED' });
  });

  it('believes no id of another workspace or channel', async () => {
    const reply = await queueReply();
    await conversation.receive(
      newId(),
      channelStatusReceived,
      status(conversation.channelId, { messageId: reply.id }, 'read'),
    );
    await conversation.receive(
      reply.workspaceId,
      channelStatusReceived,
      status(newId(), { messageId: reply.id }, 'read'),
    );
    expect(await load(reply)).toMatchObject({ status: 'QUEUED' });
  });

  it('ends at the furthest status whatever order, repetition and batching the reports come in', async () => {
    const reports = fc.array(fc.constantFrom('accepted', 'sent', 'delivered', 'read'), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.array(reports, { minLength: 1, maxLength: 4 }), async (batches) => {
        const reply = await queueReply();
        const providerMessageId = `wamid.${reply.id}`;
        const about = { messageId: reply.id, providerMessageId };
        for (const batch of batches) {
          for (const report of batch) {
            if (report === 'accepted') {
              await conversation.receive(
                reply.workspaceId,
                channelMessageAccepted,
                acceptance(conversation.channelId, reply.id, providerMessageId),
              );
            }
          }
          const statuses = batch
            .filter((report) => report !== 'accepted')
            .map((report) => status(conversation.channelId, about, report as 'sent'));
          if (statuses.length > 0) await conversation.receive(reply.workspaceId, channelStatusReceived, ...statuses);
        }
        const order = ['accepted', 'sent', 'delivered', 'read'];
        const furthest = Math.max(...batches.flat().map((report) => order.indexOf(report)));
        expect((await load(reply)).status).toBe(['QUEUED', 'SENT', 'DELIVERED', 'READ'][furthest]);
        const steps = await stepsOf(reply.workspaceId);
        expect(steps).toEqual(['SENT', 'DELIVERED', 'READ'].filter((step) => steps.includes(step)));
      }),
      { numRuns: 30 },
    );
  });
});
