import { conversationLabelsChanged, labelCatalogueChanged } from '@fenster/contracts';
import { transact } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { personData } from '../erasures/keep-costs.js';
import { billingUnderTest, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';
import { envelope, testMessage, type TestMessage } from '../testing/events.js';
import { labelsConsumer } from './labels.consumer.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

const REPLY = 45_600;
const REPORT = `query ($input: CostReportInput!) { costReport(input: $input) { isOverlapping
  distinctTotals { amount { amountMicros } paidMessages } rows { keys { value } figures { amount { amountMicros } } } } }`;
interface Report {
  isOverlapping: boolean;
  distinctTotals: { amount: { amountMicros: number }; paidMessages: number }[] | null;
  rows: { keys: { value: string }[]; figures: { amount: { amountMicros: number } } }[];
}

async function report(workspaceId: string, input: object): Promise<Report> {
  const period = { from: '2026-11-01', to: '2026-11-30' };
  const { data, errors } = await billing.ask<{ costReport: Report }>(personOf(workspaceId), REPORT, {
    input: { period, groupBy: [], ...input },
  });
  expect(errors).toBeUndefined();
  return data.costReport;
}
/** What each label costs, in the sums by day and, by conversation, in the ledger. */
async function byLabel(workspaceId: string, labels: readonly string[]): Promise<number[]> {
  const sums = async (groupBy: string[]) => {
    const { rows } = await report(workspaceId, { groupBy });
    return labels.map((label) =>
      rows
        .filter(({ keys }) => keys[0]!.value === label)
        .reduce((sum, { figures }) => sum + figures.amount.amountMicros, 0),
    );
  };
  const found = await sums(['LABEL']);
  expect(await sums(['LABEL', 'CONVERSATION'])).toEqual(found);
  return found;
}
const label = (message: TestMessage, added: string[], removed: string[] = []) => {
  const { conversationId, threadId } = message;
  const event = envelope(conversationLabelsChanged, message, { conversationId, threadId, added, removed });
  return billing.handle(labelsConsumer, event);
};

describe('what conversations with a label cost', () => {
  it('counts an entry in each of its labels, whichever comes first, and once in the total', async () => {
    const [first, second] = [newId(), newId()];
    const message = testMessage();
    const { workspaceId } = message;
    await label(message, [first]);
    await billing.deliver(message);
    await label(message, [second]);
    // Again, as after a redelivery: they have it already.
    await label(message, [first, second]);
    await billing.deliver(testMessage({ workspaceId }));
    expect(await byLabel(workspaceId, [first, second])).toEqual([REPLY, REPLY]);
    expect(await report(workspaceId, { groupBy: ['LABEL'] })).toMatchObject({
      isOverlapping: true,
      distinctTotals: [{ amount: { amountMicros: 2 * REPLY }, paidMessages: 2 }],
    });
    const filters = [{ dimension: 'LABEL', values: [second] }];
    expect(await report(workspaceId, { filters })).toMatchObject({
      isOverlapping: false,
      distinctTotals: null,
      rows: [{ figures: { amount: { amountMicros: REPLY } } }],
    });
    expect((await report(newId(), { filters })).rows).toEqual([]);
  });

  it('loses the conversations of a person who is forgotten, for good', async () => {
    const [own, other] = [testMessage(), testMessage()];
    const labelId = newId();
    await billing.deliver(own);
    await label(own, [labelId]);
    await label({ ...other, workspaceId: own.workspaceId }, [labelId]);
    const task = { workspaceId: own.workspaceId, erasureId: newId(), upTo: null, threadIds: [own.threadId] };
    const nobody = { contactIds: [], mediaIds: [], messageKeys: [], personMarks: [] };
    for (const what of ['count', 'erase'] as const) {
      const report = await transact(billing.ctx, (tx) => personData[what](tx, { ...nobody, ...task }));
      expect(report.erased).toEqual([{ what: 'conversation_labels', count: 1 }]);
    }
    expect(
      await billing.database
        .system()
        .execute('select thread_id from conversation_label where workspace_id = ?', [own.workspaceId]),
    ).toEqual([{ thread_id: other.threadId }]);
    expect(await byLabel(own.workspaceId, [labelId])).toEqual([0]);
    // Told late.
    await billing.database.system().execute(
      `insert into erasure_task (workspace_id, erasure_id, state, contact_ids, person_marks, thread_ids)
       values (?, ?, 'ERASED', '{}', '{}', array[?]::uuid[])`,
      [own.workspaceId, task.erasureId, own.threadId],
    );
    await label(own, [labelId]);
    expect(await byLabel(own.workspaceId, [labelId])).toEqual([0]);
  });

  it('goes with the label, and is not there any more when it is gone', async () => {
    const [first, second] = [newId(), newId()];
    const message = testMessage();
    const { workspaceId } = message;
    await billing.deliver(message);
    await label(message, [first, second]);
    await label(message, [], [first]);
    await label(message, [], [first]);
    expect(await byLabel(workspaceId, [first, second])).toEqual([0, REPLY]);
    const deleted = envelope(labelCatalogueChanged, message, { labelId: second, change: 'deleted' });
    await billing.handle({ ...labelsConsumer, subscriptions: labelsConsumer.subscriptions.slice(1) }, deleted);
    expect(await byLabel(workspaceId, [first, second])).toEqual([0, 0]);
    await billing.deliver(testMessage({ workspaceId, conversationId: message.conversationId }));
    expect(await byLabel(workspaceId, [first, second])).toEqual([0, 0]);
  });
});
