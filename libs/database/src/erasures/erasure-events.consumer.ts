import {
  personCounted,
  personErased,
  personTraced,
  rowsErased,
  type ErasingService,
  type ErasureReport,
} from '@fenster/contracts';
import { causedBy, defineConsumer, on, type ConsumerDefinition } from '../consumer.js';
import type { Tx } from '../transact.js';
import { moveErasureTask, traceErasureTask, type ErasureTask } from './erasure-task.js';

/** What a service does about a person. Both in the transaction that tells of it. */
export interface PersonData {
  count(tx: Tx, task: ErasureTask): Promise<ErasureReport>;
  erase(tx: Tx, task: ErasureTask): Promise<ErasureReport>;
}

/** Counts, or erases, the rows about whom conversation has traced. */
export function personTracedConsumer(service: ErasingService, data: PersonData): ConsumerDefinition {
  const name = `${service}-person-traced`;
  return defineConsumer({
    name,
    filter: 'conversation.person.traced.>',
    subscriptions: [
      on(personTraced, async (tx, events) => {
        for (const event of events) {
          const { workspaceId } = event;
          const { erasureId, purpose } = event.data;
          const task = await traceErasureTask(tx, workspaceId, event.data);
          if (!task) continue;
          const isPlan = purpose === 'PLAN';
          const report = isPlan ? await data.count(tx, task) : await data.erase(tx, task);
          if (!isPlan) await moveErasureTask(tx, task, { from: ['BEGUN'], to: 'ERASED' });
          tx.emit((isPlan ? personCounted : personErased).get(service)!, {
            entityId: erasureId,
            workspaceId,
            origin: causedBy(event, name),
            data: { erasureId, report },
          });
        }
      }),
    ],
  });
}

/** All rows are gone everywhere: the log is next. */
export function rowsErasedConsumer(service: ErasingService, wakeCleaner: () => void): ConsumerDefinition {
  return defineConsumer({
    name: `${service}-rows-erased`,
    filter: 'contacts.erasure.rows_erased.>',
    subscriptions: [
      on(rowsErased, async (tx, events) => {
        for (const { workspaceId, data } of events) {
          const key = { workspaceId, erasureId: data.erasureId };
          await moveErasureTask(tx, key, { from: ['ERASED', 'CLEANING', 'DONE'], to: 'CLEANING' });
        }
        tx.afterCommit(wakeCleaner);
      }),
    ],
  });
}
