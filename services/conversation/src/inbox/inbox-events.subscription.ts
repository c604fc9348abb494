import { allows, defineAudience, type Audience } from '@fenster/auth';
import { Authorized, cancellable, Cursor, decodeCursor, encodeCursor } from '@fenster/graphql';
import { Arg, Directive, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { defineRules } from '../ability.js';
import { abilityOf, type ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { readInboxEntries } from './inbox-entries.js';
import { InboxEvent, LiveStarted, ReplayGap } from './inbox-event.types.js';

interface InboxEventsArgs {
  after?: string;
  conversationId?: string;
  shared?: boolean;
}

@Resolver()
export class InboxEventsSubscription {
  @Authorized('conversation:read')
  @Subscription(() => InboxEvent, {
    description:
      'Everything that happens in conversations that you may see. With `after`: first what was missed since, in order; then LiveStarted; then live.',
    subscribe: ({ args, context }: SubscribeResolverData<unknown, InboxEventsArgs, ConversationContext>) => {
      const position = args.after === undefined ? undefined : decodeCursor(args.after);
      return cancellable((signal) => followInbox(context, position, args, signal));
    },
  })
  inboxEvents(
    @Root() event: InboxEvent,
    @Arg('after', () => Cursor, { nullable: true }) _after?: string,
    @Arg('conversationId', () => ID, { nullable: true, description: 'Only events of this conversation.' })
    _conversationId?: string,
    @Directive('@inaccessible')
    @Arg('shared', () => Boolean, {
      nullable: true,
      description: 'For all who have your rights: every event says who its audience is.',
    })
    _shared?: boolean,
  ): InboxEvent {
    return event;
  }
}

async function* followInbox(
  ctx: ConversationContext,
  position: number | undefined,
  { conversationId, shared }: InboxEventsArgs,
  signal: AbortSignal,
): AsyncGenerator<InboxEvent[], void> {
  const { workspaceId } = ctx.requireActor();
  const audienceOf = shared ? sharedAudience(ctx) : ownAudience(ctx);
  for await (const item of ctx.app.liveLog.follow(workspaceId, position, signal)) {
    if (item.kind === 'live') yield [at(new LiveStarted(), item.seq)];
    else if (item.kind === 'gap') yield [at(new ReplayGap(), item.seq)];
    else {
      const entries = await readInboxEntries(ctx, workspaceId, item.envelopes, conversationId);
      yield entries.flatMap(({ conversation, event }) => {
        const audience = audienceOf(conversation);
        if (audience === 'everybody') return [event];
        return audience.length > 0 ? [withAudience(event, audience)] : [];
      });
    }
  }
}

type AudienceOf = (conversation: Conversation) => Audience;

function ownAudience(ctx: ConversationContext): AudienceOf {
  const ability = abilityOf(ctx);
  return (conversation) => (allows(ability, 'read', 'Conversation', conversation) ? 'everybody' : []);
}

function sharedAudience(ctx: ConversationContext): AudienceOf {
  const audienceOf = defineAudience(ctx.requireActor(), defineRules);
  return (conversation) => audienceOf('read', 'Conversation', conversation);
}

/** A copy: others with other rights are given the same event. */
function withAudience<E extends InboxEvent>(event: E, audience: readonly string[]): E {
  return Object.assign(Object.create(Object.getPrototypeOf(event) as object) as E, event, { audience });
}

function at<E extends InboxEvent>(event: E, seq: number): E {
  return Object.assign(event, { cursor: encodeCursor(seq) });
}
