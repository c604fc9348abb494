import { accessCodeWritten } from '@fenster/contracts';
import { sql, unnest, type Origin, type Tx } from '@fenster/database';

/** A message that may be a code word and is nothing else. */
export interface WrittenCode {
  workspaceId: string;
  threadId: string;
  contactId: string;
  messageId: string;
  codeWord: string;
  at: Date;
  origin: Origin;
}

/**
 * Who wrote the code word of their own request from their own number has shown that it is them, where a channel knows who
 * writes: WhatsApp does, and always did. One statement; none for none.
 */
export async function takeCodeWords(tx: Tx, codes: readonly WrittenCode[]): Promise<void> {
  if (codes.length === 0) return;
  const { rows } = await sql<{ ordinal: number; request_id: string }>`
    update access_code code set written_at = ${tx.now()}
    from ${unnest(
      'input',
      {
        ordinal: 'int',
        workspace_id: 'uuid',
        thread_id: 'uuid',
        contact_id: 'uuid',
        code_word: 'text',
        at: 'timestamptz',
      },
      codes.map(({ workspaceId, threadId, contactId, codeWord, at }, ordinal) => ({
        ordinal,
        workspace_id: workspaceId,
        thread_id: threadId,
        contact_id: contactId,
        code_word: codeWord,
        at,
      })),
    )}
    join thread on thread.workspace_id = input.workspace_id and thread.id = input.thread_id
    left join channel on channel.workspace_id = thread.workspace_id and channel.id = thread.channel_id
    where code.workspace_id = input.workspace_id and code.contact_id = input.contact_id
      and code.code_word = input.code_word and code.written_at is null and code.expires_at > input.at
      and coalesce((channel.capabilities ->> 'senderProven')::boolean, (channel.capabilities ->> 'serviceWindow')::boolean, true)
    returning input.ordinal, code.request_id
  `.execute(tx.sql);
  for (const { ordinal, request_id: requestId } of rows) {
    const { workspaceId, threadId, messageId, contactId, origin } = codes[ordinal]!;
    tx.emit(accessCodeWritten, {
      entityId: requestId,
      workspaceId,
      origin: { ...origin, actor: { kind: 'contact', id: contactId } },
      data: { requestId, threadId, messageId },
    });
  }
}
