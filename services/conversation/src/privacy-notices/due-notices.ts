import { createHash } from 'node:crypto';
import { sql, unnest, type Tx } from '@fenster/database';
import { addressOf, type Thread } from '../threads/thread.entity.js';

/** Whom somebody may have to be told. */
export interface Noticed {
  thread: Pick<Thread, 'workspaceId' | 'id' | 'phone' | 'bsuid' | 'threemaId'>;
  version: string;
}

/** Of these, those that have not been told this version under what they are called now. One statement; none for none. */
export async function notYetTold<N extends Noticed>(tx: Tx, all: readonly N[]): Promise<N[]> {
  if (all.length === 0) return [];
  const { rows } = await sql<{ ordinal: number }>`
    select input.ordinal from ${unnest(
      'input',
      { ordinal: 'int', workspace_id: 'uuid', thread_id: 'uuid', address_hash: 'text', version: 'text' },
      all.map((noticed, ordinal) => ({ ordinal, ...keyOf(noticed) })),
    )}
    where not exists (
      select from privacy_notice_given given where given.workspace_id = input.workspace_id
        and given.thread_id = input.thread_id and given.address_hash = input.address_hash
        and given.version = input.version
    )
  `.execute(tx.sql);
  return rows.map(({ ordinal }) => all[ordinal]!);
}

/** None for none. */
export async function recordTold(tx: Tx, told: readonly (Noticed & { messageId: string })[]): Promise<void> {
  if (told.length === 0) return;
  await sql`
    insert into privacy_notice_given (workspace_id, thread_id, address_hash, version, message_id, given_at)
    select workspace_id, thread_id, address_hash, version, message_id, ${tx.now()}::timestamptz from ${unnest(
      'input',
      { workspace_id: 'uuid', thread_id: 'uuid', address_hash: 'text', version: 'text', message_id: 'uuid' },
      told.map((each) => ({ ...keyOf(each), message_id: each.messageId })),
    )}
    on conflict do nothing
  `.execute(tx.sql);
}

function keyOf({ thread, version }: Noticed) {
  return { workspace_id: thread.workspaceId, thread_id: thread.id, address_hash: hashAddress(thread), version };
}

/** Of the name to which messages go. */
function hashAddress(thread: Noticed['thread']): string {
  const { phone, bsuid, threemaId } = addressOf(thread);
  return createHash('sha256')
    .update(phone ?? bsuid ?? threemaId ?? '')
    .digest('hex');
}
