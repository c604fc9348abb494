import {
  filesOf,
  newsletterMessageProgressed,
  newsletterMessagesStopped,
  threadOpened,
  type Envelope,
  type NewsletterMessageDue,
  type NewsletterMessageProgressed,
  type NewsletterStarted,
  type NewsletterStopped,
  fillTemplate,
  type TemplateContent,
} from '@fenster/contracts';
import { causedBy, sql, unnest, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { DomainError } from '@fenster/runtime';
import { Channel } from '../channels/channel.entity.js';
import { readConsents } from '../consents/consent-facts.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { withoutErased } from '../erasures/erased-contacts.js';
import type { KnownFiles } from '../media/files-of-content.js';
import { uploadedBy } from '../media/uploaded-media.js';
import { checkOutgoing, queueMessage, type OutgoingMessage } from '../messages/queue-message.js';
import { readBudget, type KnownFacts } from '../messages/send-state.js';
import { Template } from '../templates/template.entity.js';
import { templateNotUsable } from '../templates/template-state.rule.js';
import { Thread } from '../threads/thread.entity.js';
import { StoredNewsletter } from './newsletter.entity.js';
import { personalContent } from './personal-content.rule.js';
import { checkCategory, nobodyThere, outcomeOf } from './outcome.rule.js';

const BY = { kind: 'system', id: 'newsletter' } as const;

/** Each event says all of its newsletter, so only the last one of a batch counts. */
export async function storeNewsletters(tx: Tx, events: readonly Envelope<NewsletterStarted>[]): Promise<void> {
  const latest = new Map(events.map((event) => [event.data.newsletterId, event]));
  await sql`
    insert into newsletter (workspace_id, id, channel_id, content, slots, purpose, created_by_id, is_approved)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        channel_id: 'uuid',
        content: 'jsonb',
        slots: 'jsonb',
        purpose: 'text',
        created_by_id: 'text',
        is_approved: 'boolean',
      },
      [...latest.values()].map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        id: data.newsletterId,
        channel_id: data.channelId,
        content: data.content,
        slots: data.slots,
        purpose: data.purpose,
        created_by_id: data.createdById,
        is_approved: data.isApproved,
      })),
    )}
    on conflict (workspace_id, id) do update set channel_id = excluded.channel_id, content = excluded.content,
      slots = excluded.slots,
      purpose = excluded.purpose, created_by_id = excluded.created_by_id, is_approved = excluded.is_approved
  `.execute(tx.sql);
}

/** Whatever was queued until now and has not left is kept back by channels. */
export async function stopNewsletters(
  tx: Tx,
  events: readonly Envelope<NewsletterStopped>[],
  consumer: string,
): Promise<void> {
  for (const event of events) {
    const { newsletterId } = event.data;
    const told = { workspaceId: event.workspaceId, origin: causedBy(event, consumer), data: { newsletterId } };
    tx.emit(newsletterMessagesStopped, { entityId: newsletterId, ...told });
  }
}

type Due = Envelope<NewsletterMessageDue>;

/**
 * Sends what is due, each message through the send gate as it would be for an agent, and tells what came of it. The
 * message has the id of its recipient: what was queued is not queued again. Whom the gate refuses, and nobody has written
 * with, gets no thread. A batch costs the same few statements whatever its size.
 */
export async function sendNewsletters(tx: Tx, told: readonly Due[], consumer: string): Promise<void> {
  const events = await withoutQueued(tx, told);
  if (events.length === 0) return;
  const here = new Set(await withoutErased(tx, events));
  const newsletters = await readNewsletters(tx, events);
  const places = await findPlaces(
    tx,
    events.filter((event) => here.has(event)),
    newsletters,
  );
  for (const [newsletterId, due] of Map.groupBy(events, ({ data }) => data.newsletterId)) {
    const newsletter = newsletters.get(newsletterId)!;
    const letter = await readLetter(tx, newsletter);
    const budget = await readBudget(tx, newsletter, { teamId: null, newsletterId });
    const threads = due.flatMap((event) => places.get(event)?.thread ?? []);
    const consents = await readConsents(tx, threads, letter.template);
    const tried: Tried[] = [];
    for (const event of due) {
      const place = places.get(event);
      if (!place) tried.push({ event, reasons: [nobodyThere(!here.has(event))] });
      else if ('refusal' in letter) tried.push({ event, reasons: [letter.refusal] });
      else {
        const { channel, template, files } = letter;
        const made = personalContent(template, newsletter, { values: event.data.values, now: tx.now() });
        if ('refusal' in made) {
          tried.push({ event, reasons: [made.refusal] });
          continue;
        }
        const { content } = made;
        const known = { channel, template, consent: consents.get(place.thread), budget };
        const outgoing = messageOf(newsletter, event, { content, files, known }, consumer);
        // Where it goes to somebody known, the gate is asked once, when it is queued.
        const { reasons } = place.isNew
          ? await checkOutgoing(tx, place.conversation, place.thread, outgoing)
          : { reasons: [] };
        tried.push({ event, place, outgoing, reasons });
      }
    }
    await openPlaces(tx, tried, consumer);
    for (const { event, place, outgoing, reasons } of tried) {
      const { messageId } = event.data;
      const isTried = reasons.length === 0 && place && outgoing;
      const outcome = outcomeOf(isTried ? await queueMessage(tx, place.conversation, place.thread, outgoing) : reasons);
      tellNewsletter(tx, { ...event, origin: causedBy(event, consumer) }, { messageId, ...outcome, at: tx.now() });
    }
  }
}

/** A message before it is queued; with reasons, it will not be. */
interface Tried {
  event: Due;
  reasons: readonly DomainError[];
  place?: Place;
  outgoing?: OutgoingMessage;
}

function messageOf(
  { id: newsletterId, purpose, isApproved }: StoredNewsletter,
  event: Due,
  { content, files, known }: { content: TemplateContent; files: KnownFiles; known: KnownFacts },
  consumer: string,
): OutgoingMessage {
  return {
    id: event.data.messageId,
    by: BY,
    content,
    contentField: 'content.template',
    files,
    automation: 'NEWSLETTER',
    newsletterId,
    purpose,
    isApproved,
    known,
    origin: causedBy(event, consumer),
  };
}

/** For contacts, which counts it. */
export function tellNewsletter(
  tx: Tx,
  { workspaceId, origin }: { workspaceId: string; origin: Origin },
  { at, ...data }: Omit<NewsletterMessageProgressed, 'at'> & { at: Date },
): void {
  tx.emit(newsletterMessageProgressed, {
    entityId: data.messageId,
    workspaceId,
    origin,
    data: { ...data, at: at.toISOString() },
  });
}

/** Each once, and none of which there is a message already. */
async function withoutQueued(tx: Tx, told: readonly Due[]): Promise<Due[]> {
  const events = [...new Map(told.map((event) => [event.data.messageId, event])).values()];
  const { rows } = await sql<{ id: string }>`
    select id from message join ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid' },
      events.map(({ workspaceId, data }) => ({ workspace_id: workspaceId, id: data.messageId })),
    )} using (workspace_id, id)
  `.execute(tx.sql);
  const queued = new Set(rows.map(({ id }) => id));
  return events.filter(({ data }) => !queued.has(data.messageId));
}

async function readNewsletters(tx: Tx, events: readonly Due[]): Promise<Map<string, StoredNewsletter>> {
  const id = { $in: [...new Set(events.map(({ data }) => data.newsletterId))] };
  const workspaceId = { $in: [...new Set(events.map((event) => event.workspaceId))] };
  const rows = await tx.em.find(StoredNewsletter, { workspaceId, id });
  return new Map(rows.map((row) => [row.id, row]));
}

/** What is sent, as its template is now; or why nobody can get it. */
async function readLetter(
  tx: Tx,
  { workspaceId, channelId, content: given, createdById }: StoredNewsletter,
): Promise<
  { channel: Channel | null } & (
    | { template: Template; files: KnownFiles }
    | { template: Template | null; refusal: DomainError }
  )
> {
  const channel = await tx.em.findOne(Channel, { workspaceId, id: channelId });
  const template = await tx.em.findOne(Template, { workspaceId, id: given.templateId });
  const refusal = template ? checkCategory(template.category) : templateNotUsable('DELETED');
  if (!template || refusal) return { channel, template, refusal: refusal! };
  const mediaIds = filesOf(fillTemplate(template, given)).map(({ file }) => file.mediaId);
  return { channel, template, files: await uploadedBy(tx, workspaceId, createdById, mediaIds) };
}

interface Place {
  thread: Thread;
  conversation: Conversation;
  /** Nobody has written with them: neither is stored yet. */
  isNewThread: boolean;
  /** The conversation is not stored yet. */
  isNew: boolean;
}

/**
 * Where each message belongs: in the thread of the address, locked, and there in the conversation that is open, else in
 * the last one, which stays resolved. For somebody new both are made, resolved too: a newsletter is nobody's work until the
 * person writes; see `openPlaces`. No place for who is not reached any more.
 */
async function findPlaces(
  tx: Tx,
  events: readonly Due[],
  newsletters: ReadonlyMap<string, StoredNewsletter>,
): Promise<Map<Due, Place>> {
  if (events.length === 0) return new Map();
  const addresses = events.map(({ workspaceId, data: { newsletterId, identity } }) => ({
    workspace_id: workspaceId,
    channel_id: newsletters.get(newsletterId)!.channelId,
    ...identity,
  }));
  const keyOf = (address: { channel_id: string; kind: string; value: string }) =>
    `${address.channel_id} ${address.kind} ${address.value}`;
  const { rows } = await sql<{ channel_id: string; kind: string; value: string; id: string }>`
    with name as materialized (
      select distinct workspace_id, channel_id, kind, value, thread_id from thread_identity
      join ${unnest(
        'input',
        { workspace_id: 'uuid', channel_id: 'uuid', kind: 'text', value: 'text' },
        addresses,
      )} using (workspace_id, channel_id, kind, value)
      where ended_at is null
    )
    select name.channel_id, name.kind, name.value, thread.id
    from name join thread on thread.workspace_id = name.workspace_id and thread.id = name.thread_id
    order by thread.id for update of thread
  `.execute(tx.sql);
  const workspaceId = { $in: [...new Set(events.map((event) => event.workspaceId))] };
  const threads = await tx.em.find(Thread, { workspaceId, id: { $in: rows.map(({ id }) => id) } });
  const conversations = await conversationsOf(tx, threads);
  const placeOfThread = new Map(
    threads.map((thread) => {
      const conversation = conversations.get(thread);
      const place = { thread, conversation: conversation ?? resolvedConversation(tx, thread), isNewThread: false };
      return [thread.id, { ...place, isNew: !conversation }] as const;
    }),
  );
  const placeAt = new Map(rows.map((row) => [keyOf(row), placeOfThread.get(row.id)!]));
  for (const [index, event] of events.entries()) {
    const address = addresses[index]!;
    if (placeAt.has(keyOf(address)) || address.kind !== 'PHONE') continue;
    const thread = newThread(tx, event, address);
    placeAt.set(keyOf(address), {
      thread,
      conversation: resolvedConversation(tx, thread),
      isNewThread: true,
      isNew: true,
    });
  }
  return new Map(
    events.flatMap((event, index) => {
      const place = placeAt.get(keyOf(addresses[index]!));
      return place ? [[event, place] as const] : [];
    }),
  );
}

/** Not stored: that depends on what the gate says. */
function newThread(
  tx: Tx,
  { workspaceId, data: { contactId } }: Due,
  { channel_id: channelId, value: phone }: { channel_id: string; value: string },
): Thread {
  return tx.em.create(
    Thread,
    { id: newId(), workspaceId, channelId, contactId, phone, lastSeq: 0, createdAt: tx.now() },
    { persist: false },
  );
}

/** Not stored: see `newThread`. */
function resolvedConversation(tx: Tx, { id: threadId, workspaceId, channelId, contactId, lastSeq }: Thread) {
  const now = tx.now();
  return tx.em.create(
    Conversation,
    {
      id: newId(),
      workspaceId,
      threadId,
      channelId,
      contactId,
      status: 'RESOLVED',
      lastSeq,
      lastMessageAt: now,
      openedAt: now,
      resolvedAt: now,
    },
    { persist: false },
  );
}

/** Stores what is new of the places of messages that may leave. */
async function openPlaces(tx: Tx, tried: readonly Tried[], consumer: string): Promise<void> {
  const opened: { thread: Thread; value: string }[] = [];
  const begun: Place[] = [];
  for (const { event, place, reasons } of tried) {
    if (!place?.isNew || reasons.length > 0) continue;
    const { thread } = place;
    const { id: threadId, workspaceId, channelId, contactId, phone } = thread;
    if (place.isNewThread) {
      const identity = { phone: phone! };
      tx.em.persist(thread);
      tx.emit(threadOpened, {
        entityId: threadId,
        workspaceId,
        origin: causedBy(event, consumer),
        data: { threadId, contactId, channelId, identity },
      });
      opened.push({ thread, value: identity.phone });
    }
    begun.push(place);
    Object.assign(place, { isNewThread: false, isNew: false });
  }
  if (begun.length === 0) return;
  await tx.em.flush();
  await nameThreads(tx, opened);
  for (const { thread, conversation } of begun) {
    tx.em.persist(conversation);
    thread.resolvedConversationId = conversation.id;
  }
  await tx.em.flush();
}

/** If somebody came under such a name meanwhile, that is a violation of its key: the batch is done once more, and finds them. */
async function nameThreads(tx: Tx, opened: readonly { thread: Thread; value: string }[]): Promise<void> {
  if (opened.length === 0) return;
  const { rows } = await sql`
    insert into thread_identity (workspace_id, channel_id, kind, value, thread_id, created_at)
    select workspace_id, channel_id, 'PHONE', value, thread_id, ${tx.now()}::timestamptz from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', value: 'text', thread_id: 'uuid' },
      opened.map(({ thread, value }) => ({
        workspace_id: thread.workspaceId,
        channel_id: thread.channelId,
        value,
        thread_id: thread.id,
      })),
    )}
    on conflict (workspace_id, channel_id, kind, value) do update
      set thread_id = excluded.thread_id, created_at = excluded.created_at, ended_at = null
      where thread_identity.ended_at is not null
    returning thread_id
  `.execute(tx.sql);
  if (rows.length < opened.length) throw new Error('Somebody came under one of these names meanwhile.');
}

async function conversationsOf(tx: Tx, threads: readonly Thread[]): Promise<Map<Thread, Conversation>> {
  const idOf = ({ openConversationId, resolvedConversationId }: Thread) => openConversationId ?? resolvedConversationId;
  const ids = threads.flatMap((thread) => idOf(thread) ?? []);
  const workspaceId = { $in: [...new Set(threads.map((thread) => thread.workspaceId))] };
  const known = await tx.em.find(Conversation, { workspaceId, id: { $in: ids } });
  const byId = new Map(known.map((conversation) => [conversation.id, conversation]));
  return new Map(
    threads.flatMap((thread) => {
      const conversation = byId.get(idOf(thread) ?? '');
      return conversation ? [[thread, conversation] as const] : [];
    }),
  );
}
