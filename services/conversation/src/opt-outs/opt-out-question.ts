import { optOutAsked } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';

/** A message that may ask to stop marketing. */
export interface OptOutQuestion {
  workspaceId: string;
  conversationId: string;
  threadId: string;
  messageId: string;
  origin: Origin;
}

/** Somebody has to read these, and decide. One statement, whatever their number; none for none. */
export async function askAboutOptOut(tx: Tx, questions: readonly OptOutQuestion[]): Promise<void> {
  if (questions.length === 0) return;
  await sql`
    insert into opt_out_question (workspace_id, message_id, conversation_id, asked_at)
    select workspace_id, message_id, conversation_id, ${tx.now()}::timestamptz from ${unnest(
      'input',
      { workspace_id: 'uuid', message_id: 'uuid', conversation_id: 'uuid' },
      questions.map(({ workspaceId, messageId, conversationId }) => ({
        workspace_id: workspaceId,
        message_id: messageId,
        conversation_id: conversationId,
      })),
    )}
  `.execute(tx.sql);
  for (const { workspaceId, conversationId, threadId, messageId, origin } of questions) {
    tx.emit(optOutAsked, { entityId: messageId, workspaceId, origin, data: { messageId, conversationId, threadId } });
  }
}
