import { asResult, AuthorizedAction } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import { ActorType, toActor } from '../activities/actor.types.js';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { claimConversation, holderOf, releaseClaim, renewClaim, takeOverClaim } from './claim.commands.js';
import type { Claim } from './claim.entity.js';
import { claimOf } from './claim.queries.js';
import { CLAIM_SECONDS } from './claim.rule.js';
import {
  ClaimConversationResult,
  ClaimType,
  ReleaseClaimResult,
  RenewClaimResult,
  TakeOverClaimResult,
} from './claim.types.js';

const SECONDS = { defaultValue: CLAIM_SECONDS.default, description: 'How long it holds unless renewed: 10 to 600.' };

@Resolver(() => ClaimType)
export class ClaimResolver {
  @AuthorizedAction('message:send')
  @Mutation(() => ClaimConversationResult, {
    description: 'From now on only you may send here. Your own claim is renewed. Claim when somebody begins to write.',
  })
  claimConversation(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('seconds', () => Int, SECONDS) seconds: number,
  ) {
    return asResult(claimConversation(ctx, { conversationId, seconds }));
  }

  @AuthorizedAction('message:send')
  @Mutation(() => RenewClaimResult, {
    description: 'You go on writing. Call it every 20 seconds; `setTyping` and `saveDraft` do the same.',
  })
  renewClaim(@Ctx() ctx: ConversationContext, @Arg('conversationId', () => ID) conversationId: string) {
    return asResult(renewClaim(ctx, conversationId));
  }

  @AuthorizedAction('message:send')
  @Mutation(() => ReleaseClaimResult, { description: 'You do not want to send any more. Without a claim: no effect.' })
  releaseClaim(@Ctx() ctx: ConversationContext, @Arg('conversationId', () => ID) conversationId: string) {
    return asResult(releaseClaim(ctx, conversationId));
  }

  @AuthorizedAction('message:send')
  @Mutation(() => TakeOverClaimResult, {
    description:
      'From now on only you may send here, whoever held the claim. They and everybody are told, with the reason.',
  })
  takeOverClaim(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('reason', () => String, { description: '1 to 500 characters.' }) reason: string,
    @Arg('seconds', () => Int, SECONDS) seconds: number,
  ) {
    return asResult(takeOverClaim(ctx, { conversationId, reason, seconds }));
  }

  @FieldResolver(() => ActorType)
  holder(@Root() claim: Claim): ActorType {
    return toActor(holderOf(claim));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Why it was taken from somebody; null if it was not. Null without the permission message:read.',
  })
  reason(@Root() { reason }: Claim, @Ctx() ctx: ConversationContext): string | null {
    // People quote the customer here.
    return (ctx.requireActor().permissions.includes('message:read') && reason) || null;
  }
}

@Resolver(() => ConversationType)
export class ConversationClaimResolver {
  @FieldResolver(() => ClaimType, { nullable: true, description: 'Null while nobody holds it: anybody may send.' })
  async claim(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<Claim | null> {
    return (await claimOf(ctx, conversation)) ?? null;
  }
}
