import { allows, type Ability } from '@fenster/auth';
import {
  conversationCostChanged,
  conversationOpened,
  isEvent,
  messageQueued,
  messageReceived,
  messageStatusChanged,
  type Envelope,
} from '@fenster/contracts';
import { Authorized, cancellable, Cursor, decodeCursor, encodeCursor } from '@fenster/graphql';
import { Arg, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { abilityOf, type ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Message } from '../messages/message.entity.js';
import type { MessageStatus } from '../messages/message.status.js';
import {
  ConversationCostChanged,
  ConversationOpened,
  InboxEvent,
  LiveStarted,
  MessageAdded,
  MessageStatusChanged,
  ReplayGap,
} from './inbox-event.types.js';

interface InboxEventsArgs {
  after?: string;
  conversationId?: string;
}

@Resolver()
export class InboxEventsSubscription {
  @Authorized('conversation:read')
  @Subscription(() => InboxEvent, {
    description:
      'Everything that happens in conversations that you may see. With `after`: first what was missed since, in order; then LiveStarted; then live.',
    subscribe: ({ args, context }: SubscribeResolverData<unknown, InboxEventsArgs, ConversationContext>) => {
      const position = args.after === undefined ? undefined : decodeCursor(args.after);
      return cancellable((signal) => followInbox(context, position, args.conversationId, signal));
    },
  })
  inboxEvents(
    @Root() event: InboxEvent,
    @Arg('after', () => Cursor, { nullable: true }) _after?: string,
    @Arg('conversationId', () => ID, { nullable: true, description: 'Only events of this conversation.' })
    _conversationId?: string,
  ): InboxEvent {
    return event;
  }
}

async function* followInbox(
  ctx: ConversationContext,
  position: number | undefined,
  conversationId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<InboxEvent, void> {
  const { workspaceId } = ctx.requireActor();
  const ability = abilityOf(ctx);
  for await (const item of ctx.app.liveLog.follow(workspaceId, position, signal)) {
    if (item.kind === 'live') yield at(new LiveStarted(), item.seq);
    else if (item.kind === 'gap') yield at(new ReplayGap(), item.seq);
    else yield* await toInboxEvents(ctx, ability, item.envelopes, conversationId);
  }
}

function at<E extends InboxEvent>(event: E, seq: number): E {
  return Object.assign(event, { cursor: encodeCursor(seq) });
}

/**
 * Without events that are not part of the inbox, not of this conversation, or not for this actor's eyes. Two queries
 * however many they are: one by one, a busy inbox would run ahead of its subscribers.
 */
async function toInboxEvents(
  ctx: ConversationContext,
  ability: Ability,
  envelopes: readonly Envelope[],
  conversationId: string | undefined,
): Promise<InboxEvent[]> {
  const subjects = envelopes.flatMap((envelope) => {
    const subject = subjectOf(envelope);
    const isWanted = subject && (conversationId === undefined || conversationId === subject.conversationId);
    return isWanted ? [{ ...subject, seq: envelope.seq }] : [];
  });
  if (subjects.length === 0) return [];
  const em = ctx.database.forTenant(ctx.requireActor().workspaceId);
  const conversations = byId(
    await em.find(Conversation, { id: { $in: unique(subjects.map((subject) => subject.conversationId)) } }),
  );
  const messages = byId(await em.find(Message, { id: { $in: unique(subjects.map((subject) => subject.messageId)) } }));
  return subjects.flatMap(({ type, seq, status, messageId, ...subject }): InboxEvent[] => {
    const conversation = conversations.get(subject.conversationId);
    if (!conversation || !allows(ability, 'read', 'Conversation', conversation)) return [];
    if (messageId === undefined) return [at(Object.assign(new type(), { conversation }), seq)];
    const message = messages.get(messageId);
    // The row may have moved on since; subscribers see each step.
    const step = message && { ...message, status: status ?? message.status, conversation };
    return step ? [at(Object.assign(new type(), { message: step }), seq)] : [];
  });
}

function unique(ids: readonly (string | undefined)[]): string[] {
  return [...new Set(ids.filter((id) => id !== undefined))];
}

function byId<T extends { id: string }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, row]));
}

interface Subject {
  type: new () => InboxEvent;
  conversationId: string;
  messageId?: string;
  status?: MessageStatus;
}

function subjectOf(envelope: Envelope): Subject | undefined {
  if (isEvent(envelope, messageReceived) || isEvent(envelope, messageQueued))
    return { ...envelope.data, type: MessageAdded };
  if (isEvent(envelope, messageStatusChanged)) return { ...envelope.data, type: MessageStatusChanged };
  if (isEvent(envelope, conversationOpened)) return { ...envelope.data, type: ConversationOpened };
  if (isEvent(envelope, conversationCostChanged)) return { ...envelope.data, type: ConversationCostChanged };
  return undefined;
}
