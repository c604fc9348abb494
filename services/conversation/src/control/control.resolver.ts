import type { Controller } from '@fenster/contracts';
import { asResult, AuthorizedAction } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import { ActorType, toActor } from '../activities/actor.types.js';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { acceptControl, declineControl, offerControl, releaseControl, takeOverControl } from './control.commands.js';
import type { Control } from './control.entity.js';
import { controllerOf, controlOf } from './control.queries.js';
import {
  AcceptControlResult,
  ControllerInputType,
  ControllerType,
  ControlOfferType,
  ControlType,
  DeclineControlResult,
  OfferControlResult,
  ReleaseControlResult,
  TakeOverControlResult,
} from './control.types.js';

const SUMMARY = { description: 'What the next one should know. 1 to 500 characters.' };
const NEEDS_READ = 'Null without the permission message:read.';

@Resolver(() => ControlType)
export class ControlResolver {
  @AuthorizedAction('message:send')
  @Mutation(() => OfferControlResult, {
    description:
      'Offers control to people or to a program. Until they accept, nothing changes. Replaces another offer.',
  })
  offerControl(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('to', () => ControllerInputType) to: ControllerInputType,
    @Arg('summary', () => String, SUMMARY) summary: string,
  ) {
    return asResult(offerControl(ctx, { conversationId, to, summary }));
  }

  @AuthorizedAction('message:send')
  @Mutation(() => AcceptControlResult, { description: 'You answer from now on, and nobody else but your kind.' })
  acceptControl(@Ctx() ctx: ConversationContext, @Arg('conversationId', () => ID) conversationId: string) {
    return asResult(acceptControl(ctx, conversationId));
  }

  @AuthorizedAction('message:send')
  @Mutation(() => DeclineControlResult, { description: 'You do not want what was offered, or take your offer back.' })
  declineControl(@Ctx() ctx: ConversationContext, @Arg('conversationId', () => ID) conversationId: string) {
    return asResult(declineControl(ctx, conversationId));
  }

  @AuthorizedAction('message:send')
  @Mutation(() => ReleaseControlResult, { description: 'You give control up: whoever comes first answers.' })
  releaseControl(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('summary', () => String, SUMMARY) summary: string,
  ) {
    return asResult(releaseControl(ctx, { conversationId, summary }));
  }

  @AuthorizedAction('message:send')
  @Mutation(() => TakeOverControlResult, {
    description: 'People answer from now on, whatever program did. It is told, with the reason.',
  })
  takeOverControl(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('reason', () => String, { description: '1 to 500 characters.' }) reason: string,
  ) {
    return asResult(takeOverControl(ctx, { conversationId, reason }));
  }

  @FieldResolver(() => ControllerType, {
    nullable: true,
    description: 'Null for nobody in particular: whoever comes first answers.',
  })
  controller(@Root() { controllerKind, controllerId }: Control): Controller | null {
    return controllerOf(controllerKind, controllerId);
  }

  @FieldResolver(() => String, { nullable: true, description: `What the one before wanted known. ${NEEDS_READ}` })
  summary(@Root() { summary }: Control, @Ctx() ctx: ConversationContext): string | null {
    return readable(ctx, summary);
  }

  @FieldResolver(() => ControlOfferType, { nullable: true })
  offer(@Root() control: Control): Control | null {
    return control.offeredToKind ? control : null;
  }
}

@Resolver(() => ControlOfferType)
export class ControlOfferResolver {
  @FieldResolver(() => ControllerType)
  to(@Root() { offeredToKind, offeredToId }: Control): Controller | null {
    return controllerOf(offeredToKind, offeredToId);
  }

  @FieldResolver(() => ActorType)
  by(@Root() { offeredByKind, offeredById }: Control): ActorType {
    return toActor({ kind: offeredByKind!, id: offeredById });
  }

  @FieldResolver(() => String, { nullable: true, description: NEEDS_READ })
  summary(@Root() { offerSummary }: Control, @Ctx() ctx: ConversationContext): string | null {
    return readable(ctx, offerSummary);
  }
}

@Resolver(() => ConversationType)
export class ConversationControlResolver {
  @FieldResolver(() => ControlType, {
    nullable: true,
    description: 'Null if nobody ever handed it over: whoever comes first answers.',
  })
  async control(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<Control | null> {
    return (await controlOf(ctx, conversation)) ?? null;
  }
}

function readable(ctx: ConversationContext, words: string | null | undefined): string | null {
  // People quote the customer here.
  return (ctx.requireActor().permissions.includes('message:read') && words) || null;
}
