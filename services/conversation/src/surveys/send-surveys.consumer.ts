import { conversationStatusChanged, type ConversationStatusChanged, type Envelope } from '@fenster/contracts';
import { causedBy, defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { loadLocked } from '../conversations/load-locked.js';
import { plainText } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';

const HOUR_MS = 3_600_000;
const NAME = 'conversation-send-surveys';

/** Asks customers how it was once their conversation is resolved, where the settings of the channel say so. */
export const sendSurveysConsumer = defineConsumer({
  name: NAME,
  filter: 'conversation.status.changed.>',
  subscriptions: [on(conversationStatusChanged, sendSurveys)],
});

interface SurveyRow {
  id: string;
  workspace_id: string;
  thread_id: string;
  survey_text: string;
  survey_expires_after_hours: number;
}

async function sendSurveys(tx: Tx, events: readonly Envelope<ConversationStatusChanged>[]): Promise<void> {
  const resolved = events.filter(({ data }) => data.to === 'RESOLVED');
  if (resolved.length === 0) return;
  const subjects = unnest(
    'subject',
    { workspace_id: 'uuid', id: 'uuid' },
    resolved.map(({ workspaceId, data }) => ({ workspace_id: workspaceId, id: data.conversationId })),
  );
  await sql`
    select from ${subjects} join conversation c using (workspace_id, id)
    join thread on thread.workspace_id = c.workspace_id and thread.id = c.thread_id
    order by thread.id for update of thread
  `.execute(tx.sql);
  // Not whom nobody answered, nor who writes about something else by now; and each conversation once.
  const { rows } = await sql<SurveyRow>`
    select distinct c.id, c.workspace_id, c.thread_id, s.survey_text, s.survey_expires_after_hours
    from ${subjects} join conversation c using (workspace_id, id)
    join channel_setting s on s.workspace_id = c.workspace_id and s.channel_id = c.channel_id
    join thread on thread.workspace_id = c.workspace_id and thread.id = c.thread_id
    where s.survey_text is not null and c.status = 'RESOLVED' and c.first_response_at is not null
      and thread.open_conversation_id is null
      and not exists (
        select from survey where survey.workspace_id = c.workspace_id and survey.conversation_id = c.id
      )
    order by c.id
  `.execute(tx.sql);
  const asked: { workspace_id: string; conversation_id: string; expires_at: Date }[] = [];
  const locked = await loadLocked(tx, rows);
  for (const row of rows) {
    const { id, workspace_id } = row;
    const event = resolved.find(({ data }) => data.conversationId === id)!;
    const { conversation, thread } = locked.get(id)!;
    const reasons = await queueMessage(tx, conversation, thread, {
      id: newId(),
      by: { kind: 'system', id: 'survey' },
      content: plainText(row.survey_text),
      automation: 'SURVEY',
      origin: causedBy(event, NAME),
    });
    // The window is over: asking would need a template, and cost money.
    if (reasons.length > 0) continue;
    const expires_at = new Date(tx.now().getTime() + row.survey_expires_after_hours * HOUR_MS);
    asked.push({ workspace_id, conversation_id: id, expires_at });
  }
  if (asked.length === 0) return;
  await sql`
    insert into survey (workspace_id, conversation_id, asked_at, expires_at)
    select workspace_id, conversation_id, ${tx.now()}::timestamptz, expires_at
    from ${unnest('asked', { workspace_id: 'uuid', conversation_id: 'uuid', expires_at: 'timestamptz' }, asked)}
  `.execute(tx.sql);
}
