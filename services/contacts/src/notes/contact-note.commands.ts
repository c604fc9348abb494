import { once, type Tx } from '@fenster/database';
import { checkText, DomainError, isId, newId, notFound } from '@fenster/runtime';
import { changeContact } from '../contacts/change-contact.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { refuseHeld } from '../legal-holds/legal-hold.commands.js';
import { ContactNote } from './contact-note.entity.js';
import { MAX_NOTE_LENGTH, type AddContactNoteInput, type EditContactNoteInput } from './contact-note.types.js';

const checkNote = (text: string) => checkText(text, 'text', { max: MAX_NOTE_LENGTH });

/** @throws DomainError INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_CONFLICT */
export async function addContactNote(ctx: ContactsContext, input: AddContactNoteInput): Promise<ContactNote> {
  const text = checkNote(input.text);
  if (!abilityOf(ctx).can('read', 'ContactNote')) throw notFound('Contact');
  let id!: string;
  await changeContact(ctx, input.contactId, async (tx, { id: contactId, workspaceId }) => {
    let fields: string[] = [];
    const request = { key: input.idempotencyKey, operation: 'addContactNote', input: { contactId, text } };
    id = await once(tx, request, newId(), async (id) => {
      const { actor } = tx.origin;
      const author = actor.kind === 'api_key' ? { apiKeyId: actor.id } : { authorId: actor.id };
      tx.em.create(ContactNote, { id, workspaceId, contactId, ...author, text, createdAt: tx.now() });
      fields = ['notes'];
    });
    return fields;
  });
  const note = await ctx.em.findOne(ContactNote, { id });
  // Deleted since the first call.
  if (!note) throw notFound('Note');
  return note;
}

/** What somebody wrote nobody else words anew. @throws DomainError INVALID_INPUT, NOT_FOUND, NOT_THE_AUTHOR, LEGAL_HOLD */
export async function editContactNote(ctx: ContactsContext, input: EditContactNoteInput): Promise<ContactNote> {
  const text = checkNote(input.text);
  return changeNote(ctx, input.id, async (tx, note) => {
    if (!isAuthor(ctx, note)) throw new DomainError('NOT_THE_AUTHOR', 'Only its author edits a note.');
    if (note.text === text) return;
    // Of what stood there nothing would be left.
    await refuseHeld(ctx, tx, [note.contactId]);
    Object.assign(note, { text, editedAt: tx.now() });
  });
}

/** @throws DomainError NOT_FOUND, NOT_THE_AUTHOR, LEGAL_HOLD */
export async function deleteContactNote(ctx: ContactsContext, id: string): Promise<{ id: string }> {
  await changeNote(ctx, id, async (tx, note) => {
    if (!isAuthor(ctx, note) && !ctx.requireActor().permissions.includes('contact:manage')) {
      throw new DomainError('NOT_THE_AUTHOR', 'Only its author deletes a note, or who manages contacts.');
    }
    await refuseHeld(ctx, tx, [note.contactId]);
    await tx.em.nativeDelete(ContactNote, { id: note.id });
  });
  return { id };
}

async function changeNote(
  ctx: ContactsContext,
  id: string,
  work: (tx: Tx, note: ContactNote) => Promise<void>,
): Promise<ContactNote> {
  const mayRead = abilityOf(ctx).can('read', 'ContactNote');
  const seen = mayRead && isId(id) ? await ctx.em.findOne(ContactNote, { id }) : null;
  if (!seen) throw notFound('Note');
  let changed!: ContactNote;
  await changeContact(ctx, seen.contactId, async (tx) => {
    const note = await tx.em.findOne(ContactNote, { id });
    if (!note) throw notFound('Note');
    await work(tx, note);
    changed = note;
    return ['notes'];
  });
  return changed;
}

function isAuthor(ctx: ContactsContext, { authorId, apiKeyId }: ContactNote): boolean {
  const { kind, id } = ctx.requireActor();
  return (kind === 'api_key' ? apiKeyId : authorId) === id;
}
