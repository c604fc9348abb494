import { allows } from '@fenster/auth';
import { auditRead } from '@fenster/database';
import { asResult, Authorized } from '@fenster/graphql';
import { notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ChannelReference } from '../consent/consent.types.js';
import { abilityOf, type ContactsContext } from '../context.js';
import type { ContactIdentity } from '../identities/contact-identity.entity.js';
import type { IdentityKind } from '../identities/contact-book.js';
import { createContact, updateContact } from './contact.commands.js';
import {
  contactsById,
  currentIdentities,
  identitiesOfContacts,
  idsOfContacts,
  listContacts,
  referredContacts,
  type FoundContact,
} from './contact.queries.js';
import { ContactFilterType } from '../segments/segment-filter.types.js';
import { checkAskedFilter } from '../segments/segment.queries.js';
import type { Address } from './contact.rule.js';
import {
  AddressType,
  ContactIdentityType,
  ContactPage,
  ContactType,
  CreateContactInput,
  CreateContactResult,
  UpdateContactInput,
  UpdateContactResult,
} from './contact.types.js';
import { countryOf, maskPhone } from './phone.js';

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
  async contacts(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('search', () => String, {
      nullable: true,
      description:
        'At most 10 words: of the name, of which the beginning will do from three letters on; or a username, or an e-mail address or the end of a phone number, from four digits on, if you may see these.',
    })
    search?: string | null,
    @Arg('filter', () => ContactFilterType, { nullable: true }) input?: ContactFilterType | null,
  ): ReturnType<typeof listContacts> {
    const filter = input ? await checkAskedFilter(ctx, input) : undefined;
    return listContacts(ctx, { first, after, search, filter });
  }

  @Authorized('contact:update')
  @Mutation(() => CreateContactResult, { description: 'A person whom no channel has seen.' })
  createContact(@Ctx() ctx: ContactsContext, @Arg('input', () => CreateContactInput) input: CreateContactInput) {
    return asResult(createContact(ctx, input));
  }

  @Authorized('contact:update')
  @Mutation(() => UpdateContactResult)
  updateContact(@Ctx() ctx: ContactsContext, @Arg('input', () => UpdateContactInput) input: UpdateContactInput) {
    return asResult(updateContact(ctx, input));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'E.164. Null if there is none, or if you may not see it.',
  })
  async phone(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<string | null> {
    return reachable(ctx, contact, await currentName(ctx, contact, 'PHONE'));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Country calling code and last two digits, such as +49 ••• 78.',
  })
  async maskedPhone(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<string | null> {
    const phone = await currentName(ctx, contact, 'PHONE');
    return phone && maskPhone(phone);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Null if there is none. Needs the same right as `phone`: it reaches the person from anywhere.',
  })
  async threemaId(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<string | null> {
    return reachable(ctx, contact, await currentName(ctx, contact, 'THREEMA_ID'));
  }

  @FieldResolver(() => String, { nullable: true, description: 'Needs the same right as `phone`.' })
  email(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): string | null {
    return reachable(ctx, contact, contact.contactEmail);
  }

  @FieldResolver(() => AddressType, { nullable: true, description: 'Needs the same right as `phone`.' })
  address(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Address | null {
    return reachable(ctx, contact, contact.contactAddress);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Where the number or the WhatsApp user id is at home: ISO 3166-1 alpha-2.',
  })
  async country(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<string | null> {
    const [phone, bsuid] = [await currentName(ctx, contact, 'PHONE'), await currentName(ctx, contact, 'BSUID')];
    return countryOf(phone ?? undefined, bsuid ?? undefined);
  }

  @FieldResolver(() => [ContactIdentityType], {
    description: 'What channels call this person and called them once; what holds now first.',
  })
  async identities(@Root() { contactId }: FoundContact, @Ctx() ctx: ContactsContext): Promise<ContactIdentity[]> {
    return (await ctx.loader(identitiesOfContacts).load(contactId)) ?? [];
  }

  @FieldResolver(() => [ID], {
    description:
      'Under which this person was ever known, `id` among them: a conversation goes on naming the one that it has.',
  })
  async knownIds(@Root() { contactId }: FoundContact, @Ctx() ctx: ContactsContext): Promise<string[]> {
    return (await ctx.loader(idsOfContacts).load(contactId))!;
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

@Resolver(() => ContactIdentityType)
export class ContactIdentityResolver {
  @FieldResolver(() => ChannelReference)
  channel(@Root() { channelId: id }: ContactIdentity): ChannelReference {
    return { id };
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Null if you may not see it: of all but usernames it needs the same right as `Contact.phone`.',
  })
  value(@Root() { kind, value, contactId, workspaceId }: ContactIdentity, @Ctx() ctx: ContactsContext): string | null {
    return kind === 'USERNAME' ? value : reachable(ctx, { contactId, workspaceId }, value);
  }
}

/** What reaches the person from anywhere is for those who may see it, and whoever sees it is in the audit log. */
function reachable<T>(
  ctx: ContactsContext,
  contact: Pick<FoundContact, 'contactId' | 'workspaceId'>,
  value: T | null,
): T | null {
  if (value === null || !allows(abilityOf(ctx), 'read_phone', 'Contact', contact)) return null;
  auditRead(ctx, 'contact.read_phone', contact.contactId);
  return value;
}

async function currentName(
  ctx: ContactsContext,
  { contactId }: FoundContact,
  kind: IdentityKind,
): Promise<string | null> {
  const identities = await ctx.loader(currentIdentities).load(contactId);
  return identities?.find((identity) => identity.kind === kind)?.value ?? null;
}
