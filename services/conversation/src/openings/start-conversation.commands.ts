import { allows, grantFor, type Actor } from '@fenster/auth';
import { conversationOpened, threadOpened } from '@fenster/contracts';
import { once, sql, transact, type Tx } from '@fenster/database';
import { DomainError, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { taking } from '../assignments/assignment.commands.js';
import { readBudgetOverride } from '../budgets/budget-gate.rule.js';
import { ChannelSetting } from '../channel-settings/channel-setting.entity.js';
import { findChannel } from '../channels/find-channel.js';
import { abilityOf, type ConversationContext } from '../context.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { knownFiles } from '../media/files-of-content.js';
import { Message } from '../messages/message.entity.js';
import { queueMessage } from '../messages/queue-message.js';
import { resourceOf } from '../messages/send-gate.js';
import { DEFAULT_REOPEN_WITHIN_HOURS, isContinued } from '../reopening/reopening.rule.js';
import { giveContent } from '../templates/find-template.js';
import { Thread } from '../threads/thread.entity.js';
import type { StartConversationInput } from './start-conversation.types.js';

/** Whom somebody writes to. */
type Recipient = { phone: string } | { contactId: string };

/** Somebody else made this person known at the same moment: looked up once more, they are. */
class SeenMeanwhile extends Error {}

/**
 * Writes to somebody first, whom the inbox may know or not: through the same gate as any message, and into the same
 * thread as what they will answer.
 * @throws DomainError BEYOND_API_KEY, NOT_FOUND, INVALID_INPUT, IDEMPOTENCY_CONFLICT, ANOTHER_CONVERSATION_OPEN, and
 *   what the send gate says
 */
export async function startConversation(ctx: ConversationContext, input: StartConversationInput): Promise<Message> {
  const { channelId, idempotencyKey: key, ...asked } = input;
  const actor = ctx.requireActor();
  const to = recipientOf(input, actor);
  const override = readBudgetOverride(actor, input.budgetOverride);
  await requireChannel(ctx, channelId);
  const given = await giveContent(ctx.em, input, async () => channelId);
  const grant = grantFor(actor, 'message:send', resourceOf(given.content));
  const files = await knownFiles(ctx, given.content);
  return reachFirst(ctx, channelId, to, async (tx, reach) => {
    const hashed = { channelId, ...asked, ...to };
    const messageId = await once(tx, { key, operation: 'startConversation', input: hashed }, newId(), async (id) => {
      const { conversation, thread } = await reach();
      const outgoing = { id, by: actor, grant, ...given, ...override, files };
      const [reason] = await queueMessage(tx, conversation, thread, outgoing);
      if (reason) throw reason;
    });
    await tx.em.flush();
    return tx.em.findOneOrFail(Message, { id: messageId });
  });
}

/**
 * Work that writes to somebody first: `reach` finds or makes their thread on the channel, locks it, and says in which
 * conversation the message belongs.
 */
export async function reachFirst<T>(
  ctx: ConversationContext,
  channelId: string,
  to: Recipient,
  work: (tx: Tx, reach: () => Promise<{ conversation: Conversation; thread: Thread }>) => Promise<T>,
): Promise<T> {
  const attempt = () =>
    transact(ctx, (tx) =>
      work(tx, async () => {
        const thread = await findThread(tx, channelId, to);
        return { thread, conversation: await conversationIn(tx, ctx, thread) };
      }),
    );
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof SeenMeanwhile)) throw error;
    return attempt();
  }
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND */
export function recipientOf(
  { phone, contactId }: Pick<StartConversationInput, 'phone' | 'contactId'>,
  actor: Actor,
): Recipient {
  if ((phone == null) === (contactId == null)) throw invalidInput('phone', 'must be given, or contactId.');
  if (contactId != null) {
    if (!isId(contactId) || !actor.permissions.includes('contact:read')) throw notFound('Contact', 'contactId');
    return { contactId };
  }
  const digits = phone!.replaceAll(/[\s()./-]/g, '');
  if (!/^\+[1-9]\d{5,14}$/.test(digits)) throw invalidInput('phone', 'must be in E.164, such as +4915112345678.');
  return { phone: digits };
}

/** Who may answer what comes in over a channel may write over it first. @throws DomainError NOT_FOUND */
export async function requireChannel(ctx: ConversationContext, channelId: string): Promise<void> {
  const { workspaceId } = await findChannel(ctx.em, channelId);
  const unassigned = { workspaceId, channelId, teamId: null, assigneeId: null };
  if (!allows(abilityOf(ctx), 'send', 'Conversation', unassigned)) throw notFound('Channel', 'channelId');
}

