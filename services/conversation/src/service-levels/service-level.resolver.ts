import { array, sql } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import type { ServiceLevelTarget } from './service-level.rule.js';
import { ServiceLevel } from './service-level.types.js';

interface Promises {
  id: string;
  first_response_due_at: Date | null;
  next_response_due_at: Date | null;
  resolution_due_at: Date | null;
  breached: ServiceLevelTarget[];
}

/** What is promised now: clocks of earlier turns are only of interest if they were broken. */
const promisesByConversation: BatchLoad<string, Promises> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Promises>`
      select c.id,
        max(clock.due_at) filter (where target = 'FIRST_RESPONSE' and started_at = c.waiting_since) as first_response_due_at,
        max(clock.due_at) filter (where target = 'NEXT_RESPONSE' and started_at = c.waiting_since) as next_response_due_at,
        max(clock.due_at) filter (where target = 'RESOLUTION' and started_at = c.opened_at) as resolution_due_at,
        coalesce(array_agg(distinct target) filter (where state = 'BREACHED'), '{}') as breached
      from conversation c
      join service_level_clock clock on clock.workspace_id = c.workspace_id and clock.conversation_id = c.id
        and (clock.state = 'BREACHED' or clock.started_at in (c.waiting_since, c.opened_at))
      where c.workspace_id = ${workspaceId} and c.id = any(${array('uuid', ids)})
      group by c.workspace_id, c.id
    `,
  );
  return new Map(rows.map((row) => [row.id, row]));
};

@Resolver(() => ConversationType)
export class ConversationServiceLevelResolver {
  @FieldResolver(() => ServiceLevel)
  async serviceLevel(@Root() conversation: Conversation, @Ctx() ctx: ConversationContext): Promise<ServiceLevel> {
    const promises = await ctx.loader(promisesByConversation).load(conversation.id);
    const { waitingSince, firstResponseAt, status } = conversation;
    return {
      firstResponseDueAt: (waitingSince && !firstResponseAt && promises?.first_response_due_at) || null,
      nextResponseDueAt: (waitingSince && firstResponseAt && promises?.next_response_due_at) || null,
      resolutionDueAt: (status !== 'RESOLVED' && promises?.resolution_due_at) || null,
      breached: promises?.breached ?? [],
    };
  }
}
