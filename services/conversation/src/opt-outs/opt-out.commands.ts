import { DEFAULT_OPT_OUT_WORDS, MAX_WORD_LENGTH, normaliseWords, optOutDecided } from '@fenster/contracts';
import { sql, transact } from '@fenster/database';
import { checkText, DomainError, invalidInput, isId, notFound } from '@fenster/runtime';
import { changeConversation } from '../conversations/change-conversation.js';
import type { ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { Message } from '../messages/message.entity.js';
import { StoredOptOutQuestion, type OptOutDecision } from './opt-out-question.entity.js';
import { OptOutText } from './opt-out-text.entity.js';
import { OptOutWord } from './opt-out-word.entity.js';
import type { OptOutWordType, SetOptOutTextInput, SetOptOutWordInput } from './opt-out.types.js';
import { stopMarketing } from './stop-marketing.js';
import { tellWords } from './tell-words.js';

const MAX_WORDS = 100;
/** Said at once and read at a glance. */
const MAX_TEXT = 1_000;
const LOCALE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/;

/**
 * Somebody has read what the customer wrote, and says what they want. An opt-out takes effect at once, as if they had
 * written STOP. The same decision again changes nothing.
 * @throws DomainError NOT_FOUND, OPT_OUT_DECIDED
 */
export async function decideOptOut(
  ctx: ConversationContext,
  { messageId, decision }: { messageId: string; decision: OptOutDecision },
): Promise<Conversation> {
  const seen = isId(messageId) ? await ctx.em.findOne(StoredOptOutQuestion, { messageId }) : null;
  if (!seen) throw notFound('Conversation');
  return changeConversation(ctx, seen.conversationId, async (tx, conversation, thread) => {
    const question = await tx.em.findOneOrFail(StoredOptOutQuestion, { messageId }, { refresh: true });
    if (question.decision === decision) return conversation;
    if (question.decision) throw new DomainError('OPT_OUT_DECIDED', 'Somebody has decided otherwise meanwhile.');
    const { kind, id } = ctx.requireActor();
    Object.assign(question, { decision, decidedByKind: kind, decidedById: id, decidedAt: tx.now() });
    const { workspaceId, id: conversationId, threadId } = conversation;
    if (decision === 'OPT_OUT') {
      const { sentAt, providerMessageId } = await tx.em.findOneOrFail(Message, { id: messageId });
      const { channelId, contactId, phone, bsuid, threemaId } = thread;
      await stopMarketing(tx, [
        {
          workspaceId,
          threadId,
          conversationId,
          channelId,
          contactId,
          identity: { ...(phone && { phone }), ...(bsuid && { bsuid }), ...(threemaId && { threemaId }) },
          kind: 'WITHDRAWN',
          source: 'AGENT',
          messageId,
          providerMessageId: providerMessageId ?? undefined,
          at: sentAt,
          origin: tx.origin,
        },
      ]);
      await tx.em.refresh(thread);
      const after = { consent: 'WITHDRAWN', consentSource: 'AGENT' };
      tx.audit({ action: 'contact.consent_record', object: { type: 'contact', id: contactId }, after });
    }
    tx.emit(optOutDecided, { entityId: messageId, data: { messageId, conversationId, threadId, decision } });
    return conversation;
  });
}

/** All that count, and those that are switched off; by word. */
export async function listOptOutWords(ctx: ConversationContext): Promise<OptOutWordType[]> {
  const { workspaceId } = ctx.requireActor();
  const chosen = await ctx.em.find(OptOutWord, { workspaceId });
  const words = new Map<string, OptOutWordType>(
    DEFAULT_OPT_OUT_WORDS.map((each) => [each.word, { ...each, isBuiltIn: true, isActive: true }]),
  );
  for (const { word, locale = null, isEveryday, isActive } of chosen) {
    words.set(word, { word, locale, isEveryday, isActive, isBuiltIn: words.has(word) });
  }
  return [...words.values()].toSorted((one, other) => (one.word < other.word ? -1 : 1));
}

/** The workspace's own, by locale. */
export function listOptOutTexts(ctx: ConversationContext): Promise<OptOutText[]> {
  const { workspaceId } = ctx.requireActor();
  return ctx.em.find(OptOutText, { workspaceId }, { orderBy: { locale: 'asc' } });
}

/** An empty text takes it away. @throws DomainError INVALID_INPUT */
export async function setOptOutText(ctx: ConversationContext, input: SetOptOutTextInput): Promise<OptOutText> {
  const { workspaceId } = ctx.requireActor();
  const { locale } = input;
  if (!LOCALE.test(locale)) throw invalidInput('locale', 'must be a language tag such as de.');
  const text = checkText(input.text, 'text', { min: 0, max: MAX_TEXT });
  return transact(ctx, async (tx) => {
    const known = await tx.em.find(OptOutText, { workspaceId });
    if (known.length >= MAX_WORDS && !known.some((each) => each.locale === locale)) {
      throw invalidInput('locale', `must be one of at most ${MAX_WORDS}: take another one away first.`);
    }
    if (text === '') await tx.em.nativeDelete(OptOutText, { workspaceId, locale });
    else await tx.em.upsert(OptOutText, { workspaceId, locale, text });
    tx.audit({
      action: 'opt_out_text.update',
      object: { type: 'opt_out_text', id: workspaceId },
      after: { locale, isOwn: text !== '' },
    });
    return { workspaceId, locale, text } as OptOutText;
  });
}

/** @throws DomainError INVALID_INPUT */
export async function setOptOutWord(ctx: ConversationContext, input: SetOptOutWordInput): Promise<OptOutWordType> {
  const word = normaliseWords(input.word);
  if (word.length === 0 || word.length > MAX_WORD_LENGTH) {
    throw invalidInput('word', `must have 1 to ${MAX_WORD_LENGTH} letters, digits and spaces.`);
  }
  const locale = input.locale ?? null;
  if (locale !== null && !LOCALE.test(locale)) throw invalidInput('locale', 'must be a language tag such as de.');
  const { isActive } = input;
  const isEveryday = input.isEveryday ?? false;
  const builtIn = DEFAULT_OPT_OUT_WORDS.find((each) => each.word === word);
  return transact(ctx, async (tx) => {
    const { workspaceId } = ctx.requireActor();
    const before = await tx.em.findOne(OptOutWord, { workspaceId, word });
    if (!before && (await tx.em.count(OptOutWord, { workspaceId })) >= MAX_WORDS) {
      throw invalidInput('word', `must be one of at most ${MAX_WORDS}: take another one away first.`);
    }
    if (!isActive && !builtIn) {
      await tx.em.nativeDelete(OptOutWord, { workspaceId, word });
    } else {
      await sql`
        insert into opt_out_word (workspace_id, word, locale, is_everyday, is_active)
        values (${workspaceId}, ${word}, ${locale}, ${isEveryday}, ${isActive})
        on conflict (workspace_id, word) do update
          set locale = excluded.locale, is_everyday = excluded.is_everyday, is_active = excluded.is_active
      `.execute(tx.sql);
    }
    await tellWords(tx, workspaceId);
    tx.audit({
      action: 'opt_out_word.update',
      object: { type: 'opt_out_word', id: workspaceId },
      before: { word, locale: before?.locale ?? builtIn?.locale ?? null, isActive: before?.isActive ?? !!builtIn },
      after: { word, locale, isActive },
    });
    return { word, locale, isEveryday, isActive, isBuiltIn: builtIn !== undefined };
  });
}