/** The person's thread on the channel, locked; a new one for whom it has not met. */
async function findThread(tx: Tx, channelId: string, to: Recipient): Promise<Thread> {
  const lockMode = LockMode.PESSIMISTIC_WRITE;
  if ('phone' in to) {
    const id = await threadIdOf(tx, channelId, to.phone);
    if (id === undefined) return openThread(tx, channelId, { ...to, contactId: newId() });
    return tx.em.findOneOrFail(Thread, { id }, { lockMode });
  }
  const { contactId } = to;
  const here = await tx.em.findOne(Thread, { contactId, channelId }, { lockMode, orderBy: { createdAt: 'desc' } });
  if (here) return here;
  const elsewhere = await tx.em.find(Thread, { contactId }, { orderBy: { createdAt: 'desc' }, limit: 20 });
  if (elsewhere.length === 0) throw notFound('Contact', 'contactId');
  const phone = elsewhere.find((thread) => thread.phone != null)?.phone;
  if (phone == null) throw invalidInput('contactId', 'must be of somebody whose phone number is known.');
  const known = await threadIdOf(tx, channelId, phone);
  if (known !== undefined) return tx.em.findOneOrFail(Thread, { id: known }, { lockMode });
  return openThread(tx, channelId, { phone, contactId });
}

async function threadIdOf(tx: Tx, channelId: string, phone: string): Promise<string | undefined> {
  const { rows } = await sql<{ thread_id: string }>`
    select thread_id from thread_identity
    where workspace_id = ${tx.workspaceId} and channel_id = ${channelId} and kind = 'PHONE' and value = ${phone}
      and ended_at is null
  `.execute(tx.sql);
  return rows[0]?.thread_id;
}

/** What the first message of somebody makes, without one: see `resolveThreads`. */
async function openThread(
  tx: Tx,
  channelId: string,
  { phone, contactId }: { phone: string; contactId: string },
): Promise<Thread> {
  const now = tx.now();
  const workspaceId = tx.workspaceId!;
  const thread = tx.em.create(Thread, {
    id: newId(),
    workspaceId,
    channelId,
    contactId,
    phone,
    lastSeq: 0,
    createdAt: now,
  });
  await tx.em.flush();
  const { rows } = await sql`
    insert into thread_identity (workspace_id, channel_id, kind, value, thread_id, created_at)
    values (${workspaceId}, ${channelId}, 'PHONE', ${phone}, ${thread.id}, ${now})
    on conflict (workspace_id, channel_id, kind, value) do update
      set thread_id = excluded.thread_id, created_at = excluded.created_at, ended_at = null
      where thread_identity.ended_at is not null
    returning thread_id
  `.execute(tx.sql);
  if (rows.length === 0) throw new SeenMeanwhile();
  tx.emit(threadOpened, {
    entityId: thread.id,
    data: { threadId: thread.id, contactId, channelId, identity: { phone } },
  });
  return thread;
}

/** Where the message belongs: the rule is that of customer messages. */
async function conversationIn(tx: Tx, ctx: ConversationContext, thread: Thread): Promise<Conversation> {
  const maySend = (conversation: Conversation) => allows(abilityOf(ctx), 'send', 'Conversation', conversation);
  const { openConversationId, resolvedConversationId, channelId } = thread;
  if (openConversationId != null) {
    const open = await tx.em.findOneOrFail(Conversation, { id: openConversationId });
    if (maySend(open)) return open;
    throw new DomainError(
      'ANOTHER_CONVERSATION_OPEN',
      'Colleagues are talking with this person, in a conversation that you do not see. Ask them, or a supervisor.',
    );
  }
  if (resolvedConversationId != null) {
    const last = await tx.em.findOneOrFail(Conversation, { id: resolvedConversationId });
    const setting = await tx.em.findOne(ChannelSetting, { channelId });
    const hours = setting?.reopenWithinHours ?? DEFAULT_REOPEN_WITHIN_HOURS;
    if (last.resolvedAt && isContinued(last.resolvedAt, tx.now(), hours) && maySend(last)) return last;
  }
  return openConversation(tx, ctx.requireActor(), thread);
}

async function openConversation(tx: Tx, actor: Actor, thread: Thread): Promise<Conversation> {
  const now = tx.now();
  const { id: threadId, workspaceId, channelId, contactId, lastSeq } = thread;
  const conversation = tx.em.create(Conversation, {
    id: newId(),
    workspaceId,
    threadId,
    channelId,
    contactId,
    status: 'OPEN',
    lastSeq,
    lastMessageAt: now,
    openedAt: now,
  });
  thread.openConversationId = conversation.id;
  thread.wakesOnMessage = false;
  const about = { conversationId: conversation.id, threadId, channelId, contactId };
  tx.emit(conversationOpened, { entityId: conversation.id, data: about });
  await tx.em.flush();
  // Whose work it is, is no question; what programs begin, routing gives to somebody.
  if (actor.kind === 'member') await taking(actor, {})(tx, conversation, thread);
  await tx.em.flush();
  return conversation;
}
