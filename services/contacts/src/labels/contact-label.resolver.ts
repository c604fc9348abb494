import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { FoundContact } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import { createContactLabel, deleteContactLabel, labelContact, updateContactLabel } from './contact-label.commands.js';
import type { ContactLabel } from './contact-label.entity.js';
import { labelsOfContacts, listContactLabels, type ShownLabel } from './contact-label.queries.js';
import {
  ContactLabelType,
  CreateContactLabelInput,
  CreateContactLabelResult,
  DeleteContactLabelResult,
  LabelContactInput,
  LabelContactResult,
  UpdateContactLabelInput,
  UpdateContactLabelResult,
} from './contact-label.types.js';

@Resolver()
export class ContactLabelResolver {
  @Authorized('contact:read')
  @Query(() => [ContactLabelType], { description: 'All of the workspace, by name.' })
  contactLabels(@Ctx() ctx: ContactsContext): Promise<ContactLabel[]> {
    return listContactLabels(ctx);
  }

  @Authorized('contact:manage')
  @Mutation(() => CreateContactLabelResult)
  createContactLabel(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => CreateContactLabelInput) input: CreateContactLabelInput,
  ) {
    return asResult(createContactLabel(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => UpdateContactLabelResult)
  updateContactLabel(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => UpdateContactLabelInput) input: UpdateContactLabelInput,
  ) {
    return asResult(updateContactLabel(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => DeleteContactLabelResult, { description: 'It is taken off all contacts.' })
  deleteContactLabel(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteContactLabel(ctx, id));
  }

  @Authorized('contact:update')
  @Mutation(() => LabelContactResult, { description: 'Sets labels and takes off others, all or none.' })
  labelContact(@Ctx() ctx: ContactsContext, @Arg('input', () => LabelContactInput) input: LabelContactInput) {
    return asResult(labelContact(ctx, input));
  }
}

@Resolver(() => ContactType)
export class ContactLabelsResolver {
  @FieldResolver(() => [ContactLabelType], { description: 'By name.' })
  async labels(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<ShownLabel[]> {
    return (await ctx.loader(labelsOfContacts).load(contact.contactId)) ?? [];
  }
}
