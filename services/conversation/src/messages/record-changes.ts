import {
  messageEdited,
  messageReactionChanged,
  messageRevoked,
  type ChannelMessageChanged,
  type Envelope,
  type MessageChange,
} from '@fenster/contracts';
import { causedBy, sql, unnest, type Origin, type Tx } from '@fenster/database';
import { isId, newId } from '@fenster/runtime';
import {
  applyChange,
  currentBody,
  type ChangeableMessage,
  type MessageBody,
  type Reactions,
  type ReceivedChange,
  type Side,
  type Version,
} from './message-changes.rule.js';
import type { MessageDirection } from './message.entity.js';

/** The message of a channel that the provider calls so. */
export interface Target {
  workspaceId: string;
  channelId: string;
  providerMessageId: string;
}

interface TargetedChange extends ReceivedChange {
  target: Target;
  origin: Origin;
}

/** Reactions, edits and revocations change the message that they are about, once it is there. */
export async function recordChanges(
  tx: Tx,
  events: readonly Envelope<ChannelMessageChanged>[],
  consumer: string,
): Promise<void> {
  const changes = events.map((event): TargetedChange => {
    const { channelId, targetProviderMessageId, by, providerMessageId, sentAt, change } = event.data;
    const target = { workspaceId: event.workspaceId, channelId, providerMessageId: targetProviderMessageId };
    return { target, by, providerMessageId, sentAt: new Date(sentAt), change, origin: causedBy(event, consumer) };
  });
  await park(tx, await apply(tx, changes));
}

/** What waited for these messages, which are there now. The origin is the message's. */
export async function applyParkedChanges(
  tx: Tx,
  arrived: readonly { target: Target; origin: Origin }[],
): Promise<void> {
  const { rows } = await sql<ParkedRow>`
    delete from parked_change using ${unnest(
      'input',
      TARGET_COLUMNS,
      arrived.map(({ target }) => targetRow(target)),
    )}
    where parked_change.workspace_id = input.workspace_id and parked_change.channel_id = input.channel_id
      and parked_change.target_provider_message_id = input.target_provider_message_id
    returning parked_change.*
  `.execute(tx.sql);
  const origins = new Map(arrived.map(({ target, origin }) => [keyOf(target), origin]));
  const changes = rows.map((row): TargetedChange => {
    const { workspace_id: workspaceId, channel_id: channelId, target_provider_message_id: providerMessageId } = row;
    const target = { workspaceId, channelId, providerMessageId };
    return {
      target,
      by: row.by,
      providerMessageId: row.provider_message_id,
      sentAt: new Date(row.sent_at),
      change: row.change,
      origin: origins.get(keyOf(target))!,
    };
  });
  await apply(tx, changes);
}

interface ParkedRow {
  workspace_id: string;
  channel_id: string;
  target_provider_message_id: string;
  provider_message_id: string;
  by: Side;
  change: MessageChange;
  sent_at: string;
}

const TARGET_COLUMNS = { workspace_id: 'uuid', channel_id: 'uuid', target_provider_message_id: 'text' } as const;

const targetRow = ({ workspaceId, channelId, providerMessageId }: Target) => ({
  workspace_id: workspaceId,
  channel_id: channelId,
  target_provider_message_id: providerMessageId,
});

const keyOf = ({ workspaceId, channelId, providerMessageId }: Target) =>
  `${workspaceId} ${channelId} ${providerMessageId}`;

/** A message as a change finds it. */
interface MessageState {
  readonly key: string;
  readonly workspaceId: string;
  readonly id: string;
  readonly threadId: string;
  readonly conversationId: string;
  readonly contactId: string;
  readonly seq: number;
  readonly isRemoved: boolean;
  readonly before: ChangeableMessage;
  now: ChangeableMessage;
}

/** Returns the changes of messages that are not there yet. */
async function apply(tx: Tx, changes: readonly TargetedChange[]): Promise<TargetedChange[]> {
  if (changes.length === 0) return [];
  const messages = await lockMessages(tx, changes);
  const missing: TargetedChange[] = [];
  for (const change of changes) {
    const message = messages.get(keyOf(change.target));
    if (!message) missing.push(change);
    // Retention took what it said: there is nothing left to change.
    else if (!message.isRemoved || change.change.kind === 'revoke') {
      const before = message.now;
      message.now = applyChange(before, change, newId);
      if (message.now !== before) announce(tx, message, before, change);
    }
  }
  await save(
    tx,
    [...messages.values()].filter((message) => message.now !== message.before),
  );
  return missing;
}

const EVENTS = { edit: messageEdited, revoke: messageRevoked, reaction: messageReactionChanged } as const;

