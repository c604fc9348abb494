import { allows, defineAudience, type Audience } from '@fenster/auth';
import { Authorized, cancellable, Cursor, decodeCursor } from '@fenster/graphql';
import { Arg, Directive, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { defineRules } from '../ability.js';
import { abilityOf, type ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { readInboxEntries, type InboxEntry } from './inbox-entries.js';
import { InboxEvent } from './inbox-event.js';
import { at } from './at-cursor.js';
import { LiveStarted, ReplayGap } from './inbox-markers.types.js';

interface InboxEventsArgs {
  after?: string | null;
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
      const position = args.after == null ? undefined : decodeCursor(args.after);
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
      yield entries.flatMap((entry) => {
        const audience = audienceOf(entry);
        if (audience === 'everybody') return [entry.event];
        return audience.length > 0 ? [withAudience(entry.event, audience)] : [];
      });
    }
  }
}

type AudienceOf = (entry: InboxEntry) => Audience;

function ownAudience(ctx: ConversationContext): AudienceOf {
  const ability = abilityOf(ctx);
  const { id } = ctx.requireActor();
  const sees = (conversation: Conversation) => allows(ability, 'read', 'Conversation', conversation);
  return ({ conversation, leaves, onlyTo }) => {
    if (onlyTo && !onlyTo.includes(id)) return [];
    if (!conversation) return 'everybody';
    const isTold = leaves ? sees({ ...conversation, ...leaves }) && !sees(conversation) : sees(conversation);
    return isTold ? 'everybody' : [];
  };
}

function sharedAudience(ctx: ConversationContext): AudienceOf {
  const audienceOf = defineAudience(ctx.requireActor(), defineRules);
  const seeing = (conversation: Conversation) => audienceOf('read', 'Conversation', conversation);
  return ({ conversation, leaves, onlyTo }) => {
    if (!conversation) return onlyTo ?? 'everybody';
    const now = seeing(conversation);
    if (leaves) return without(seeing({ ...conversation, ...leaves }), now);
    if (!onlyTo) return now;
    return now === 'everybody' ? onlyTo : onlyTo.filter((id) => now.includes(id));
  };
}

function without(audience: Audience, others: Audience): Audience {
  if (others === 'everybody') return [];
  if (audience !== 'everybody') return audience.filter((id) => !others.includes(id));
  return others.length > 0 ? others.map((id) => `-${id}`) : 'everybody';
}

/** A copy: others with other rights are given the same event. */
function withAudience<E extends InboxEvent>(event: E, audience: readonly string[]): E {
  return Object.assign(Object.create(Object.getPrototypeOf(event) as object) as E, event, { audience });
}
