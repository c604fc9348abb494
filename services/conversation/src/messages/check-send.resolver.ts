import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { askSendGate, replyOptions } from './check-send.queries.js';
import { CheckSendInput, ReplyOption, SendCheck } from './check-send.types.js';

@Resolver()
export class CheckSendResolver {
  @Authorized('conversation:read')
  @Query(() => SendCheck, {
    description: 'What the send gate would say to you: sending, but for the sending. Nothing is reserved.',
  })
  checkSend(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => CheckSendInput) input: CheckSendInput,
  ): Promise<SendCheck> {
    return askSendGate(ctx, input);
  }

  // A query and no field of the conversation: events with conversations are executed once for many who differ in it.
  @Authorized('conversation:read')
  @Query(() => [ReplyOption], { description: 'What you may send now, by kind, until when, and why not otherwise.' })
  replyOptions(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
  ): Promise<ReplyOption[]> {
    return replyOptions(ctx, conversationId);
  }
}
