import { allowanceChanged, type AllowanceChanged } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelsConsumer } from '../channels/channels.consumer.js';
import { messageFailedConsumer } from '../messages/message-failed.consumer.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { billingUnderTest, type BillingUnderTest } from '../testing/billing-under-test.js';
import { channel, failed, queued, REGULAR_SERVICE, testMessage } from '../testing/events.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

async function begin() {
  const first = testMessage();
  const { workspaceId, channelId } = first;
  await billing.handle(channelsConsumer, channel(first));
  return {
    workspaceId,
    channelId,
    async send(count: number) {
      const messages = Array.from({ length: count }, () => testMessage({ workspaceId, channelId }));
      await billing.handle(messageQueuedConsumer(billing.books), ...messages.map((message) => queued(message)));
      return messages;
    },
    async told() {
      const log = await readLog(billing.database.forTenant(workspaceId), 0, 10_000);
      const changes = log
        .filter(({ name }) => name === allowanceChanged.name)
        .map(({ data }) => data as AllowanceChanged);
      return changes.map(({ level, taken }) => [level, taken]);
    },
  };
}

describe('the allowance of a number', () => {
  it('is told of when four fifths are taken, when none is left, and when some are again', async () => {
    const { send, told, workspaceId, channelId } = await begin();
    await send(799);
    expect(await told()).toEqual([]);
    await send(1);
    const [last] = await send(200);
    await billing.handle(messageFailedConsumer(billing.books), failed(last!, 'rejected'));
    expect(await told()).toEqual([
      ['NEARLY', 800],
      ['USED_UP', 1_000],
      ['NEARLY', 999],
    ]);
    // The provider charges one: it has counted more than we have.
    await billing.deliver(testMessage({ workspaceId, channelId }), { pricing: REGULAR_SERVICE });
    expect((await told()).at(-1)![0]).toBe('USED_UP');
  });

  it('is none where the rules know none: the first that is charged says so', async () => {
    const { told, workspaceId, channelId } = await begin();
    const occurredAt = '2026-09-15T12:00:00.000Z';
    await billing.deliver(testMessage({ workspaceId, channelId }), { pricing: REGULAR_SERVICE, occurredAt });
    expect(await told()).toEqual([['USED_UP', 0]]);
  });
});
