import { auditRead } from '@fenster/database';
import { asResult, Authorized } from '@fenster/graphql';
import { fileUrl, URL_MINUTES } from '@fenster/jobs';
import { stableExpiry } from '@fenster/object-store';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import type { FoundContact } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import { addContactFile, createContactFileUpload, removeContactFile } from './contact-file.commands.js';
import type { ContactFile } from './contact-file.entity.js';
import { listContactFiles } from './contact-file.queries.js';
import {
  AddContactFileInput,
  AddContactFileResult,
  ContactFilePage,
  ContactFileType,
  CreateContactFileUploadInput,
  CreateContactFileUploadResult,
  RemoveContactFileResult,
} from './contact-file.types.js';

@Resolver(() => ContactFileType)
export class ContactFileResolver {
  @Authorized('contact:update')
  @Mutation(() => CreateContactFileUploadResult, {
    description: 'First step to a file of a contact: says where its bytes go. Then give it to the contact.',
  })
  createContactFileUpload(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => CreateContactFileUploadInput) input: CreateContactFileUploadInput,
  ) {
    return asResult(createContactFileUpload(ctx, input));
  }

  @Authorized('contact:update')
  @Mutation(() => AddContactFileResult, { description: 'Needs message:read as well, as reading files does.' })
  addContactFile(@Ctx() ctx: ContactsContext, @Arg('input', () => AddContactFileInput) input: AddContactFileInput) {
    return asResult(addContactFile(ctx, input));
  }

  @Authorized('contact:update')
  @Mutation(() => RemoveContactFileResult, { description: 'For good. Needs message:read as well.' })
  removeContactFile(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(removeContactFile(ctx, id));
  }

  @FieldResolver(() => MemberReference, { nullable: true })
  addedBy(@Root() { addedByKind, addedById }: ContactFile): MemberReference | null {
    return addedByKind === 'member' && addedById != null ? { id: addedById } : null;
  }

  @FieldResolver(() => String, {
    description: 'Where it can be downloaded by whoever has the URL, for some minutes; ask again then.',
  })
  downloadUrl(@Root() { workspaceId, id, contactId }: ContactFile, @Ctx() ctx: ContactsContext): string {
    auditRead(ctx, 'contact.file_read', contactId);
    return fileUrl(ctx.app, 'file download', { workspaceId, id }, stableExpiry(ctx.now(), URL_MINUTES / 2));
  }
}

@Resolver(() => ContactType)
export class ContactFilesResolver {
  @FieldResolver(() => ContactFilePage, {
    nullable: true,
    description: 'The newest first. Null if you may not see what people write (message:read).',
  })
  files(
    @Root() contact: FoundContact,
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 20, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): ReturnType<typeof listContactFiles> {
    return listContactFiles(ctx, contact.contactId, { first, after });
  }
}
