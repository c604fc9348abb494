import { Authorized, type BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { MemberReference } from '../conversations/conversation.types.js';
import { heartbeat, setAvailability } from './availability.commands.js';
import { Availability } from './availability.entity.js';
import { absentAt, availabilityOf, type AvailabilityChoice } from './availability.rule.js';
import { AvailabilityChoiceEnum, AvailabilityType } from './availability.types.js';

@Resolver(() => MemberReference)
export class AvailabilityResolver {
  @FieldResolver(() => AvailabilityType, {
    nullable: true,
    description: 'Null if you may not see conversations.',
  })
  async availability(
    @Root() { id }: MemberReference,
    @Ctx() ctx: ConversationContext,
  ): Promise<AvailabilityType | null> {
    if (!ctx.requireActor().permissions.includes('conversation:read')) return null;
    return toType(await ctx.loader(availabilityOfMembers).load(id), ctx.now());
  }

  @Authorized('conversation:update')
  @Mutation(() => AvailabilityType, {
    description:
      'Says whether you are there for customers, and counts as a heartbeat. ONLINE: your teams give you conversations by themselves.',
  })
  async setAvailability(
    @Ctx() ctx: ConversationContext,
    @Arg('choice', () => AvailabilityChoiceEnum) choice: AvailabilityChoice,
  ): Promise<AvailabilityType> {
    return toType(await setAvailability(ctx, choice), ctx.now());
  }

  @Authorized('conversation:update')
  @Mutation(() => AvailabilityType, {
    description:
      'Says that you are still there; call it every 30 seconds while somebody is at the screen. Who is not heard of for two minutes is OFFLINE and gets no more conversations; with the next heartbeat they are back as what they chose.',
  })
  async heartbeat(@Ctx() ctx: ConversationContext): Promise<AvailabilityType> {
    return toType(await heartbeat(ctx), ctx.now());
  }
}

const availabilityOfMembers: BatchLoad<string, Availability> = async (ctx, ids) => {
  const rows = await ctx.em.find(Availability, { memberId: { $in: ids.filter(isId) } });
  return new Map(rows.map((row) => [row.memberId, row]));
};

function toType(row: Availability | null | undefined, now: Date): AvailabilityType {
  if (!row) return { status: 'OFFLINE', choice: null, since: null };
  const { choice, seenAt, toldStatus, toldSince } = row;
  const status = availabilityOf({ choice, seenAt }, now);
  // Between the moment and the timer that tells it.
  return { status, choice, since: status === toldStatus ? toldSince : absentAt(seenAt) };
}
