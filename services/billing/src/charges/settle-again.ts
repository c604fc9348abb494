import { array, sql, type Tx } from '@fenster/database';
import { BILLABLE_MESSAGE, toBillableMessage, type BillableMessageRow } from '../messages/facts.js';
import type { Books } from '../price-books/books.js';
import { settleMessages } from './settle-messages.js';

/** Rates messages of which nothing new is known, but by what they are rated. */
export async function settleAgain(
  tx: Tx,
  books: Books,
  workspaceId: string,
  messageIds: readonly string[],
): Promise<void> {
  if (messageIds.length === 0) return;
  const { rows } = await sql<BillableMessageRow>`
    select ${BILLABLE_MESSAGE} from billable_message
    where workspace_id = ${workspaceId} and message_id = any(${array('uuid', messageIds)})
    order by workspace_id, message_id for update
  `.execute(tx.sql);
  await settleMessages(tx, books, rows.map(toBillableMessage), new Map());
}
