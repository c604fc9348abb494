import { retentionRunOrdered, retentionRunStopped, type RetainingService } from '@fenster/contracts';
import { defineConsumer, on, type ConsumerDefinition } from '../consumer.js';
import { startRetentionTask, stopRetentionTask } from './retention-task.js';

/** Orders, and that they are taken back, in the order in which contacts says so. */
export function retentionOrdersConsumer(service: RetainingService, wakeWorker: () => void): ConsumerDefinition {
  return defineConsumer({
    name: `${service}-retention-orders`,
    filter: 'contacts.retention.>',
    subscriptions: [
      on(retentionRunOrdered, async (tx, events) => {
        for (const { workspaceId, data } of events) await startRetentionTask(tx, workspaceId, data);
        tx.afterCommit(wakeWorker);
      }),
      on(retentionRunStopped, async (tx, events) => {
        for (const { workspaceId, data } of events) await stopRetentionTask(tx, workspaceId, data.runId);
      }),
    ],
  });
}
