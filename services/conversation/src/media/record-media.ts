import {
  messageMediaChanged,
  type ChannelMediaFailed,
  type ChannelMediaStored,
  type Envelope,
} from '@fenster/contracts';
import { causedBy, sql, unnest, type Tx } from '@fenster/database';

type MediaEvent = Envelope<ChannelMediaStored | ChannelMediaFailed>;

interface MessageRow {
  ordinal: string;
  id: string;
  thread_id: string;
  conversation_id: string;
  seq: number;
}

/** What became of the files of messages. The state itself is channels'; here is who has to be told. */
export async function recordMedia(tx: Tx, events: readonly MediaEvent[], consumer: string): Promise<void> {
  const { rows } = await sql<MessageRow>`
    select input.ordinal, m.id, m.thread_id, m.conversation_id, m.seq
    from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', provider_message_id: 'text', media_id: 'text', ordinal: 'int' },
      events.map(({ workspaceId, data }, ordinal) => ({
        workspace_id: workspaceId,
        channel_id: data.channelId,
        provider_message_id: data.providerMessageId,
        media_id: data.mediaId,
        ordinal,
      })),
    )}
    cross join lateral (
      select * from message where message.workspace_id = input.workspace_id and message.channel_id = input.channel_id
        and message.provider_message_id = input.provider_message_id offset 0
    ) m
    -- Another one has come with an edit since, or the message was taken back.
    where m.payload ->> 'mediaId' = input.media_id
    order by input.ordinal
  `.execute(tx.sql);
  for (const { ordinal, id: messageId, thread_id: threadId, conversation_id: conversationId, seq } of rows) {
    const event = events[Number(ordinal)]!;
    const { mediaId } = event.data;
    const state = 'state' in event.data ? event.data.state : 'READY';
    tx.emit(messageMediaChanged, {
      entityId: messageId,
      workspaceId: event.workspaceId,
      origin: causedBy(event, consumer),
      data: { messageId, threadId, conversationId, seq, mediaId, state },
    });
  }
}
