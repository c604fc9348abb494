import { asResult, Authorized, cancellable } from '@fenster/graphql';
import { invalidInput } from '@fenster/runtime';
import {
  Arg,
  Ctx,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
  type SubscribeResolverData,
} from 'type-graphql';
import { loadContacts } from '../contacts/contact.queries.js';
import { ContactPage } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import { createSegment, deleteSegment, updateSegment } from './segment.commands.js';
import type { Segment } from './segment.entity.js';
import { shownFilter } from './segment-filter.rule.js';
import type { SegmentFilter } from './segment-filter.js';
import { ContactFilterType } from './segment-filter.types.js';
import {
  checkAskedFilter,
  checkReach,
  countFilter,
  countsOfSegments,
  findSegment,
  listSegments,
  loadReach,
  maySee,
  reachOfSegments,
  segmentsById,
  shownCount,
  shownReach,
} from './segment.queries.js';
import {
  CreateSegmentInput,
  CreateSegmentResult,
  DeleteSegmentResult,
  ReachInput,
  SegmentChanged,
  SegmentReach,
  ContactCount,
  SegmentType,
  UpdateSegmentInput,
  UpdateSegmentResult,
} from './segment.types.js';

const UNSEEN = 'Null if the filter asks about what you may not see.';

interface SegmentCountArgs {
  id: string;
  reach?: ReachInput | null;
}

@Resolver(() => SegmentType)
export class SegmentResolver {
  @Authorized('contact:read')
  @Query(() => [SegmentType], {
    description: 'Of the workspace, by name. Ask for some at a time where you count them.',
  })
  segments(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { nullable: true, description: 'At most 100; without it, all.' }) first?: number | null,
    @Arg('after', () => ID, { nullable: true, description: 'The last one that you have.' }) after?: string | null,
  ): Promise<Segment[]> {
    return listSegments(ctx, { first, after });
  }

  @Authorized('contact:read')
  @Query(() => SegmentType)
  segment(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string): Promise<Segment> {
    return findSegment(ctx, id);
  }

  @Authorized('contact:read')
  @Query(() => ContactCount, { description: 'How many contacts a filter means, before it is that of a segment.' })
  async contactCount(
    @Ctx() ctx: ContactsContext,
    @Arg('filter', () => ContactFilterType) input: ContactFilterType,
    @Arg('reach', () => ReachInput, { nullable: true }) reach?: ReachInput | null,
  ): Promise<ContactCount> {
    return countNow(ctx, await checkAskedFilter(ctx, input), reach);
  }

  @Authorized('contact:read')
  @Query(() => ContactCount, { description: 'How many there are in a segment now, and whom of them can be reached.' })
  async segmentCount(
    @Ctx() ctx: ContactsContext,
    @Arg('id', () => ID) id: string,
    @Arg('reach', () => ReachInput, { nullable: true }) reach?: ReachInput | null,
  ): Promise<ContactCount> {
    return countNow(ctx, (await findCountable(ctx, id)).filter, reach);
  }

  @Authorized('contact:manage')
  @Mutation(() => CreateSegmentResult)
  createSegment(@Ctx() ctx: ContactsContext, @Arg('input', () => CreateSegmentInput) input: CreateSegmentInput) {
    return asResult(createSegment(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => UpdateSegmentResult)
  updateSegment(@Ctx() ctx: ContactsContext, @Arg('input', () => UpdateSegmentInput) input: UpdateSegmentInput) {
    return asResult(updateSegment(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => DeleteSegmentResult, { description: 'The contacts in it stay as they are.' })
  deleteSegment(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteSegment(ctx, id));
  }

  @Authorized('contact:read')
  @Subscription(() => ContactCount, {
    name: 'segmentCount',
    description:
      'How many there are in a segment: now, then whenever that is another number, within a second or two of what happens to contacts, and within half a minute of what time and messages do. Completes when it is deleted, or asks about what you may not see.',
    subscribe: ({ args, context }: SubscribeResolverData<unknown, SegmentCountArgs, ContactsContext>) =>
      cancellable((signal) => followCount(context, args, signal)),
  })
  followSegmentCount(
    @Root() count: ContactCount,
    @Arg('id', () => ID) _id: string,
    @Arg('reach', () => ReachInput, { nullable: true }) _reach?: ReachInput | null,
  ): ContactCount {
    return count;
  }

  @FieldResolver(() => ContactFilterType)
  filter(@Root() { filter }: Segment): ContactFilterType {
    return shownFilter(filter);
  }

  @FieldResolver(() => Int, { nullable: true, description: `How many contacts there are in it. ${UNSEEN}` })
  async count(@Root() segment: Segment, @Ctx() ctx: ContactsContext): Promise<number | null> {
    return (await ctx.loader(countsOfSegments).load(segment)) ?? null;
  }

  @FieldResolver(() => SegmentReach, {
    nullable: true,
    description: `Whom something can be sent to now, if a purpose and a channel are asked for. ${UNSEEN}`,
  })
  async reach(
    @Root() segment: Segment,
    @Ctx() ctx: ContactsContext,
    @Arg('for', () => ReachInput, { nullable: true }) input?: ReachInput | null,
  ): Promise<SegmentReach | null> {
    if (!input) return null;
    const asked = { segment, reach: await loadReach(ctx, input) };
    const reach = await ctx.loader(reachOfSegments).load(asked);
    return reach ? shownReach(ctx, reach) : null;
  }

  @FieldResolver(() => ContactPage, { nullable: true, description: `The newest first. ${UNSEEN}` })
  async contacts(
    @Root() { filter }: Segment,
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<ContactPage | null> {
    return maySee(ctx, filter) ? loadContacts(ctx, { first, after, filter }) : null;
  }
}

@Resolver(() => SegmentChanged)
export class SegmentChangedResolver {
  @FieldResolver(() => SegmentType, { nullable: true, description: 'Null once it is deleted.' })
  async segment(@Root() { segmentId }: SegmentChanged, @Ctx() ctx: ContactsContext): Promise<Segment | null> {
    return (await ctx.loader(segmentsById).load(segmentId)) ?? null;
  }
}

/** @throws DomainError NOT_FOUND; INVALID_INPUT if it asks about what the actor may not see */
async function findCountable(ctx: ContactsContext, id: string): Promise<Segment> {
  const segment = await findSegment(ctx, id);
  if (!maySee(ctx, segment.filter)) throw invalidInput('id', 'is a segment that asks about what you may not see.');
  return segment;
}

async function countNow(
  ctx: ContactsContext,
  filter: SegmentFilter,
  input: ReachInput | null | undefined,
): Promise<ContactCount> {
  const reach = input ? await checkReach(ctx, input, 'reach') : undefined;
  return shownCount(ctx, await countFilter(ctx, { workspaceId: ctx.requireActor().workspaceId, filter, reach }));
}

async function* followCount(
  ctx: ContactsContext,
  { id: segmentId, reach: input }: SegmentCountArgs,
  signal: AbortSignal,
): AsyncGenerator<ContactCount[], void> {
  const { workspaceId } = await findCountable(ctx, segmentId);
  const reach = input ? await checkReach(ctx, input, 'reach') : undefined;
  for await (const live of ctx.app.segmentCounts.follow({ workspaceId, segmentId, reach }, signal)) {
    if (!maySee(ctx, live.filter)) return;
    yield [shownCount(ctx, live)];
  }
}
