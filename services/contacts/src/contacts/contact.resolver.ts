import { allows } from '@fenster/auth';
import { auditRead } from '@fenster/database';
import { Authorized } from '@fenster/graphql';
import { notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { abilityOf, type ContactsContext } from '../context.js';
import type { IdentityKind } from '../identities/contact-book.js';
import {
  contactsById,
  currentIdentities,
  listContacts,
  referredContacts,
  type FoundContact,
} from './contact.queries.js';
import { ContactPage, ContactType } from './contact.types.js';
import { maskPhone } from './phone.js';

@Resolver(() => ContactType)
export class ContactResolver {
  @Authorized('contact:read')
  @Query(() => ContactType, { description: 'By the id of a contact, or by another id that it has been known under.' })
  async contact(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string): Promise<FoundContact> {
    const contact = await ctx.loader(contactsById).load(id);
    if (!contact) throw notFound('Contact');
    auditRead(ctx, 'contact.read', contact.contactId);
    return { ...contact, id: contact.contactId };
  }

  @Authorized('contact:read')
  @Query(() => ContactPage, { description: 'Contacts that you may see, the newest first.' })
  contacts(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): ReturnType<typeof listContacts> {
    return listContacts(ctx, { first, after });
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'E.164. Null if there is none, or if you may not see it.',
  })
  async phone(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<string | null> {
    if (!allows(abilityOf(ctx), 'read_phone', 'Contact', contact)) return null;
    const phone = await currentName(ctx, contact, 'PHONE');
    if (phone !== null) auditRead(ctx, 'contact.read_phone', contact.contactId);
    return phone;
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Country calling code and last two digits, such as +49 ••• 78.',
  })
  async maskedPhone(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<string | null> {
    const phone = await currentName(ctx, contact, 'PHONE');
    return phone && maskPhone(phone);
  }

  @FieldResolver(() => String, { nullable: true })
  username(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<string | null> {
    return currentName(ctx, contact, 'USERNAME');
  }
}

/**
 * How other subgraphs' references to a contact are answered. Whoever may not read contacts gets null, as for a
 * contact that does not exist: a list of conversations with costs must not drown finance in errors.
 */
export async function resolveContact(
  reference: { id: string },
  ctx: ContactsContext,
): Promise<FoundContact | undefined> {
  return ctx.loader(referredContacts).load(reference.id);
}

async function currentName(
  ctx: ContactsContext,
  { contactId }: FoundContact,
  kind: IdentityKind,
): Promise<string | null> {
  const identities = await ctx.loader(currentIdentities).load(contactId);
  return identities?.find((identity) => identity.kind === kind)?.value ?? null;
}
