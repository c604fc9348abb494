import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { FoundContact } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import { createAttribute, updateAttribute } from './attribute.commands.js';
import type { ContactAttribute } from './attribute.entity.js';
import { listAttributes, valuesOfContacts, type ShownValue } from './attribute.queries.js';
import {
  ContactAttributeType,
  ContactAttributeValue,
  CreateContactAttributeInput,
  CreateContactAttributeResult,
  UpdateContactAttributeInput,
  UpdateContactAttributeResult,
} from './attribute.types.js';

@Resolver()
export class AttributeResolver {
  @Authorized('contact:read')
  @Query(() => [ContactAttributeType], { description: 'All that you want to know of contacts, by key.' })
  contactAttributes(@Ctx() ctx: ContactsContext): Promise<ContactAttribute[]> {
    return listAttributes(ctx);
  }

  @Authorized('contact:manage')
  @Mutation(() => CreateContactAttributeResult)
  createContactAttribute(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => CreateContactAttributeInput) input: CreateContactAttributeInput,
  ) {
    return asResult(createAttribute(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => UpdateContactAttributeResult)
  updateContactAttribute(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => UpdateContactAttributeInput) input: UpdateContactAttributeInput,
  ) {
    return asResult(updateAttribute(ctx, input));
  }
}

@Resolver(() => ContactType)
export class ContactAttributesResolver {
  @FieldResolver(() => [ContactAttributeValue], { description: 'By key.' })
  async attributes(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<ShownValue[]> {
    return (await ctx.loader(valuesOfContacts).load(contact.contactId)) ?? [];
  }
}
