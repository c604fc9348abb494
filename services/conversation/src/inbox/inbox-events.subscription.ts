import { allows } from '@fenster/auth';
import { Authorized, cancellable, Cursor, decodeCursor, encodeCursor } from '@fenster/graphql';
import { Arg, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { abilityOf, type ConversationContext } from '../context.js';
import { readInboxEntries } from './inbox-entries.js';
import { InboxEvent, LiveStarted, ReplayGap } from './inbox-event.types.js';

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
): AsyncGenerator<InboxEvent[], void> {
  const { workspaceId } = ctx.requireActor();
  const ability = abilityOf(ctx);
  for await (const item of ctx.app.liveLog.follow(workspaceId, position, signal)) {
    if (item.kind === 'live') yield [at(new LiveStarted(), item.seq)];
    else if (item.kind === 'gap') yield [at(new ReplayGap(), item.seq)];
    else {
      const entries = await readInboxEntries(ctx, workspaceId, item.envelopes, conversationId);
      yield entries
        .filter(({ conversation }) => allows(ability, 'read', 'Conversation', conversation))
        .map(({ event }) => event);
    }
  }
}

function at<E extends InboxEvent>(event: E, seq: number): E {
  return Object.assign(event, { cursor: encodeCursor(seq) });
}
