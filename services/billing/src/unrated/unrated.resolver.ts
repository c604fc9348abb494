import { Authorized, checkPageSize, DateTime } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import { Arg, Ctx, Field, FieldResolver, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { ConversationType, MessageType, TraceFactType } from '../charges/charge.types.js';
import { shownTrace } from '../charges/charge.resolver.js';
import type { BillingContext } from '../context.js';
import type { TraceFact } from '../ratings/rate.js';

interface UnratedRow {
  messageId: string;
  conversationId: string;
  reason: string;
  detail: string;
  recordedAt: Date;
  trace: readonly TraceFact[];
}

@ObjectType({
  description: 'A delivered message that no rule or rate fits. It is in no sum, and rated as soon as one does.',
})
export class UnratedMessage {
  @Field(() => ID)
  messageId!: string;

  @Field(() => String, { description: 'For programs, for example `RATE_MISSING` or `CATEGORY_UNKNOWN`.' })
  reason!: string;

  @Field(() => String, { description: 'For people: what is missing.' })
  detail!: string;

  @Field(() => DateTime)
  recordedAt!: Date;
}

@ObjectType()
export class UnratedMessagePage {
  @Field(() => [UnratedMessage])
  nodes!: UnratedMessage[];

  @Field(() => String, { nullable: true, description: 'Hand it back as `after` for the next page.' })
  nextPage!: string | null;
}

@Resolver(() => UnratedMessage)
export class UnratedMessageResolver {
  @Authorized('cost:read', 'conversation:read_all')
  @Query(() => UnratedMessagePage, { description: 'Everything that is missing in the sums, and why.' })
  async unratedMessages(
    @Ctx() ctx: BillingContext,
    @Arg('reason', () => String, { nullable: true }) reason?: string | null,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first = 50,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<{ nodes: UnratedRow[]; nextPage: string | null }> {
    checkPageSize(first);
    if (after != null && !isId(after)) throw invalidInput('after', 'is not a position that this API handed out.');
    const rows = await ctx.em.execute<
      {
        message_id: string;
        conversation_id: string;
        reason: string;
        detail: string;
        recorded_at: string;
        trace: TraceFact[];
      }[]
    >(
      `select message_id, conversation_id, reason, detail, recorded_at, trace from unrated_message
       where workspace_id = ? and (?::text is null or reason = ?) and (?::uuid is null or message_id > ?)
       order by message_id limit ?`,
      [ctx.requireActor().workspaceId, reason ?? null, reason ?? null, after ?? null, after ?? null, first + 1],
    );
    const nodes = rows.slice(0, first).map((row) => ({
      messageId: row.message_id,
      conversationId: row.conversation_id,
      reason: row.reason,
      detail: row.detail,
      recordedAt: new Date(row.recorded_at),
      trace: row.trace,
    }));
    return { nodes, nextPage: rows.length > first ? nodes.at(-1)!.messageId : null };
  }

  @FieldResolver(() => MessageType, { nullable: true, description: 'Null if you may not see it.' })
  message(@Root() { messageId }: UnratedRow): MessageType {
    return { id: messageId };
  }

  @FieldResolver(() => ConversationType, { nullable: true, description: 'Null if you may not see it.' })
  conversation(@Root() { conversationId }: UnratedRow): ConversationType {
    return { id: conversationId };
  }

  @FieldResolver(() => [TraceFactType], { description: 'How far the reasoning came.' })
  trace(@Root() { trace }: UnratedRow): TraceFactType[] {
    return shownTrace(trace);
  }
}
