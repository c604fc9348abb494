import { setTimeout as delay } from 'node:timers/promises';
import { allows } from '@fenster/auth';
import { Authorized, cancellable } from '@fenster/graphql';
import { createWaker, isId, notFound } from '@fenster/runtime';
import { Arg, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { abilityOf, type ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import type { Viewer } from './presence-map.js';
import { ConversationPresence } from './presence.types.js';

/** However much happens in a conversation, it is told so seldom at most. */
const SAMPLE_MS = 250;
/** Wakes who waits, so that they see that their subscriber is gone or may not see it any more. */
const LOOK_MS = 15_000;
/** Several subscribers ask whether they may still see the same conversation. */
const SHARED_FOR_MS = 500;

@Resolver()
export class PresenceSubscription {
  @Authorized('conversation:read')
  @Subscription(() => ConversationPresence, {
    description:
      'Who looks at a conversation and who types: first as it is now, then whenever it changes, four times a second at most. Completes when you may not see the conversation any more.',
    subscribe: ({ args, context }: SubscribeResolverData<unknown, { conversationId: string }, ConversationContext>) =>
      cancellable((signal) => followPresence(context, args.conversationId, signal)),
  })
  presenceEvents(
    @Root() state: ConversationPresence,
    @Arg('conversationId', () => ID) _conversationId: string,
  ): ConversationPresence {
    return state;
  }
}

export async function* followPresence(
  ctx: ConversationContext,
  conversationId: string,
  signal: AbortSignal,
  lookMs = LOOK_MS,
): AsyncGenerator<ConversationPresence[], void> {
  const { workspaceId } = ctx.requireActor();
  if (!(await maySee(ctx, conversationId))) throw notFound('Conversation');
  const waker = createWaker();
  const stop = ctx.app.presence.watch(workspaceId, conversationId, waker.wake);
  signal.addEventListener('abort', waker.wake, { once: true });
  let told: string | undefined;
  try {
    while (!signal.aborted) {
      if (told !== undefined && !(await maySee(ctx, conversationId))) return;
      const viewers = ctx.app.presence.viewers(workspaceId, conversationId);
      const now = JSON.stringify(viewers);
      if (now !== told) {
        told = now;
        yield [toPresence(conversationId, viewers, ctx.now())];
        await delay(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
      }
      await waker.rest(lookMs);
    }
  } finally {
    stop();
  }
}

export function toPresence(conversationId: string, viewers: readonly Viewer[], asOf: Date): ConversationPresence {
  return Object.assign(new ConversationPresence(), { conversationId, asOf, viewers: viewers.map(toViewer) });
}

export function toViewer({ memberId, since, isTyping }: Viewer) {
  return { member: { id: memberId }, since, isTyping };
}

const rows = new Map<string, { at: number; row: Promise<Conversation | null> }>();

/** It may become somebody else's while one looks at it. */
async function maySee(ctx: ConversationContext, conversationId: string): Promise<boolean> {
  if (!isId(conversationId)) return false;
  const { workspaceId } = ctx.requireActor();
  const key = `${workspaceId} ${conversationId}`;
  const at = performance.now();
  for (const [known, reading] of rows) {
    if (at - reading.at < SHARED_FOR_MS) break;
    rows.delete(known);
  }
  const reading = rows.get(key) ?? {
    at,
    row: ctx.database.forTenant(workspaceId).findOne(Conversation, { id: conversationId }),
  };
  rows.set(key, reading);
  reading.row.catch(() => rows.delete(key));
  const conversation = await reading.row;
  return conversation !== null && allows(abilityOf(ctx), 'read', 'Conversation', conversation);
}
