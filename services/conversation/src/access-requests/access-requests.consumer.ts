import {
  accessCodeTold,
  accessConfirmed,
  accessRequested,
  accessTraced,
  type AccessConfirmed,
  type AccessRequested,
  type Envelope,
} from '@fenster/contracts';
import { array, causedBy, defineConsumer, on, sql, tellCollected, tellFound, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { loadLocked } from '../conversations/load-locked.js';
import { findTrace } from '../erasures/trace-person.js';
import { plainText } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';
import { likelyLanguage } from '../threads/likely-language.rule.js';
import { codeWordText } from './code-word.rule.js';
import { findPerson } from './find-person.js';

const NAME = 'conversation-access-requests';
/** Of one event: its size is bounded by the broker. */
const MAX_IDS = 4_000;

/** Tells people the code word of their request over their own number, and once they are known, all that is here about them. */
export const accessRequestsConsumer = defineConsumer({
  name: NAME,
  filter: 'contacts.access.>',
  subscriptions: [
    on(accessRequested, async (tx, events) => {
      for (const event of events) {
        await keepCode(tx, event);
        const { workspaceId, data } = event;
        tx.emit(accessCodeTold, {
          entityId: data.requestId,
          workspaceId,
          origin: causedBy(event, NAME),
          data: { requestId: data.requestId, refusal: await tellCode(tx, event) },
        });
      }
    }),
    on(accessConfirmed, async (tx, events) => {
      for (const event of events) await collect(tx, event);
    }),
  ],
});

async function keepCode(tx: Tx, { workspaceId, data }: Envelope<AccessRequested>): Promise<void> {
  const { requestId, contactIds, codeWord, expiresAt } = data;
  await sql`delete from access_code where expires_at <= ${tx.now()}`.execute(tx.sql);
  await sql`
    insert into access_code (workspace_id, contact_id, request_id, code_word, expires_at)
    select ${workspaceId}, id, ${requestId}, ${codeWord}, ${expiresAt} from unnest(${array('uuid', contactIds)}) as id
  `.execute(tx.sql);
}

/** Where the person wrote last. Returns the code of what is against it. */
async function tellCode(tx: Tx, event: Envelope<AccessRequested>): Promise<string | null> {
  const { workspaceId, data } = event;
  const { rows } = await sql<{ id: string; thread_id: string; workspace_id: string }>`
    select coalesce(open_conversation_id, resolved_conversation_id) as id, id as thread_id, workspace_id from thread
    where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', data.contactIds)})
      and coalesce(open_conversation_id, resolved_conversation_id) is not null
    order by last_customer_message_at desc nulls last, id limit 1 for update
  `.execute(tx.sql);
  const [place] = rows;
  if (!place) return 'NO_THREAD';
  const { conversation, thread } = (await loadLocked(tx, rows)).get(place.id)!;
  const [refusal] = await queueMessage(tx, conversation, thread, {
    id: newId(),
    by: { kind: 'system', id: 'access-code' },
    content: plainText(codeWordText(data.codeWord, likelyLanguage({ phone: thread.phone }))),
    automation: 'ACCESS_CODE',
    origin: causedBy(event, NAME),
  });
  return refusal?.code ?? null;
}

async function collect(tx: Tx, event: Envelope<AccessConfirmed>): Promise<void> {
  const { workspaceId, data: request } = event;
  const origin = causedBy(event, NAME);
  const { threads, media } = await findTrace(tx, workspaceId, request.contactIds);
  const parts = Math.max(1, Math.ceil(Math.max(threads.length, media.length) / MAX_IDS));
  for (let part = 0; part < parts; part += 1) {
    const partOf = (all: readonly string[]) => all.slice(part * MAX_IDS, (part + 1) * MAX_IDS);
    tx.emit(accessTraced, {
      entityId: request.requestId,
      workspaceId,
      origin,
      data: { ...request, isLast: part === parts - 1, threadIds: partOf(threads), mediaIds: partOf(media) },
    });
  }
  const about = { service: 'conversation', workspaceId, ...request, origin } as const;
  const { contactIds } = request;
  await tellFound(tx, findPerson(tx, { workspaceId, contactIds, threadIds: threads, mediaIds: media }), about);
  tellCollected(tx, about);
}
