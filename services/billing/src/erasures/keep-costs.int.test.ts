import { transact } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';
import { billingUnderTest, type BillingUnderTest } from '../testing/billing-under-test.js';
import { REGULAR_SERVICE, status, testMessage } from '../testing/events.js';
import { personData } from './keep-costs.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

describe('what is kept of a forgotten person', () => {
  it('is each message once, and its charges until eight years after the year in which they were booked', async () => {
    const message = testMessage();
    const { workspaceId } = message;
    const marketing = { ...REGULAR_SERVICE, category: 'marketing' };
    await billing.deliver(message, { occurredAt: '2025-12-30T12:00:00.000Z', pricing: marketing });
    await billing.database.system().execute(
      `insert into closed_period (workspace_id, month, last_day, closed_by, closed_at)
         values (?, '2025-12', '2025-12-31', ?, now())`,
      [workspaceId, newId()],
    );
    // Corrected when its own year was closed: entries of the next one.
    const earlier = { occurredAt: '2025-12-30T11:00:00.000Z', pricing: { ...REGULAR_SERVICE, category: 'utility' } };
    await billing.handle(statusReceivedConsumer(billing.books), status(message, 'sent', earlier));
    const nobody = { contactIds: [], mediaIds: [], messageKeys: [], personMarks: [] };
    const report = await transact(billing.ctx, (tx) =>
      personData.count(tx, { ...nobody, workspaceId, erasureId: newId(), upTo: null, threadIds: [message.threadId] }),
    );
    const until = '2035-01-01T00:00:00.000Z';
    const [{ entries }] = (await billing.database
      .system()
      .execute('select count(*)::int as entries from charge where workspace_id = ?', [workspaceId])) as [
      { entries: number },
    ];
    expect(entries).toBeGreaterThan(1);
    expect(report).toEqual({
      erased: [],
      kept: [
        { what: 'charges', count: entries, ground: 'ACCOUNTING', until },
        { what: 'billable_messages', count: 1, ground: 'ACCOUNTING', until },
      ],
    });
  });
});
