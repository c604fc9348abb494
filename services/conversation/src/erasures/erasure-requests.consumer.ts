import { erasureConfirmed, erasurePlanned, personCounted } from '@fenster/contracts';
import { causedBy, defineConsumer, on, readErasureTask } from '@fenster/database';
import { personData } from './erase-person.js';
import { tracePerson } from './trace-person.js';

const NAME = 'conversation-erasure-requests';

/** Conversation knows who is behind which ids, so it comes first; its own rows go when channels has told everything. */
export const erasureRequestsConsumer = defineConsumer({
  name: NAME,
  filter: 'contacts.erasure.>',
  subscriptions: [
    on(erasurePlanned, async (tx, events) => {
      for (const event of events) {
        const { workspaceId, data: person } = event;
        const { erasureId } = person;
        const origin = causedBy(event, NAME);
        await tracePerson(tx, { workspaceId, person, purpose: 'PLAN', origin });
        const task = await readErasureTask(tx.sql, { workspaceId, erasureId });
        const data = { erasureId, report: await personData.count(tx, task!) };
        tx.emit(personCounted.get('conversation')!, { entityId: erasureId, workspaceId, origin, data });
      }
    }),
    on(erasureConfirmed, async (tx, events) => {
      for (const event of events) {
        const { workspaceId, data: person } = event;
        await tracePerson(tx, { workspaceId, person, purpose: 'ERASE', origin: causedBy(event, NAME) });
      }
    }),
  ],
});
