import { personErased, type Envelope, type PersonReported } from '@fenster/contracts';
import { array, causedBy, moveErasureTask, readErasureTask, sql, type Tx } from '@fenster/database';
import { personData } from './erase-person.js';
import { tracePerson } from './trace-person.js';

/** Channels has erased: all that it had told of the person before is handled here, and nothing more of it comes. */
export async function eraseAfterChannels(
  tx: Tx,
  events: readonly Envelope<PersonReported>[],
  consumer: string,
): Promise<void> {
  for (const event of events) {
    const { workspaceId, data } = event;
    const { erasureId } = data;
    const task = await readErasureTask(tx.sql, { workspaceId, erasureId });
    if (!task) continue;
    const origin = causedBy(event, consumer);
    const { contactIds, personMarks, threadIds, upTo } = task;
    // Everything in a thread is ordered by this lock.
    await sql`
      select from thread where workspace_id = ${workspaceId} and id = any(${array('uuid', threadIds)})
      order by id for update
    `.execute(tx.sql);
    // They may have written, or been written to, meanwhile: then channels has to look again.
    const person = { erasureId, contactIds: [...contactIds], personMarks: [...personMarks], upTo: upTo?.toISOString() };
    if (await tracePerson(tx, { workspaceId, person, purpose: 'ERASE', origin, onlyNew: true })) continue;
    const report = await personData.erase(tx, task);
    await moveErasureTask(tx, task, { from: ['BEGUN', 'ERASED'], to: 'ERASED' });
    tx.emit(personErased.get('conversation')!, {
      entityId: erasureId,
      workspaceId,
      origin,
      data: { erasureId, report },
    });
  }
}
