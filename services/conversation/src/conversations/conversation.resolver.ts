import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, Directive, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from './conversation.entity.js';
import {
  conversationsById,
  listConversations,
  listConversationsOfContact,
  requireConversation,
} from './conversation.queries.js';
import { checkFilter } from '../views/filter.input.js';
import { ConversationFilterInput } from '../views/filter.types.js';
import {
  ChannelReference,
  ContactReference,
  ConversationPage,
  ConversationType,
  MemberReference,
  TeamReference,
} from './conversation.types.js';

@Resolver(() => ConversationType)
export class ConversationResolver {
  @Authorized('conversation:read')
  @Query(() => ConversationPage, { description: 'Conversations that you may see, the most recent first.' })
  conversations(
    @Ctx() ctx: ConversationContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('filter', () => ConversationFilterInput, { nullable: true }) filter?: ConversationFilterInput | null,
  ): Promise<ConversationPage> {
    return listConversations(ctx, { first, after, ...(filter && { filter: checkFilter(filter) }) });
  }

  @Authorized('conversation:read')
  @Query(() => ConversationType)
  conversation(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string): Promise<Conversation> {
    return requireConversation(ctx, id);
  }

  // What another service answers may be null: otherwise its absence would take the whole event away from subscribers.
  @FieldResolver(() => ChannelReference, { nullable: true, description: 'Null while channels does not answer.' })
  channel(@Root() conversation: Conversation): ChannelReference {
    return { id: conversation.channelId };
  }

  @FieldResolver(() => ContactReference, {
    nullable: true,
    description: 'Null if you may not see contacts, and for a moment after a first message.',
  })
  contact(@Root() conversation: Conversation): ContactReference {
    return { id: conversation.contactId };
  }

  @FieldResolver(() => MemberReference, { nullable: true, description: 'Who is responsible; null for nobody yet.' })
  assignee(@Root() conversation: Conversation): MemberReference | null {
    return conversation.assigneeId ? { id: conversation.assigneeId } : null;
  }

  @FieldResolver(() => TeamReference, { nullable: true, description: 'Whose work it is; null for no team’s yet.' })
  team(@Root() conversation: Conversation): TeamReference | null {
    return conversation.teamId ? { id: conversation.teamId } : null;
  }
}

@Resolver(() => ContactReference)
export class ContactConversationsResolver {
  @Directive('@requires(fields: "knownIds")')
  @FieldResolver(() => ConversationPage, {
    nullable: true,
    description:
      'Of this person on all channels, under whatever ids: also of those who were merged into them. The most recent first.',
  })
  conversations(
    @Root() { knownIds }: ContactReference,
    @Ctx() ctx: ConversationContext,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<ConversationPage> | null {
    // Null and no error: whoever may not see contacts is told no ids of theirs.
    return knownIds ? listConversationsOfContact(ctx, knownIds, { first, after }) : null;
  }
}

/** How other subgraphs' references to a contact are answered: their conversations are what is asked for. */
export function resolveContact({ id, knownIds }: ContactReference): ContactReference {
  return { id, ...(knownIds && { knownIds }) };
}

/** How other subgraphs' references to a conversation are answered. */
export function resolveConversation(
  reference: { id: string },
  ctx: ConversationContext,
): Promise<Conversation | undefined> {
  return ctx.loader(conversationsById).load(reference.id);
}
