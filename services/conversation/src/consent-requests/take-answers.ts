import { sql, unnest, type Tx } from '@fenster/database';
import { sayConsent, type SaidConsent } from '../opt-outs/stop-marketing.js';
import { clearTimers, setTimers } from '../timers/timer.js';
import { CONSENT_REQUEST_EXPIRY } from './consent-request-expiry.js';

/** A message that says yes or no and nothing else, in a thread that is locked. */
export interface GivenAnswer extends Pick<
  SaidConsent,
  'workspaceId' | 'threadId' | 'conversationId' | 'channelId' | 'contactId' | 'identity' | 'at' | 'origin'
> {
  answer: 'CONFIRMED' | 'REFUSED';
  messageId: string;
  providerMessageId: string;
  /** The provider's id of the message that it answers, if it says so: a tapped button does. */
  quotes: string | undefined;
  /** The question was the last thing that anybody sent. */
  isPlain: boolean;
}

interface Row {
  ordinal: number;
  purpose: string;
  text_hash: string;
  locale: string;
  asked_at: Date;
  message_id: string;
  provider_message_id: string | null;
}

/** Said to the person who has answered; its subject is the thread. See consent-request.timers.ts. */
export const CONSENT_ANSWERED = { kind: 'consent-answered' } as const;

/**
 * Answers to open questions end them, and go into the ledger with the ids of both messages. What answers nothing has no
 * effect. One statement, whatever their number; none for none.
 */
export async function takeAnswers(tx: Tx, answers: readonly GivenAnswer[]): Promise<void> {
  if (answers.length === 0) return;
  const { rows } = await sql<Row>`
    with matched as (
    -- The first that answers it counts: then the question is answered.
    select distinct on (request.workspace_id, request.id) input.ordinal, input.answer, request.workspace_id, request.id,
      asked.provider_message_id
    from ${unnest(
      'input',
      {
        ordinal: 'int',
        workspace_id: 'uuid',
        thread_id: 'uuid',
        answer: 'text',
        at: 'timestamptz',
        quotes: 'text',
        is_plain: 'boolean',
      },
      answers.map(({ workspaceId, threadId, answer, at, quotes, isPlain }, ordinal) => ({
        ordinal,
        workspace_id: workspaceId,
        thread_id: threadId,
        answer,
        at,
        quotes,
        is_plain: isPlain,
      })),
    )}, consent_request request, message asked
    where request.workspace_id = input.workspace_id and request.thread_id = input.thread_id
      and request.answer is null and request.expires_at > input.at
      and asked.workspace_id = request.workspace_id and asked.id = request.message_id
      and asked.status <> 'FAILED'
      -- Providers tell whole seconds. What was written before the question is no answer to it.
      and (asked.provider_message_id = input.quotes
        or input.is_plain and input.quotes is null and date_trunc('second', request.asked_at) <= input.at)
    order by request.workspace_id, request.id, input.ordinal
    )
    update consent_request request set answer = matched.answer, answered_at = ${tx.now()} from matched
    where request.workspace_id = matched.workspace_id and request.id = matched.id
    returning matched.ordinal, request.purpose, request.text_hash, request.locale, request.asked_at, request.message_id,
      matched.provider_message_id
  `.execute(tx.sql);
  if (rows.length === 0) return;
  const threads = rows.map(({ ordinal }) => {
    const { workspaceId, threadId } = answers[ordinal]!;
    return { workspaceId, subjectId: threadId, dueAt: tx.now() };
  });
  await clearTimers(tx, CONSENT_REQUEST_EXPIRY, threads);
  await setTimers(tx, CONSENT_ANSWERED, threads);
  for (const row of rows) {
    const { answer, quotes: _quotes, isPlain: _isPlain, at, ...said } = answers[row.ordinal]!;
    const askedAt = new Date(row.asked_at);
    sayConsent(tx, {
      ...said,
      kind: answer,
      source: 'KEYWORD',
      purposes: [row.purpose],
      locale: row.locale,
      textHash: row.text_hash,
      requestMessageId: row.message_id,
      requestProviderMessageId: row.provider_message_id ?? undefined,
      // Never before the question, whatever second the provider tells.
      at: at < askedAt ? askedAt : at,
    });
  }
}

/** What the provider calls the open question of each of these threads, as far as it has taken it. None for none. */
export async function quotedQuestions(
  tx: Tx,
  threads: readonly { workspaceId: string; threadId: string }[],
): Promise<ReadonlyMap<string, string>> {
  if (threads.length === 0) return new Map();
  const { rows } = await sql<{ thread_id: string; provider_message_id: string }>`
    select request.thread_id, asked.provider_message_id from ${unnest(
      'input',
      { workspace_id: 'uuid', thread_id: 'uuid' },
      threads.map(({ workspaceId, threadId }) => ({ workspace_id: workspaceId, thread_id: threadId })),
    )}
    join consent_request request using (workspace_id, thread_id)
    join message asked on asked.workspace_id = request.workspace_id and asked.id = request.message_id
    where request.answer is null and asked.provider_message_id is not null
  `.execute(tx.sql);
  return new Map(rows.map((row) => [row.thread_id, row.provider_message_id]));
}
