import { once, sql, transact } from '@fenster/database';
import { announceCheckedFile, fileUrl, findFile, keepCheckedFile, URL_MINUTES, type CheckedFile } from '@fenster/jobs';
import { baseType, checkFileName, KNOWN_TYPES } from '@fenster/object-store';
import { checkText, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { changeContact } from '../contacts/change-contact.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { refuseHeld } from '../legal-holds/legal-hold.commands.js';
import { ContactFile } from './contact-file.entity.js';
import {
  MAX_FILE_BYTES,
  MAX_FILES,
  type AddContactFileInput,
  type ContactFileUpload,
  type CreateContactFileUploadInput,
} from './contact-file.types.js';
import { removeContactFiles } from './remove-contact-files.js';

/** Announces a file; its bytes come by its URL. @throws DomainError INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_CONFLICT */
export async function createContactFileUpload(
  ctx: ContactsContext,
  input: CreateContactFileUploadInput,
): Promise<ContactFileUpload> {
  const announced = checkAnnounced(input);
  const { workspaceId } = ctx.requireActor();
  const file = await transact(ctx, async (tx) => {
    const request = { key: input.idempotencyKey, operation: 'createContactFileUpload', input: announced };
    const expiresAt = new Date(tx.now().getTime() + URL_MINUTES * 60_000);
    const id = await once(tx, request, newId(), (id) =>
      announceCheckedFile(tx, { workspaceId, id, expiresAt, ...announced }),
    );
    return findFile(tx, workspaceId, id);
  });
  // The same key, after nothing came for so long that it is gone, or after the file was removed.
  if (!file || file.expiresAt <= ctx.now()) throw notFound('Upload', 'idempotencyKey');
  const { id } = file;
  // What is here already ends later, and what a contact has never: the URL takes nothing any more.
  const isComplete = file.state === 'READY';
  const expiresAt = isComplete ? new Date(ctx.now().getTime() + URL_MINUTES * 60_000) : file.expiresAt;
  return { id, isComplete, expiresAt, uploadUrl: fileUrl(ctx.app, 'file upload', file, expiresAt) };
}

function checkAnnounced({ fileName, mimeType, sizeBytes }: CreateContactFileUploadInput): CheckedFile {
  const name = checkFileName(fileName, 'fileName');
  if (name === null) throw invalidInput('fileName', 'must not be empty.');
  const type = baseType(mimeType);
  if (!KNOWN_TYPES.includes(type)) throw invalidInput('mimeType', `must be one of: ${KNOWN_TYPES.join(', ')}.`);
  if (sizeBytes < 1 || sizeBytes > MAX_FILE_BYTES) {
    throw invalidInput('sizeBytes', `must be 1 to ${MAX_FILE_BYTES}.`);
  }
  return { name, mimeType: type, sizeBytes };
}

/** The same upload given to the same contact again is one file. @throws DomainError INVALID_INPUT, NOT_FOUND */
export async function addContactFile(ctx: ContactsContext, input: AddContactFileInput): Promise<ContactFile> {
  const { uploadId: id, retentionClass } = input;
  const purpose = checkText(input.purpose, 'purpose', { max: 500 });
  if (!abilityOf(ctx).can('read', 'ContactFile')) throw notFound('Contact');
  await changeContact(ctx, input.contactId, async (tx, { id: contactId, workspaceId }) => {
    // Whoever may keep it locks its row: the same upload is given away once.
    const kept = isId(id) ? await keepCheckedFile(tx, workspaceId, id) : undefined;
    if (!kept) throw notFound('Upload', 'uploadId');
    const known = await tx.em.findOne(ContactFile, { id });
    if (known) {
      const isSame =
        known.contactId === contactId && known.purpose === purpose && known.retentionClass === retentionClass;
      if (!isSame) throw invalidInput('uploadId', 'is a file of a contact already.');
      return [];
    }
    if ((await tx.em.count(ContactFile, { contactId })) >= MAX_FILES) {
      throw invalidInput('contactId', `must be of a contact with fewer than ${MAX_FILES} files.`);
    }
    const { kind: addedByKind, id: addedById } = tx.origin.actor;
    tx.em.create(ContactFile, {
      id,
      workspaceId,
      contactId,
      ...kept,
      purpose,
      retentionClass,
      addedByKind,
      addedById: addedById ?? null,
      addedAt: tx.now(),
    });
    return ['files'];
  });
  return ctx.em.findOneOrFail(ContactFile, { id });
}

/** For good: nothing opens it any more when this has returned. @throws DomainError NOT_FOUND, LEGAL_HOLD */
export async function removeContactFile(ctx: ContactsContext, id: string): Promise<{ id: string }> {
  const mayRead = abilityOf(ctx).can('read', 'ContactFile');
  const seen = mayRead && isId(id) ? await ctx.em.findOne(ContactFile, { id }) : null;
  if (!seen) throw notFound('File');
  await changeContact(ctx, seen.contactId, async (tx, { id: contactId, workspaceId }) => {
    await refuseHeld(ctx, tx, [contactId]);
    const removed = await removeContactFiles(tx, workspaceId, sql`t.id = ${id}`);
    if (removed.length === 0) throw notFound('File');
    return ['files'];
  });
  return { id };
}
