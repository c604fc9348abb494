import { checkPageSize, decodePage, olderThan, pageOf } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { Activity } from './activity.entity.js';
import { ActivityPage, ActivityType } from './activity.types.js';
import { ActorType, toActor } from './actor.types.js';

@Resolver(() => ActivityType)
export class ActivityResolver {
  @FieldResolver(() => String, {
    nullable: true,
    description: 'What the person wrote, or what the rule found. Null without the permission message:read.',
  })
  reason(@Root() { reason }: Activity, @Ctx() ctx: ConversationContext): string | null {
    // People quote the customer here.
    return (ctx.requireActor().permissions.includes('message:read') && reason) || null;
  }

  @FieldResolver(() => ActorType)
  by(@Root() { actorKind, actorId }: Activity): ActorType {
    return toActor({ kind: actorKind, id: actorId });
  }
}

@Resolver(() => ConversationType)
export class ConversationActivitiesResolver {
  @FieldResolver(() => ActivityPage, { description: 'Who changed what of it, and why.' })
  async activities(
    @Root() conversation: Conversation,
    @Ctx() ctx: ConversationContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<ActivityPage> {
    const size = checkPageSize(first);
    const position = after == null ? undefined : decodePage(after, 'after');
    const rows = await ctx.em.find(
      Activity,
      { conversationId: conversation.id, ...olderThan('occurredAt', position) },
      { orderBy: { occurredAt: 'desc', id: 'desc' }, limit: size + 1 },
    );
    return pageOf(rows, size, ({ occurredAt: at, id }) => ({ at, id }));
  }
}