function announce(tx: Tx, message: MessageState, before: ChangeableMessage, change: TargetedChange): void {
  const { kind } = change.change;
  // Of a reaction that was taken back before it came there is nothing to tell, nor of a revocation a second time.
  if (kind === 'reaction' && !message.now.reactions[change.by]?.emoji && !before.reactions[change.by]?.emoji) return;
  if (kind === 'revoke' && before.revokedAt !== null) return;
  const { id: messageId, threadId, conversationId, seq, workspaceId } = message;
  const actor = change.by === 'customer' ? ({ kind: 'contact', id: message.contactId } as const) : change.origin.actor;
  tx.emit(EVENTS[kind], {
    entityId: messageId,
    workspaceId,
    occurredAt: change.sentAt,
    origin: { ...change.origin, actor },
    data: {
      messageId,
      threadId,
      conversationId,
      seq,
      ...(kind === 'revoke' && { mediaIds: mediaIdsOf(before) }),
    },
  });
}

function mediaIdsOf({ versions }: ChangeableMessage): string[] {
  return [...new Set(versions.map(({ payload }) => payload?.mediaId))].filter(isId);
}

interface MessageRow extends MessageBody {
  workspace_id: string;
  id: string;
  thread_id: string;
  conversation_id: string;
  channel_id: string;
  contact_id: string;
  seq: number;
  direction: MessageDirection;
  provider_message_id: string;
  sent_at: string;
  revoked_at: string | null;
  is_removed: boolean;
}

/** With the threads of the messages, as everything in a thread happens in the order of that lock. */
async function lockMessages(tx: Tx, changes: readonly TargetedChange[]): Promise<Map<string, MessageState>> {
  const targets = [...new Map(changes.map(({ target }) => [keyOf(target), target])).values()];
  const { rows } = await sql<MessageRow>`
    select m.workspace_id, m.id, m.thread_id, m.conversation_id, m.channel_id, m.seq, m.direction, m.type, m.text,
      m.payload, m.provider_message_id, m.sent_at, m.revoked_at,
      m.content_removed_at is not null as is_removed, thread.contact_id
    from ${unnest('input', TARGET_COLUMNS, targets.map(targetRow))}
    cross join lateral (
      select * from message where message.workspace_id = input.workspace_id and message.channel_id = input.channel_id
        and message.provider_message_id = input.target_provider_message_id offset 0
    ) m
    join thread on thread.workspace_id = m.workspace_id and thread.id = m.thread_id
    order by thread.id for update of thread
  `.execute(tx.sql);
  if (rows.length === 0) return new Map();
  const [versions, reactions] = await Promise.all([versionsOf(tx, rows), reactionsOf(tx, rows)]);
  return new Map(
    rows.map((row): [string, MessageState] => {
      const { workspace_id: workspaceId, id, channel_id: channelId, provider_message_id: providerMessageId } = row;
      const before: ChangeableMessage = {
        direction: row.direction,
        versions: row.revoked_at === null ? (versions.get(id) ?? [originalOf(row)]) : [],
        reactions: reactions.get(id) ?? {},
        revokedAt: row.revoked_at === null ? null : new Date(row.revoked_at),
      };
      const key = keyOf({ workspaceId, channelId, providerMessageId });
      return [
        key,
        {
          key,
          workspaceId,
          id,
          threadId: row.thread_id,
          conversationId: row.conversation_id,
          contactId: row.contact_id,
          seq: row.seq,
          isRemoved: row.is_removed,
          before,
          now: before,
        },
      ];
    }),
  );
}

function originalOf({ type, text, payload, provider_message_id: providerMessageId, sent_at: sentAt }: MessageRow) {
  return { providerMessageId, writtenAt: new Date(sentAt), type, text, payload };
}

const ID_COLUMNS = { workspace_id: 'uuid', id: 'uuid' } as const;

async function versionsOf(tx: Tx, messages: readonly MessageRow[]): Promise<Map<string, Version[]>> {
  const { rows } = await sql<MessageBody & { message_id: string; provider_message_id: string; written_at: string }>`
    select message_id, provider_message_id, written_at, type, text, payload from message_version
    join ${unnest('input', ID_COLUMNS, messages)}
      on message_version.workspace_id = input.workspace_id and message_version.message_id = input.id
    order by is_original desc, written_at, provider_message_id
  `.execute(tx.sql);
  const byMessage = Map.groupBy(rows, (row) => row.message_id);
  return new Map(
    [...byMessage].map(([id, found]) => [
      id,
      found.map(({ type, text, payload, provider_message_id: providerMessageId, written_at: writtenAt }) => ({
        providerMessageId,
        writtenAt: new Date(writtenAt),
        type,
        text,
        payload,
      })),
    ]),
  );
}

