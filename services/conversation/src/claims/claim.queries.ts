import type { BatchLoad } from '@fenster/graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { Claim } from './claim.entity.js';
import { heldClaim } from './claim.rule.js';

const claimsByConversation: BatchLoad<string, Claim> = async (ctx, conversationIds) => {
  const rows = await ctx.em.find(Claim, { conversationId: { $in: [...conversationIds] } });
  return new Map(rows.map((row) => [row.conversationId, row]));
};

/** The claim that holds now. Who may see the conversation may see it. */
export async function claimOf(ctx: ConversationContext, { id }: Pick<Conversation, 'id'>): Promise<Claim | undefined> {
  return heldClaim(await ctx.loader(claimsByConversation).load(id), ctx.now());
}
