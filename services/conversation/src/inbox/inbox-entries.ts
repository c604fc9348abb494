import type { Envelope } from '@fenster/contracts';
import { sql, unnest, type Ctx, type Database } from '@fenster/database';
import { encodeCursor } from '@fenster/graphql';
import { toActor } from '../activities/actor.types.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { CONVERSATION_COLUMNS, toConversation, type ConversationRow } from '../conversations/conversation.row.js';
import { MESSAGE_COLUMNS, toMessage, type MessageRow } from '../messages/message.row.js';
import type { InboxEvent, Subject } from './inbox-event.js';
import { shareReadings } from './share-readings.js';
import { toldOf } from './tellings.js';

/** An event of the log as the inbox tells it, whoever may see it. */
export interface InboxEntry {
  /** The rights to it are the rights to its conversation; without one, of everybody who may read conversations. */
  conversation?: Conversation;
  /** Where it was: the event is for those who could see it there and cannot see it now. */
  leaves?: Subject['leaves'];
  /** Of those with rights to it, only these members. */
  onlyTo?: readonly string[] | undefined;
  event: InboxEvent;
}

const entriesOf = shareReadings(readRows);

/** Without events that are not part of the inbox, or not of this conversation. */
export async function readInboxEntries(
  ctx: Pick<Ctx, 'database' | 'now'>,
  workspaceId: string,
  envelopes: readonly Envelope[],
  conversationId?: string,
): Promise<InboxEntry[]> {
  const wanted = envelopes.filter(
    (envelope) => conversationId === undefined || toldOf(envelope)?.conversationId === conversationId,
  );
  const entries = await entriesOf(ctx, workspaceId, wanted);
  return wanted.flatMap((envelope) => entries.get(envelope) ?? []);
}

type Row = (ConversationRow | { id: null }) & Partial<MessageRow> & { place: number };

async function readRows(
  database: Database,
  workspaceId: string,
  envelopes: readonly Envelope[],
): Promise<ReadonlyMap<Envelope, InboxEntry>> {
  const told = envelopes.flatMap((envelope) => {
    const telling = toldOf(envelope);
    return telling ? [{ ...telling, envelope }] : [];
  });
  if (told.length === 0) return new Map();
  const rows = await database.readForTenant(
    workspaceId,
    sql<Row>`
      select subject.place, ${CONVERSATION_COLUMNS}, ${MESSAGE_COLUMNS}
      from ${unnest(
        'subject',
        { place: 'int', conversation_id: 'uuid', message_id: 'uuid' },
        told.map(({ conversationId, messageId }, place) => ({
          place,
          conversation_id: conversationId,
          message_id: messageId,
        })),
      )}
      left join lateral (
        select * from conversation where workspace_id = ${workspaceId} and id = subject.conversation_id offset 0
      ) c on true
      left join lateral (
        select * from message where workspace_id = ${workspaceId} and id = subject.message_id offset 0
      ) m on true
    `,
  );
  return new Map(
    rows.flatMap((row): [Envelope, InboxEntry][] => {
      const { envelope, ...telling } = told[row.place]!;
      const entry = toEntry(telling, row, envelope);
      return entry ? [[envelope, entry]] : [];
    }),
  );
}

function toEntry(
  { type, conversationId, messageId, message: then, says, leaves, onlyTo }: NonNullable<ReturnType<typeof toldOf>>,
  row: Row,
  { seq, occurredAt, actor }: Envelope,
): InboxEntry | undefined {
  const event = Object.assign(new type(), {
    ...says,
    cursor: encodeCursor(seq),
    occurredAt: new Date(occurredAt),
    by: toActor(actor),
  });
  if (conversationId === undefined) return { onlyTo, event };
  // A row without columns: the conversation is gone.
  if (row.id === null) return undefined;
  const conversation = toConversation(row as ConversationRow);
  if (leaves) return { conversation, leaves, event };
  if (messageId === undefined) return { conversation, onlyTo, event: Object.assign(event, { conversation }) };
  const message = toMessage(row);
  return (
    message && { conversation, onlyTo, event: Object.assign(event, { message: { ...message, ...then, conversation } }) }
  );
}
