import { satisfactionRated } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';
import type { Rating } from './survey.rule.js';

export interface RatedConversation extends Rating {
  workspaceId: string;
  conversationId: string;
  threadId: string;
  at: Date;
  origin: Origin;
}

/** What customers answered to surveys. Nothing to do for none. */
export async function recordRatings(tx: Tx, rated: readonly RatedConversation[]): Promise<void> {
  if (rated.length === 0) return;
  await sql`
    update survey set score = input.score, comment = input.comment, answered_at = input.answered_at
    from ${unnest(
      'input',
      { workspace_id: 'uuid', conversation_id: 'uuid', score: 'int', comment: 'text', answered_at: 'timestamptz' },
      rated.map(({ workspaceId, conversationId, score, comment, at }) => ({
        workspace_id: workspaceId,
        conversation_id: conversationId,
        score,
        comment,
        answered_at: at,
      })),
    )}
    where survey.workspace_id = input.workspace_id and survey.conversation_id = input.conversation_id
  `.execute(tx.sql);
  for (const { workspaceId, conversationId, threadId, score, at, origin } of rated) {
    const data = { conversationId, threadId, score };
    tx.emit(satisfactionRated, { entityId: conversationId, workspaceId, occurredAt: at, origin, data });
  }
}
