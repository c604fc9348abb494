import {
  ERASING_SERVICES,
  personCounted,
  personErased,
  personLogErased,
  type Envelope,
  type ErasingService,
  type PersonReported,
} from '@fenster/contracts';
import {
  causedBy,
  defineConsumer,
  moveErasureTask,
  on,
  readErasureTask,
  startErasureTask,
  type BatchHandler,
  type ConsumerDefinition,
  type Tx,
} from '@fenster/database';
import type { PersonMark } from '@fenster/runtime';
import { personDataOf } from './erase-person.js';
import { Erasure, type ErasurePhase } from './erasure.entity.js';
import { takeReport } from './erasure-reports.js';

export interface ErasureConsumerOptions {
  markOf: PersonMark;
  wakeCleaner: () => void;
  backupRetentionDays: number;
}

const OTHERS = ERASING_SERVICES.filter((service) => service !== 'contacts');

/** One for each service that reports, because a consumer reads one stream. */
export function erasureReportsConsumers(options: ErasureConsumerOptions): ConsumerDefinition[] {
  return OTHERS.map((service) => {
    const name = `contacts-erasure-reports-of-${service}`;
    const take = (phase: ErasurePhase) => async (tx: Tx, events: readonly Envelope<PersonReported>[]) => {
      for (const event of events) await takeReport(tx, toReport(event, { service, phase, name }), options);
    };
    return defineConsumer({
      name,
      filter: `${service}.person.>`,
      subscriptions: [
        on(personCounted.get(service)!, take('PLAN')),
        // That of conversation comes with all that was said in threads before.
        ...(service === 'conversation' ? [] : [on(personErased.get(service)!, take('ROWS'))]),
        on(personLogErased.get(service)!, take('LOG')),
      ],
    });
  });
}

/** Conversation is the last before contacts: all that was said in threads has been read here when it reports. */
export const ERASED_BY_CONVERSATION = personErased.get('conversation')!;

export function eraseAfterConversation(
  options: ErasureConsumerOptions,
  name: string,
): BatchHandler<typeof ERASED_BY_CONVERSATION> {
  const data = personDataOf(options.markOf);
  return async (tx, events) => {
    for (const event of events) {
      const { workspaceId } = event;
      const { erasureId } = event.data;
      const erasure = await tx.em.findOne(Erasure, { workspaceId, id: erasureId });
      if (!erasure) continue;
      const { contactIds, personMarks } = erasure;
      const upTo = erasure.upTo?.toISOString();
      await startErasureTask(tx, 'BEGUN', { workspaceId, erasureId, contactIds, personMarks, upTo });
      const task = (await readErasureTask(tx.sql, { workspaceId, erasureId }))!;
      const report = await data.erase(tx, task);
      await moveErasureTask(tx, task, { from: ['BEGUN'], to: 'ERASED' });
      tx.emit(personErased.get('contacts')!, {
        entityId: erasureId,
        workspaceId,
        origin: causedBy(event, name),
        data: { erasureId, report },
      });
      const about = toReport(event, { service: 'conversation', phase: 'ROWS', name });
      await takeReport(tx, { ...about, service: 'contacts', report }, options);
      await takeReport(tx, about, options);
    }
  };
}

function toReport(
  event: Envelope<PersonReported>,
  { service, phase, name }: { service: ErasingService; phase: ErasurePhase; name: string },
) {
  const { workspaceId, data } = event;
  return { workspaceId, ...data, service, phase, origin: causedBy(event, name) };
}
