import { asResult, AuthorizedAction } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { toActor } from '../activities/actor.types.js';
import type { ConversationContext } from '../context.js';
import type { Message } from '../messages/message.entity.js';
import { messagesById } from '../messages/message.queries.js';
import { MessageObject } from '../messages/message.types.js';
import { settleUnconfirmedMessage } from './settle-unconfirmed.commands.js';
import {
  MessageSettlement,
  SettleUnconfirmedMessageInput,
  SettleUnconfirmedMessageResult,
} from './settlement.types.js';

@Resolver(() => MessageObject)
export class SettlementResolver {
  @AuthorizedAction('message:send')
  @Mutation(() => SettleUnconfirmedMessageResult, {
    description:
      'Decides about an UNCONFIRMED message, after a look at the chat: Fenster never repeats one by itself. Answers with the message as it is now; `settlement.resentAs` is the new one. The same decision again changes nothing.',
  })
  settleUnconfirmedMessage(
    @Ctx() ctx: ConversationContext,
    @Arg('input', () => SettleUnconfirmedMessageInput) input: SettleUnconfirmedMessageInput,
  ) {
    return asResult(settleUnconfirmedMessage(ctx, input));
  }

  @FieldResolver(() => MessageSettlement, {
    nullable: true,
    description: 'Null unless it was UNCONFIRMED and somebody has decided.',
  })
  async settlement(@Root() message: Message, @Ctx() ctx: ConversationContext): Promise<MessageSettlement | null> {
    const { settledAs: decision, settledByKind: kind, settledById, settledAt, resentAs } = message;
    if (decision == null || kind == null || settledAt == null) return null;
    const by = toActor({ kind, id: settledById });
    return { decision, by, settledAt, resentAs: await shown(ctx, resentAs) };
  }

  @FieldResolver(() => MessageObject, {
    nullable: true,
    description: 'The unconfirmed message in whose place it was sent.',
  })
  resendOf(@Root() { resendOf }: Message, @Ctx() ctx: ConversationContext): Promise<MessageObject | null> {
    return shown(ctx, resendOf);
  }
}

async function shown(ctx: ConversationContext, id: string | null | undefined): Promise<MessageObject | null> {
  return id == null ? null : (((await ctx.loader(messagesById).load(id)) as MessageObject | undefined) ?? null);
}
