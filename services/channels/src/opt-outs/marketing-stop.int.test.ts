import { newsletterMessagesStopped, threadMarketingStopped, type MessageQueued } from '@fenster/contracts';
import { sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { eventsOf, publishOfConversation, queueMessages, until, type Channels } from '../testing/channels.js';
import type { GraphStub } from '../testing/graph-stub.js';
import { shareChannels } from '../testing/shared-channels.js';

let channels: Channels;
let graph: GraphStub;
const clock = shareChannels((...started) => ([channels, graph] = started));
const HOUR = 3_600_000;

let people = 0;
const person = () => ({ threadId: newId(), to: { phone: `+49152${(people += 1) + 1_000_000}` } });
type Person = ReturnType<typeof person>;
const template = (to: Person, category: 'MARKETING' | 'UTILITY' | 'AUTHENTICATION' | 'OTHER' = 'MARKETING') =>
  ({
    messageId: newId(),
    conversationId: newId(),
    channelId: channels.channelId,
    seq: 1,
    ...to,
    type: 'template',
    content: {
      kind: 'template',
      templateId: newId(),
      name: 'offer',
      language: 'de',
      category,
      text: 'Nur heute!',
      body: [],
      buttons: [],
    },
  }) satisfies MessageQueued;
const queue = (...messages: MessageQueued[]) => queueMessages(channels.natsUrl, channels.workspaceId, ...messages);
const stop = ({ threadId }: Person) =>
  publishOfConversation(channels.natsUrl, channels.workspaceId, threadMarketingStopped, {
    threadId,
    channelId: channels.channelId,
  });
const stateOf = async (messageId: string) => {
  const { rows } = await sql<{ state: string }>`select state from outbound_message where id = ${messageId}`.execute(
    channels.database.system().getKysely(),
  );
  return rows[0]?.state;
};
const becomes = (messageId: string, state: string) => until(async () => (await stateOf(messageId)) === state);
const failuresOf = async (messageId: string) =>
  (await eventsOf(channels.database, channels.workspaceId)).filter(
    ({ name, data }) => name === 'channels.message.failed' && data.messageId === messageId,
  );
const sentTo = ({ to }: Person) => graph.calls.filter((call) => call.body.to === to.phone).length;
/** The provider is asked, and wants it later. */
async function putOff(message: MessageQueued): Promise<void> {
  graph.onCall = (call) => call.refuse(131056);
  await queue(message);
  await until(() => graph.calls.length === 1);
  await becomes(message.messageId, 'QUEUED');
  graph.onCall = (call) => call.accept();
}

describe('when somebody stops marketing', () => {
  it('what waits for them ends at once, and is told to be an opt-out', async () => {
    const anna = person();
    const message = template(anna);
    await putOff(message);
    await stop(anna);
    await becomes(message.messageId, 'REJECTED');
    expect(await failuresOf(message.messageId)).toMatchObject([
      { data: { outcome: 'rejected', error: { reason: 'opted_out' } } },
    ]);
    clock.ahead += HOUR;
    const other = template(person());
    await queue(other);
    await becomes(other.messageId, 'ACCEPTED');
    expect(sentTo(anna)).toBe(1);
  });

  it('what is no marketing leaves as before, and so does what the gate lets through afterwards', async () => {
    const anna = person();
    const before = [template(anna, 'UTILITY'), template(anna, 'AUTHENTICATION')];
    await stop(anna);
    const after = template(anna);
    await queue(...before, after);
    clock.ahead += HOUR;
    for (const { messageId } of [...before, after]) await becomes(messageId, 'ACCEPTED');
    expect(sentTo(anna)).toBe(3);
  });

  it('what was queued before does not leave either if it comes here later, or comes back from the provider', async () => {
    const anna = person();
    // As if the stop, which is later in conversation's log, had overtaken it.
    await sql`
      insert into marketing_stop (workspace_id, thread_id, seq)
      values (${channels.workspaceId}, ${anna.threadId}, 1000000000)
    `.execute(channels.database.system().getKysely());
    const message = template(anna);
    const unknown = template(anna, 'OTHER');
    await queue(message, unknown);
    await becomes(message.messageId, 'REJECTED');
    await becomes(unknown.messageId, 'REJECTED');
    expect(sentTo(anna)).toBe(0);
  });
});

describe('when somebody stops a newsletter', () => {
  const stopNewsletter = (newsletterId: string) =>
    publishOfConversation(channels.natsUrl, channels.workspaceId, newsletterMessagesStopped, { newsletterId });

  it('what waits of it ends at once; what is queued afterwards leaves, as does what is of another one', async () => {
    const [newsletterId, anna, bea] = [newId(), person(), person()];
    const waiting = { ...template(anna), newsletterId };
    await putOff(waiting);
    await stopNewsletter(newsletterId);
    await becomes(waiting.messageId, 'REJECTED');
    expect(await failuresOf(waiting.messageId)).toMatchObject([
      { data: { outcome: 'rejected', error: { reason: 'newsletter_stopped' } } },
    ]);
    clock.ahead += HOUR;
    const later = [
      { ...template(anna), seq: 2, newsletterId },
      { ...template(bea), newsletterId: newId() },
    ];
    await queue(...later);
    for (const { messageId } of later) await becomes(messageId, 'ACCEPTED');
    expect(sentTo(anna)).toBe(2);
  });

  it('what was queued before and comes later does not leave either', async () => {
    const newsletterId = newId();
    await sql`
      insert into newsletter_stop (workspace_id, newsletter_id, seq)
      values (${channels.workspaceId}, ${newsletterId}, ${1_000_000_000})
    `.execute(channels.database.system().getKysely());
    const late = { ...template(person()), newsletterId };
    await queue(late);
    await becomes(late.messageId, 'REJECTED');
    expect(sentTo(late)).toBe(0);
  });
});
