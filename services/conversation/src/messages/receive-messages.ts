import {
  conversationOpened,
  findClickToChatCode,
  messageEchoed,
  messageReceived,
  type ChannelMessageReceived,
  wishOf,
  type Envelope,
  type WordChoice,
} from '@fenster/contracts';
import { causedBy, sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { codeWordOf } from '../access-requests/code-word.rule.js';
import { takeCodeWords, type WrittenCode } from '../access-requests/take-code-words.js';
import { takeLinkCodes, type WrittenLinkCode } from '../click-to-chat/take-link-codes.js';
import { placeOf } from '../reopening/reopening.rule.js';
import { decideStatus } from '../status/status.rule.js';
import { readStandings, storeWoken, wake, type Standing } from '../status/wake-conversations.js';
import { askAboutOptOut, type OptOutQuestion } from '../opt-outs/opt-out-question.js';
import { stopMarketing, type SaidConsent } from '../opt-outs/stop-marketing.js';
import { attentionTimerInserts, type AttendedConversation } from '../attention/attention.timers.js';
import { recordRatings, type RatedConversation } from '../surveys/record-ratings.js';
import { isAwaited, ratingOf } from '../surveys/survey.rule.js';
import { answerOf, asksForMarketing } from '../consent-requests/consent-request-words.rule.js';
import { OPT_IN_WISHED } from '../consent-requests/opt-in-wished.js';
import { quotedQuestions, takeAnswers, type GivenAnswer } from '../consent-requests/take-answers.js';
import { setTimers, type Timer } from '../timers/timer.js';
import { tellNewsletter } from '../newsletters/send-newsletters.js';
import { announceIdentity } from '../threads/announce-identity.js';
import { noteIdentityChange } from '../threads/note-identity-change.js';
import { extendWindow } from '../threads/service-window.js';
import { windowTimerInserts, type OpenedWindow } from '../threads/service-window.timers.js';
import {
  nameInserts,
  resolveThreads,
  threadInserts,
  threadUpdates,
  type ThreadState,
} from '../threads/resolve-threads.js';
import { applyParkedChanges } from './record-changes.js';

type Received = Envelope<ChannelMessageReceived>;

interface TouchedConversation {
  workspace_id: string;
  id: string;
  last_seq: number;
  /** Of the last message in the batch that is the customer's. */
  last_customer_seq: number | null;
  last_message_at: Date;
  /** Of the first customer message in the batch that wants an answer and got none within it. */
  waiting_since: Date | null;
  /** When a colleague first answered within the batch, in the phone app. */
  answered_at: Date | null;
}

interface NewConversation extends TouchedConversation {
  thread_id: string;
  channel_id: string;
  contact_id: string;
  opened_at: Date;
}

/**
 * Customer messages find their place: thread, open conversation, next `seq`, service window. A batch costs the
 * same few statements whatever its size. Duplicates have no effect, not even on `seq`.
 */
export async function receiveMessages(tx: Tx, received: readonly Received[], consumer: string): Promise<void> {
  const { fresh: events, awaited, wordsOf } = await withoutKnown(tx, received);
  if (events.length === 0) return;
  const threads = await resolveThreads(tx, events);
  const opened = new Map<string, NewConversation>();
  const touched = new Map<string, TouchedConversation>();
  const openedWindows = new Map<string, OpenedWindow>();
  const attended = new Map<string, AttendedConversation>();
  const now = tx.now();
  const resting = await restingConversations(tx, [...new Set(threads.of.values())]);
  const woken: Standing[] = [];
  const rated: RatedConversation[] = [];
  const stops: SaidConsent[] = [];
  const questions: OptOutQuestion[] = [];
  const answers: GivenAnswer[] = [];
  const codes: WrittenCode[] = [];
  const linkCodes: WrittenLinkCode[] = [];
  /** By thread: of several wishes the last one is looked at. */
  const optIns = new Map<string, Omit<Timer, 'dueAt'>>();

  const quotable = await quotedQuestions(
    tx,
    events.flatMap((event) => {
      const { consentAskedUntil, workspaceId, id } = threads.of.get(event)!;
      const mayAnswer = consentAskedUntil !== null && event.data.contextProviderMessageId !== undefined;
      return mayAnswer && answerOf(event.data.text) ? [{ workspaceId, threadId: id }] : [];
    }),
  );

  const messages = events.map((event) => {
    const thread = threads.of.get(event)!;
    const { data } = event;
    const sentAt = new Date(data.sentAt);
    const origin = causedBy(event, consumer);
    announceIdentity(tx, thread, origin);
    thread.lastSeq += 1;
    const id = newId();
    const opensWindow = data.opensWindow && !data.isWindowless;
    const { window, change } = extendWindow(thread.window, { id, sentAt, opensWindow }, now);
    thread.window = window;
    if (change === 'opened') openedWindows.set(thread.id, thread);
    const last = resting.get(thread.openConversationId ?? thread.resolvedConversationId ?? '');
    const hasOpen = thread.openConversationId !== null;
    // Before anybody and any rule sees the message.
    const wish = data.isEcho ? undefined : wishOf(data.text, wordsOf.get(thread.workspaceId));
    const isStop = wish?.kind === 'STOP';
    if (data.isEcho) thread.consentAskedUntil = null;
    const isAskedForConsent = thread.consentAskedUntil !== null && sentAt < thread.consentAskedUntil;
    const mayAnswer = isAskedForConsent || data.contextProviderMessageId !== undefined;
    const answer = mayAnswer && !data.isEcho ? answerOf(data.text) : undefined;
    const quoted = data.contextProviderMessageId;
    const isToQuestion = quoted === undefined || quoted === quotable.get(thread.id);
    const isAnswer = isAskedForConsent && answer !== undefined && isToQuestion;
    if (isAnswer) thread.consentAskedUntil = null;
    const isAsked = !hasOpen && data.opensWindow && isAwaited(last?.surveyExpiresAt ?? null, sentAt);
    const rating = isAsked ? ratingOf(data.text) : null;
    // Neither a rating nor an opt-out nor a yes to a question is anything to answer.
    const place = rating
      ? 'IN_RESOLVED'
      : placeOf(
          {
            hasOpen,
            wakesOnMessage: thread.wakesOnMessage,
            last: last?.resolvedAt ? { ...last, resolvedAt: last.resolvedAt } : undefined,
          },
          { sentAt, opensWindow: data.opensWindow && !isStop && !isAnswer },
        );
    if (place === 'OPENS_NEW') {
      const conversation = openConversation(thread, now);
      opened.set(conversation.id, conversation);
      thread.openConversationId = conversation.id;
      tx.emit(conversationOpened, {
        entityId: conversation.id,
        workspaceId: thread.workspaceId,
        origin,
        data: {
          conversationId: conversation.id,
          threadId: thread.id,
          channelId: thread.channelId,
          contactId: thread.contactId,
        },
      });
    } else if (last && (place === 'WAKES' || place === 'REOPENS')) {
      const actor = { kind: 'contact', id: thread.contactId } as const;
      const facts = { now, window: thread.window, isAnotherOpen: false };
      const transition = decideStatus(last, { kind: 'customerWrote' }, facts);
      if (transition) wake(tx, last, transition, { ...origin, actor });
      woken.push(last);
      thread.openConversationId = last.id;
      thread.wakesOnMessage = false;
    }
    const conversationId = thread.openConversationId ?? last!.id;
    let conversation: TouchedConversation | undefined = opened.get(conversationId) ?? touched.get(conversationId);
    if (!conversation) touched.set(conversationId, (conversation = touch(thread, conversationId, now)));
    conversation.last_seq = thread.lastSeq;
    if (!data.isEcho) conversation.last_customer_seq = thread.lastSeq;
    if (data.isEcho) {
      conversation.waiting_since = null;
      conversation.answered_at ??= sentAt;
    } else if (data.opensWindow && !rating && !isStop && !isAnswer) conversation.waiting_since ??= sentAt;
    if (rating && last) {
      last.surveyExpiresAt = null;
      const { workspaceId, id: threadId, contactId } = thread;
      const by = { ...origin, actor: { kind: 'contact', id: contactId } } as const;
      rated.push({ ...rating, workspaceId, conversationId, threadId, at: sentAt, origin: by });
    }
    if (wish) {
      const { workspaceId, id: threadId, channelId, contactId, identity } = thread;
      const by = { ...origin, actor: { kind: 'contact', id: contactId } } as const;
      if (wish.kind === 'STOP') {
        stops.push({
          workspaceId,
          threadId,
          conversationId,
          channelId,
          contactId,
          identity,
          kind: 'WITHDRAWN',
          source: 'KEYWORD',
          locale: wish.locale,
          messageId: id,
          providerMessageId: data.providerMessageId,
          at: sentAt,
          origin: by,
        });
      } else questions.push({ workspaceId, conversationId, messageId: id, threadId, origin: by });
    }
    if (answer) {
      const { workspaceId, id: threadId, channelId, contactId, identity } = thread;
      answers.push({
        workspaceId,
        threadId,
        conversationId,
        channelId,
        contactId,
        identity,
        answer,
        messageId: id,
        providerMessageId: data.providerMessageId,
        quotes: data.contextProviderMessageId,
        isPlain: isAnswer,
        at: sentAt,
        origin: { ...origin, actor: { kind: 'contact', id: contactId } },
      });
    }
    const codeWord = data.isEcho ? undefined : codeWordOf(data.text);
    if (codeWord) {
      const { workspaceId, id: threadId, contactId } = thread;
      codes.push({ workspaceId, threadId, contactId, messageId: id, codeWord, at: sentAt, origin });
    }
    const linkCode = data.isEcho ? undefined : findClickToChatCode(data.text);
    if (linkCode !== undefined) {
      const { workspaceId, id: threadId, contactId } = thread;
      const about = { workspaceId, threadId, contactId, conversationId, messageId: id };
      linkCodes.push({ ...about, code: linkCode, beganConversation: place === 'OPENS_NEW', at: sentAt, origin });
    }
    if (!data.isEcho && asksForMarketing(data.text)) {
      const cause = { messageId: id, correlationId: origin.correlationId };
      optIns.set(thread.id, { workspaceId: thread.workspaceId, subjectId: thread.id, cause });
    }
    const about = {
      messageId: id,
      threadId: thread.id,
      conversationId,
      channelId: thread.channelId,
      seq: thread.lastSeq,
      type: data.type,
    };
    const told = { entityId: id, workspaceId: thread.workspaceId, occurredAt: sentAt };
    if (data.isEcho) tx.emit(messageEchoed, { ...told, origin, data: about });
    else {
      tx.emit(messageReceived, {
        ...told,
        origin: { ...origin, actor: { kind: 'contact', id: thread.contactId } },
        data: { ...about, windowExpiresAt: thread.window.expiresAt?.toISOString() ?? null, windowChange: change },
      });
    }
    for (const { thread: changed, change } of threads.identityChanges.get(event) ?? []) {
      const id = changed === thread ? conversationId : (changed.openConversationId ?? changed.resolvedConversationId);
      if (id) noteIdentityChange(tx, changed, { conversationId: id, change, origin });
    }
    if (thread.newsletterMessageId !== null && data.opensWindow && !data.isEcho && !isStop) {
      tellNewsletter(
        tx,
        { workspaceId: thread.workspaceId, origin },
        { messageId: thread.newsletterMessageId, outcome: 'REPLIED', at: sentAt },
      );
      thread.newsletterMessageId = null;
    }
    if (data.opensWindow && !rating && !isStop && !isAnswer && thread.mayWantAttention) {
      const { workspaceId, channelId } = thread;
      attended.set(conversationId, { workspaceId, channelId, conversationId, isNew: opened.has(conversationId) });
    }
    return {
      workspace_id: thread.workspaceId,
      id,
      thread_id: thread.id,
      conversation_id: conversationId,
      channel_id: thread.channelId,
      seq: thread.lastSeq,
      type: data.type,
      text: data.text,
      payload: data.payload,
      provider_message_id: data.providerMessageId,
      context_provider_message_id: data.contextProviderMessageId,
      referral: data.referral,
      direction: data.isEcho ? 'OUTBOUND' : 'INBOUND',
      sent_at: sentAt,
      created_at: now,
    };
  });

  await storeWoken(tx, woken);
  await recordRatings(tx, rated);
  const others = [...threads.identityChanges.values()].flatMap((changes) => changes.map(({ thread }) => thread));
  const states = [...new Set([...threads.of.values(), ...others])];
  const parts = [
    sql`new_message as (${messageInserts(messages)})`,
    ...(states.some(({ isNew }) => isNew) ? [sql`new_thread as (${threadInserts(states, now)})`] : []),
    ...(states.some(({ isNew }) => !isNew) ? [sql`known_thread as (${threadUpdates(states)})`] : []),
    ...nameInserts(threads.changedNames).map(([name, insert]) => sql`${sql.ref(name)} as (${insert})`),
    ...(opened.size > 0 ? [sql`new_conversation as (${conversationInserts([...opened.values()])})`] : []),
    ...(openedWindows.size > 0 ? [sql`window_timer as (${windowTimerInserts([...openedWindows.values()])})`] : []),
    ...(attended.size > 0 ? [sql`attention_timer as (${attentionTimerInserts([...attended.values()], now)})`] : []),
  ];
  // One statement, of what there is: planning all of it costs more than doing the usual part of it.
  await sql`/* ahead */
    with ${sql.join(parts)}
    update conversation set last_seq = input.last_seq, last_message_at = input.last_message_at,
      last_customer_seq = coalesce(input.last_customer_seq, conversation.last_customer_seq),
      waiting_since = coalesce(case when input.answered_at is null then conversation.waiting_since end, input.waiting_since),
      first_response_at = coalesce(conversation.first_response_at, input.answered_at)
    from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        last_seq: 'int',
        last_customer_seq: 'int',
        last_message_at: 'timestamptz',
        waiting_since: 'timestamptz',
        answered_at: 'timestamptz',
      },
      [...touched.values()],
    )}
    where conversation.workspace_id = input.workspace_id and conversation.id = input.id
  `.execute(tx.sql);
  await stopMarketing(tx, stops);
  await askAboutOptOut(tx, questions);
  await takeAnswers(tx, answers);
  await takeCodeWords(tx, codes);
  for (const { workspaceId, threadId, messageId, origin } of await takeLinkCodes(tx, linkCodes)) {
    const { correlationId } = origin;
    optIns.set(threadId, { workspaceId, subjectId: threadId, cause: { messageId, correlationId } });
  }
  await setTimers(
    tx,
    OPT_IN_WISHED,
    [...optIns.values()].map((wish) => ({ ...wish, dueAt: now })),
  );
  if (awaited.length > 0)
    await applyParkedChanges(
      tx,
      awaited.map((event) => toArrival(event, consumer)),
    );
}

function toArrival(event: Received, consumer: string) {
  const { channelId, providerMessageId } = event.data;
  return {
    target: { workspaceId: event.workspaceId, channelId, providerMessageId },
    origin: causedBy(event, consumer),
  };
}

/**
 * The provider's message id decides what a duplicate is, for ever; within the batch the first one counts. Of the fresh
 * ones, changes of those that are `awaited` came before them. With them comes what their workspaces have chosen of
 * words that end marketing; nothing where they chose none.
 */
async function withoutKnown(
  tx: Tx,
  received: readonly Received[],
): Promise<{ fresh: Received[]; awaited: Received[]; wordsOf: ReadonlyMap<string, readonly WordChoice[]> }> {
  const { rows } = await sql<{
    workspace_id: string;
    channel_id: string;
    provider_message_id: string;
    is_known: boolean | null;
    choices: WordChoice[] | null;
  }>`
    with input as materialized (select * from ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', provider_message_id: 'text' },
      received.map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        channel_id: data.channelId,
        provider_message_id: data.providerMessageId,
      })),
    )})
    select input.*, true as is_known, null::jsonb as choices from input
    cross join lateral (
      select from message where message.workspace_id = input.workspace_id and message.channel_id = input.channel_id
        and message.provider_message_id = input.provider_message_id offset 0
    ) known
    union all
    select input.*, false, null from input
    cross join lateral (
      select from parked_change parked where parked.workspace_id = input.workspace_id
        and parked.channel_id = input.channel_id and parked.target_provider_message_id = input.provider_message_id limit 1
    ) change
    -- Hardly ever is anything parked: then this costs one look. The same goes for words of a workspace's own.
    where exists (select from parked_change)
    union all
    select workspace.workspace_id, null, null, null, chosen.words
    from (select distinct workspace_id from input) workspace
    cross join lateral (
      select jsonb_agg(jsonb_build_object(
        'word', word, 'locale', locale, 'isEveryday', is_everyday, 'isActive', is_active
      )) as words
      from opt_out_word where opt_out_word.workspace_id = workspace.workspace_id
    ) chosen
    where exists (select from opt_out_word) and chosen.words is not null
  `.execute(tx.sql);
  const keyOf = (row: (typeof rows)[number]) => `${row.workspace_id} ${row.channel_id} ${row.provider_message_id}`;
  const seen = new Set(rows.filter((row) => row.is_known === true).map(keyOf));
  const parked = new Set(rows.filter((row) => row.is_known === false).map(keyOf));
  const isNew = (key: string) => !seen.has(key) && seen.add(key);
  const keys = received.map(({ workspaceId, data }) => `${workspaceId} ${data.channelId} ${data.providerMessageId}`);
  const fresh = received.filter((_, index) => isNew(keys[index]!));
  return {
    fresh,
    awaited:
      parked.size === 0 ? [] : received.filter((event, index) => fresh.includes(event) && parked.has(keys[index]!)),
    wordsOf: new Map(rows.flatMap(({ workspace_id, choices }) => (choices ? [[workspace_id, choices]] : []))),
  };
}

/** Those that a message may wake or reopen, by id. No statement where there is none, as for most messages. */
function restingConversations(tx: Tx, threads: readonly ThreadState[]): Promise<Map<string, Standing>> {
  const resting = threads.flatMap(({ workspaceId, openConversationId, wakesOnMessage, resolvedConversationId }) => {
    const id = openConversationId === null ? resolvedConversationId : wakesOnMessage ? openConversationId : null;
    return id === null ? [] : [{ workspaceId, id }];
  });
  return readStandings(tx, resting);
}

function touch(thread: ThreadState, id: string, now: Date): TouchedConversation {
  return {
    workspace_id: thread.workspaceId,
    id,
    last_seq: thread.lastSeq,
    last_customer_seq: null,
    last_message_at: now,
    waiting_since: null,
    answered_at: null,
  };
}

function openConversation(thread: ThreadState, now: Date): NewConversation {
  return {
    ...touch(thread, newId(), now),
    thread_id: thread.id,
    channel_id: thread.channelId,
    contact_id: thread.contactId,
    opened_at: now,
  };
}

function conversationInserts(conversations: readonly NewConversation[]) {
  return sql`
    insert into conversation (workspace_id, id, thread_id, channel_id, contact_id, last_seq, last_message_at, waiting_since, first_response_at, opened_at, last_customer_seq, status)
    select workspace_id, id, thread_id, channel_id, contact_id, last_seq, last_message_at, waiting_since, answered_at, opened_at,
      coalesce(last_customer_seq, 0), 'OPEN' from ${unnest(
        'input',
        {
          workspace_id: 'uuid',
          id: 'uuid',
          thread_id: 'uuid',
          channel_id: 'uuid',
          contact_id: 'uuid',
          last_seq: 'int',
          last_customer_seq: 'int',
          last_message_at: 'timestamptz',
          waiting_since: 'timestamptz',
          answered_at: 'timestamptz',
          opened_at: 'timestamptz',
        },
        conversations,
      )}`;
}

export const MESSAGE_COLUMNS = {
  workspace_id: 'uuid',
  id: 'uuid',
  thread_id: 'uuid',
  conversation_id: 'uuid',
  channel_id: 'uuid',
  seq: 'int',
  type: 'text',
  text: 'text',
  payload: 'jsonb',
  provider_message_id: 'text',
  context_provider_message_id: 'text',
  referral: 'jsonb',
  direction: 'text',
  sent_at: 'timestamptz',
  created_at: 'timestamptz',
} as const;

function messageInserts(messages: readonly Record<keyof typeof MESSAGE_COLUMNS, unknown>[]) {
  return sql`
    insert into message (workspace_id, id, thread_id, conversation_id, channel_id, seq, type, text, payload,
      provider_message_id, context_provider_message_id, referral, direction, sent_at, created_at, is_echo, status)
    select *, direction = 'OUTBOUND', case direction when 'OUTBOUND' then 'SENT' else 'RECEIVED' end from ${unnest('input', MESSAGE_COLUMNS, messages)}`;
}
