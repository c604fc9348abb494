import type { Actor } from '@fenster/auth';
import { draftChanged } from '@fenster/contracts';
import type { Tx } from '@fenster/database';
import { DomainError, invalidInput } from '@fenster/runtime';
import { LockMode } from '@mikro-orm/core';
import { keepClaim } from '../claims/claim.commands.js';
import type { ConversationContext } from '../context.js';
import { changeConversation } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { setTimers } from '../timers/timer.js';
import { Draft } from './draft.entity.js';
import { announceAt, isSentWith, judgeEdit, type SentMessage } from './draft.rule.js';

export const DRAFT_ANNOUNCEMENT = { kind: 'draft-announcement' };
export const MAX_DRAFT_LENGTH = 4096;

type Who = Pick<Actor, 'kind' | 'id'>;

/**
 * Puts these words in place of what was there, if that is still what the writer has seen.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, DRAFT_CONFLICT
 */
export async function saveDraft(
  ctx: ConversationContext,
  { conversationId, text, expectedVersion }: { conversationId: string; text: string; expectedVersion: number },
): Promise<Draft> {
  if (text.trim().length === 0 || [...text].length > MAX_DRAFT_LENGTH) {
    throw invalidInput('text', `must have 1 to ${MAX_DRAFT_LENGTH} characters, not only white space.`);
  }
  // PostgreSQL stores neither.
  if (!text.isWellFormed() || text.includes('\0')) throw invalidInput('text', 'must be well-formed text.');
  return editDraft(ctx, conversationId, { text, expectedVersion });
}

/** @throws DomainError NOT_FOUND, DRAFT_CONFLICT */
export async function deleteDraft(
  ctx: ConversationContext,
  { conversationId, expectedVersion }: { conversationId: string; expectedVersion: number },
): Promise<Draft> {
  return editDraft(ctx, conversationId, { text: null, expectedVersion });
}

/** A message leaves: if it was the draft, there is none any more. The thread must be locked. */
export async function clearSentDraft(
  tx: Tx,
  conversation: Conversation,
  message: SentMessage & { by: Who },
): Promise<void> {
  const draft = await lockDraft(tx, conversation.id);
  if (draft && isSentWith(draft, message)) await edit(tx, conversation, draft, { text: null, by: message.by });
}

async function editDraft(
  ctx: ConversationContext,
  conversationId: string,
  { text, expectedVersion }: { text: string | null; expectedVersion: number },
): Promise<Draft> {
  const by = ctx.requireActor();
  return changeConversation(ctx, conversationId, async (tx, conversation) => {
    const draft = await lockDraft(tx, conversation.id);
    const judgement = judgeEdit(draft, { expectedVersion, text, by });
    if (judgement === 'conflict') {
      throw new DomainError(
        'DRAFT_CONFLICT',
        'Somebody edited the draft meanwhile. Merge with theirs, then save again.',
        {
          field: 'expectedVersion',
          details: { draft },
        },
      );
    }
    await keepClaim(tx, conversation.id, by);
    if (judgement === 'repeated') return draft!;
    return edit(tx, conversation, draft ?? newDraft(tx, conversation, by), { text, by });
  });
}

function newDraft(tx: Tx, { id: conversationId, workspaceId }: Conversation, by: Who): Draft {
  const never = { version: 0, announcedVersion: 0, announcedAt: new Date(0) };
  const edited = { editedByKind: by.kind, editedById: by.id, editedAt: tx.now() };
  return tx.em.create(Draft, { conversationId, workspaceId, ...never, ...edited });
}

/** Of many edits within seconds the first is told at once, and the last a little later. */
async function edit(
  tx: Tx,
  conversation: Conversation,
  draft: Draft,
  { text, by }: { text: string | null; by: Who },
): Promise<Draft> {
  const now = tx.now();
  const isAwaited = draft.announcedVersion < draft.version;
  draft.version += 1;
  Object.assign(draft, { text, editedByKind: by.kind, editedById: by.id, editedAt: now });
  const dueAt = announceAt(draft, now);
  if (dueAt === undefined) {
    Object.assign(draft, { announcedVersion: draft.version, announcedAt: now });
    tx.emit(draftChanged, {
      entityId: conversation.id,
      data: {
        conversationId: conversation.id,
        threadId: conversation.threadId,
        version: draft.version,
        isEmpty: text === null,
      },
    });
  } else if (!isAwaited) {
    const { workspaceId, id: subjectId } = conversation;
    await setTimers(tx, DRAFT_ANNOUNCEMENT, [{ workspaceId, subjectId, dueAt }]);
  }
  return draft;
}

function lockDraft(tx: Tx, conversationId: string): Promise<Draft | null> {
  return tx.em.findOne(Draft, { conversationId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}
