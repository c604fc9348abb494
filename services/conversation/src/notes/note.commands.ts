import { allows } from '@fenster/auth';
import { memberMentioned, noteAdded, noteDeleted, noteEdited } from '@fenster/contracts';
import { once, type Tx } from '@fenster/database';
import { DomainError, isId, newId, notFound } from '@fenster/runtime';
import { recordActivity } from '../activities/record-activity.js';
import { abilityOf, type ConversationContext } from '../context.js';
import { changeConversation } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { addParticipants } from '../participants/add-participants.js';
import { whoMaySee } from '../directory/who-may-see.js';
import { forgetWords, indexWords } from '../search/index-words.js';
import { Mention } from './mention.entity.js';
import { Note } from './note.entity.js';
import { checkMayDelete, checkMayEdit, checkMentions, checkNoteText } from './note.rule.js';
import type { AddNoteInput, EditNoteInput } from './note.types.js';

/** @throws DomainError INVALID_INPUT, NOT_FOUND, CANNOT_BE_MENTIONED, IDEMPOTENCY_CONFLICT */
export async function addNote(ctx: ConversationContext, input: AddNoteInput): Promise<Note> {
  const { conversationId, idempotencyKey: key } = input;
  const text = checkNoteText(input.text);
  const mentionedMemberIds = checkMentions(input.mentionedMemberIds);
  return changeConversation(ctx, conversationId, async (tx, conversation, thread) => {
    const hashed = { conversationId, text, mentionedMemberIds };
    const id = await once(tx, { key, operation: 'addNote', input: hashed }, newId(), async (id) =>
      writeNote(tx, conversation, { id, text, mentionedMemberIds, afterSeq: thread.lastSeq }),
    );
    const note = await tx.em.findOne(Note, { id });
    // Deleted since the first call.
    if (!note) throw notFound('Note');
    return note;
  });
}

/** Of checked input, in a transaction that holds the lock of the thread. @throws DomainError CANNOT_BE_MENTIONED */
export async function writeNote(
  tx: Tx,
  conversation: Conversation,
  { id, text, mentionedMemberIds, afterSeq }: Pick<Note, 'id' | 'text' | 'mentionedMemberIds' | 'afterSeq'>,
): Promise<void> {
  await checkMentionable(tx, conversation, mentionedMemberIds);
  const { actor } = tx.origin;
  const note = tx.em.create(Note, {
    id,
    workspaceId: conversation.workspaceId,
    conversationId: conversation.id,
    ...(actor.kind === 'api_key' ? { apiKeyId: actor.id } : { authorId: actor.id }),
    text,
    mentionedMemberIds,
    afterSeq,
    createdAt: tx.now(),
  });
  tx.audit({ action: 'note.create', object: { type: 'note', id } });
  tx.emit(noteAdded, { entityId: id, data: { noteId: id, conversationId: conversation.id } });
  await tx.em.flush();
  await indexWords(tx, [toSearchText(note, conversation)]);
  await mention(tx, conversation, note, mentionedMemberIds);
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND, NOT_THE_AUTHOR, CANNOT_BE_MENTIONED */
export async function editNote(ctx: ConversationContext, input: EditNoteInput): Promise<Note> {
  const text = checkNoteText(input.text);
  const mentioned = input.mentionedMemberIds && checkMentions(input.mentionedMemberIds);
  return changeNote(ctx, input.id, async (tx, note, conversation) => {
    checkMayEdit(note, ctx.requireActor());
    const before = new Set(note.mentionedMemberIds);
    const after = mentioned ?? note.mentionedMemberIds;
    if (text === note.text && before.size === after.length && after.every((id) => before.has(id))) return note;
    await tx.em.nativeDelete(Mention, { noteId: note.id, memberId: { $nin: after } });
    const added = after.filter((id) => !before.has(id));
    await checkMentionable(tx, conversation, added);
    await mention(tx, conversation, note, added);
    Object.assign(note, { text, mentionedMemberIds: after, editedAt: tx.now() });
    await indexWords(tx, [toSearchText(note, conversation)]);
    tx.audit({ action: 'note.update', object: { type: 'note', id: note.id } });
    tx.emit(noteEdited, { entityId: note.id, data: { noteId: note.id, conversationId: note.conversationId } });
    return note;
  });
}

/** Who deleted what was there stays visible; the words do not. @throws DomainError NOT_FOUND, NOT_THE_AUTHOR */
export async function deleteNote(
  ctx: ConversationContext,
  id: string,
): Promise<{ id: string; conversation: Conversation }> {
  return changeNote(ctx, id, async (tx, note, conversation) => {
    checkMayDelete(note, ctx.requireActor());
    // Its mentions go with it.
    await tx.em.nativeDelete(Note, { id: note.id });
    await forgetWords(tx, 'NOTE', [note]);
    recordActivity(tx, conversation, { kind: 'NOTE', before: note.id, after: null });
    tx.audit({ action: 'note.delete', object: { type: 'note', id: note.id } });
    tx.emit(noteDeleted, { entityId: note.id, data: { noteId: note.id, conversationId: conversation.id } });
    return { id: note.id, conversation };
  });
}

function toSearchText({ id, text, createdAt }: Note, { workspaceId, id: conversationId, channelId }: Conversation) {
  return { workspaceId, kind: 'NOTE' as const, id, conversationId, channelId, occurredAt: createdAt, text };
}

async function changeNote<T>(
  ctx: ConversationContext,
  id: string,
  work: (tx: Tx, note: Note, conversation: Conversation) => Promise<T>,
): Promise<T> {
  const seen = isId(id) ? await ctx.em.findOne(Note, { id }) : null;
  const its = seen && (await ctx.loader(conversationsById).load(seen.conversationId));
  // In the same words as for a note that does not exist.
  if (!its || !allows(abilityOf(ctx), 'update', 'Conversation', its)) throw notFound('Note');
  return changeConversation(ctx, its.id, async (tx, conversation) => {
    const note = await tx.em.findOne(Note, { id });
    if (!note) throw notFound('Note');
    return work(tx, note, conversation);
  });
}

/** A mention widens nobody's rights: whoever may not see the conversation would be told of what they cannot read. */
async function checkMentionable(tx: Tx, conversation: Conversation, memberIds: readonly string[]): Promise<void> {
  const seeing = await whoMaySee(tx, conversation, memberIds);
  const blind = memberIds.filter((id) => !seeing.has(id));
  if (blind.length === 0) return;
  throw new DomainError('CANNOT_BE_MENTIONED', 'Somebody whom you mention may not see this conversation.', {
    field: 'mentionedMemberIds',
    details: { memberIds: blind },
  });
}

async function mention(tx: Tx, conversation: Conversation, note: Note, memberIds: readonly string[]): Promise<void> {
  const { id: noteId, conversationId, workspaceId } = note;
  const rows = memberIds.map((memberId) => ({
    noteId,
    memberId,
    workspaceId,
    conversationId,
    createdAt: tx.now(),
    readAt: null,
  }));
  if (rows.length > 0) await tx.em.insertMany(Mention, rows);
  await addParticipants(
    tx,
    memberIds.map((memberId) => ({ conversation, memberId })),
    'MENTIONED',
  );
  for (const memberId of memberIds) {
    tx.emit(memberMentioned, { entityId: memberId, data: { noteId, conversationId, memberId } });
  }
}