/** A request may have reacted while this waited for the thread: read anew. */
async function reactionsOf(tx: Tx, messages: readonly MessageRow[]): Promise<Map<string, Reactions>> {
  const { rows } = await sql<{ id: string; reactions: Reactions }>`
    select message.id, message.reactions from message
    join ${unnest('input', ID_COLUMNS, messages)} using (workspace_id, id) where reactions is not null
  `.execute(tx.sql);
  return new Map(rows.map(({ id, reactions }) => [id, reactions]));
}

async function save(tx: Tx, messages: readonly MessageState[]): Promise<void> {
  if (messages.length === 0) return;
  await sql`
    update message set type = coalesce(input.type, message.type), text = input.text, payload = input.payload,
      reactions = input.reactions, edited_at = input.edited_at, revoked_at = input.revoked_at
    from ${unnest(
      'input',
      {
        ...ID_COLUMNS,
        type: 'text',
        text: 'text',
        payload: 'jsonb',
        reactions: 'jsonb',
        edited_at: 'timestamptz',
        revoked_at: 'timestamptz',
      },
      messages.map(({ workspaceId, id, now }) => {
        const isThere = now.revokedAt === null;
        const { type, text, payload } = currentBody(now);
        return {
          workspace_id: workspaceId,
          id,
          // What was taken back stays what it was, without its words.
          type: isThere ? type : null,
          text: isThere ? text : null,
          payload: isThere ? payload : null,
          reactions: Object.keys(now.reactions).length > 0 ? now.reactions : null,
          edited_at: now.versions.length > 1 ? now.versions.at(-1)!.writtenAt : null,
          revoked_at: now.revokedAt,
        };
      }),
    )}
    where message.workspace_id = input.workspace_id and message.id = input.id
  `.execute(tx.sql);
  const edited = messages.filter(({ now, before }) => now.versions.length > 1 && now.versions !== before.versions);
  const revoked = messages.filter(({ now }) => now.revokedAt !== null);
  if (edited.length > 0) await insertVersions(tx, edited);
  if (revoked.length > 0) await deleteVersions(tx, revoked);
}

async function insertVersions(tx: Tx, messages: readonly MessageState[]): Promise<void> {
  await sql`
    insert into message_version (workspace_id, conversation_id, message_id, provider_message_id, type, text, payload,
      written_at, is_original)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        conversation_id: 'uuid',
        message_id: 'uuid',
        provider_message_id: 'text',
        type: 'text',
        text: 'text',
        payload: 'jsonb',
        written_at: 'timestamptz',
        is_original: 'bool',
      },
      messages.flatMap(({ workspaceId, conversationId, id, now }) =>
        now.versions.map(({ providerMessageId, writtenAt, type, text, payload }, index) => ({
          workspace_id: workspaceId,
          conversation_id: conversationId,
          message_id: id,
          provider_message_id: providerMessageId,
          type,
          text,
          payload,
          written_at: writtenAt,
          is_original: index === 0,
        })),
      ),
    )}
    on conflict do nothing
  `.execute(tx.sql);
}

async function deleteVersions(tx: Tx, messages: readonly MessageState[]): Promise<void> {
  await sql`
    delete from message_version using ${unnest(
      'input',
      ID_COLUMNS,
      messages.map(({ workspaceId, id }) => ({ workspace_id: workspaceId, id })),
    )}
    where message_version.workspace_id = input.workspace_id and message_version.message_id = input.id
  `.execute(tx.sql);
}

/** Providers repeat for seven days: what is still alone after a month is about a message that was never here. */
const FORGOTTEN_AFTER_MS = 30 * 86_400_000;

async function park(tx: Tx, changes: readonly TargetedChange[]): Promise<void> {
  if (changes.length === 0) return;
  const now = tx.now();
  await sql`delete from parked_change where parked_at < ${new Date(now.getTime() - FORGOTTEN_AFTER_MS)}`.execute(
    tx.sql,
  );
  await sql`
    insert into parked_change (workspace_id, channel_id, target_provider_message_id, provider_message_id, by, change,
      sent_at, parked_at)
    select *, ${now}::timestamptz from ${unnest(
      'input',
      { ...TARGET_COLUMNS, provider_message_id: 'text', by: 'text', change: 'jsonb', sent_at: 'timestamptz' },
      changes.map(({ target, by, providerMessageId, sentAt, change }) => ({
        ...targetRow(target),
        provider_message_id: providerMessageId,
        by,
        change,
        sent_at: sentAt,
      })),
    )}
    on conflict do nothing
  `.execute(tx.sql);
}
