import { accessibleWhere } from '@fenster/auth';
import { array, sql } from '@fenster/database';
import { asResult, Authorized, checkPageSize, type BatchLoad, type GraphQLContext } from '@fenster/graphql';
import { invalidInput, isId, unsealBytes } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf } from '../ability.js';
import { Channel } from '../channels/channel.entity.js';
import { ChannelType } from '../channels/channel.types.js';
import type { ChannelsContext } from '../context.js';
import { bodyContext } from './received-webhook.js';
import { replayWebhookEvent } from './replay.js';
import { WebhookEvent } from './webhook-event.entity.js';
import {
  ReplayWebhookEventResult,
  WebhookEventFilter,
  WebhookEventPage,
  WebhookEventType,
} from './webhook-event.types.js';

@Resolver(() => WebhookEventType)
export class WebhookEventResolver {
  @Authorized('webhook_event:read')
  @Query(() => WebhookEventPage, {
    description: 'All that providers posted, also what Fenster makes nothing of, for as long as it is kept.',
  })
  async webhookEvents(
    @Ctx() ctx: GraphQLContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
    @Arg('filter', () => WebhookEventFilter, { nullable: true }) filter?: WebhookEventFilter,
  ): Promise<WebhookEventPage> {
    const size = checkPageSize(first);
    if (after != null && !isId(after)) throw invalidInput('after', 'is not a page that this API handed out.');
    const older = after == null ? {} : { id: { $lt: after } };
    const wanted = {
      ...(filter?.field != null && { fields: { $contains: [filter.field] } }),
      ...(filter?.outcome != null && { outcome: filter.outcome }),
    };
    const rows = await ctx.em.find(
      WebhookEvent,
      { $and: [accessibleWhere(abilityOf(ctx), 'read', 'WebhookEvent'), older, wanted] },
      { orderBy: { id: 'desc' }, limit: size + 1 },
    );
    const nodes = rows.slice(0, size);
    return { nodes, nextPage: rows.length > size ? nodes.at(-1)!.id : null };
  }

  @Authorized('webhook_event:read', 'channel:manage')
  @Mutation(() => ReplayWebhookEventResult, {
    description:
      'Handles a stored webhook as if it came now. What had its effect has none again; what had none may have it since a number was connected, or with a newer version.',
  })
  replayWebhookEvent(@Ctx() ctx: ChannelsContext, @Arg('id', () => ID) id: string): Promise<WebhookEvent> {
    return asResult(replayWebhookEvent(ctx, id));
  }

  @FieldResolver(() => [ChannelType], {
    description:
      'Those that it names, else those of the account that it names. None for numbers that nobody connected.',
  })
  async channels(@Root() event: WebhookEvent, @Ctx() ctx: GraphQLContext): Promise<Channel[]> {
    return (await ctx.loader(channelsByEvent).load(event)) ?? [];
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'As it was posted, character for character. Null when it was erased because its time is over, for what is no text, and without the permissions message:read and contact:read_phone.',
  })
  async body(@Root() event: WebhookEvent, @Ctx() ctx: ChannelsContext): Promise<string | null> {
    const { permissions } = ctx.requireActor();
    if (!permissions.includes('message:read') || !permissions.includes('contact:read_phone')) return null;
    return (await ctx.loader(bodiesByEvent).load(event.id)) ?? null;
  }
}

const bodiesByEvent: BatchLoad<string, string> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const { secretKey } = (ctx as ChannelsContext).app;
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; body_hash: Buffer; body: Buffer }>`
      select id, body_hash, body from webhook_event
      where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)}) and body is not null
    `,
  );
  const bodies = new Map<string, string>();
  for (const { id, body_hash: bodyHash, body } of rows) {
    try {
      const raw = unsealBytes(secretKey, body, bodyContext(bodyHash.toString('hex')));
      bodies.set(id, new TextDecoder('utf-8', { fatal: true }).decode(raw));
    } catch (error) {
      ctx.log.warn({ err: error, webhookEventId: id }, 'the body of this webhook cannot be shown');
    }
  }
  return bodies;
};

const channelsByEvent: BatchLoad<WebhookEvent, Channel[]> = async (ctx, events) => {
  const context: GraphQLContext = ctx;
  const channels = await context.em.find(Channel, accessibleWhere(abilityOf(ctx), 'read', 'Channel'), {
    orderBy: { createdAt: 'asc', id: 'asc' },
  });
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; number: string; account: string | null; phone: string | null }>`
      select id, 'number ' || address as number, 'account ' || account as account,
        'phone ' || display_phone_number as phone
      from channel where workspace_id = ${workspaceId}
    `,
  );
  const namesOf = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    events.map((event) => {
      const subjects = new Set(event.subjects);
      const named = channels.filter(({ id }) => {
        const names = namesOf.get(id);
        return names && (subjects.has(names.number) || subjects.has(names.phone ?? ''));
      });
      if (named.length > 0) return [event, named];
      return [event, channels.filter(({ id }) => subjects.has(namesOf.get(id)?.account ?? ''))];
    }),
  );
};
