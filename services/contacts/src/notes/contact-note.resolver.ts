import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import type { FoundContact } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import { addContactNote, deleteContactNote, editContactNote } from './contact-note.commands.js';
import type { ContactNote } from './contact-note.entity.js';
import { listContactNotes } from './contact-note.queries.js';
import {
  AddContactNoteInput,
  AddContactNoteResult,
  ContactNotePage,
  ContactNoteType,
  DeleteContactNoteResult,
  EditContactNoteInput,
  EditContactNoteResult,
} from './contact-note.types.js';

@Resolver(() => ContactNoteType)
export class ContactNoteResolver {
  @Authorized('contact:update')
  @Mutation(() => AddContactNoteResult, { description: 'Needs message:read as well, as reading notes does.' })
  addContactNote(@Ctx() ctx: ContactsContext, @Arg('input', () => AddContactNoteInput) input: AddContactNoteInput) {
    return asResult(addContactNote(ctx, input));
  }

  @Authorized('contact:update')
  @Mutation(() => EditContactNoteResult, { description: 'Only its author may.' })
  editContactNote(@Ctx() ctx: ContactsContext, @Arg('input', () => EditContactNoteInput) input: EditContactNoteInput) {
    return asResult(editContactNote(ctx, input));
  }

  @Authorized('contact:update')
  @Mutation(() => DeleteContactNoteResult, { description: 'Its author may, and who manages contacts.' })
  deleteContactNote(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteContactNote(ctx, id));
  }

  @FieldResolver(() => MemberReference, { nullable: true })
  author(@Root() { authorId }: ContactNote): MemberReference | null {
    return authorId == null ? null : { id: authorId };
  }
}

@Resolver(() => ContactType)
export class ContactNotesResolver {
  @FieldResolver(() => ContactNotePage, {
    nullable: true,
    description: 'The newest first. Null if you may not see what people write (message:read).',
  })
  notes(
    @Root() contact: FoundContact,
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 20, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): ReturnType<typeof listContactNotes> {
    return listContactNotes(ctx, contact.contactId, { first, after });
  }
}
