import { asResult, Authorized } from '@fenster/graphql';
import { isId, notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { FoundContact } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import type { ConsentEvent, ConsentText } from './consent.entity.js';
import {
  consentsOfContacts,
  evidenceOfEvents,
  listConsentEvents,
  listTexts,
  purposesByKey,
  textsByHash,
  type ShownConsent,
} from './consent.queries.js';
import {
  ChannelReference,
  ConsentEventPage,
  ConsentEventType,
  ConsentEvidence,
  ConsentPurposeType,
  ConsentRecorded,
  ConsentTextType,
  ConsentType,
  CreateConsentPurposeInput,
  CreateConsentPurposeResult,
  MemberReference,
  PublishConsentTextInput,
  PublishConsentTextResult,
  RecordConsentInput,
  RecordConsentResult,
  UpdateConsentPurposeInput,
  UpdateConsentPurposeResult,
} from './consent.types.js';
import { createPurpose, publishText, updatePurpose } from './purpose.commands.js';
import { listPurposes, type Purpose } from './purpose.queries.js';
import { recordConsent } from './record-consent.commands.js';

@Resolver(() => ConsentPurposeType)
export class ConsentPurposeResolver {
  @Authorized('contact:read')
  @Query(() => [ConsentPurposeType], { description: 'Those that every workspace has first, then its own by key.' })
  consentPurposes(@Ctx() ctx: ContactsContext): Promise<Purpose[]> {
    return listPurposes(ctx.em);
  }

  @Authorized('contact:read')
  @Query(() => [ConsentTextType], { description: 'Published texts of a purpose, the newest first; at most 200.' })
  consentTexts(
    @Ctx() ctx: ContactsContext,
    @Arg('purpose', () => String) purpose: string,
    @Arg('locale', () => String, { nullable: true }) locale?: string | null,
  ): Promise<ConsentText[]> {
    return listTexts(ctx, purpose, locale);
  }

  @Authorized('contact:read')
  @Query(() => ConsentTextType)
  async consentText(@Ctx() ctx: ContactsContext, @Arg('hash', () => String) hash: string): Promise<ConsentText> {
    const text = await ctx.loader(textsByHash).load(hash);
    if (!text) throw notFound('Text');
    return text;
  }

  @Authorized('consent:manage')
  @Mutation(() => CreateConsentPurposeResult)
  createConsentPurpose(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => CreateConsentPurposeInput) input: CreateConsentPurposeInput,
  ) {
    return asResult(createPurpose(ctx, input));
  }

  @Authorized('consent:manage')
  @Mutation(() => UpdateConsentPurposeResult)
  updateConsentPurpose(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => UpdateConsentPurposeInput) input: UpdateConsentPurposeInput,
  ) {
    return asResult(updatePurpose(ctx, input));
  }

  @Authorized('consent:manage')
  @Mutation(() => PublishConsentTextResult, {
    description:
      'Publishes what people read before they agree, as the next version of its purpose and locale. It never changes: publish another one. The same words again answer with the same text.',
  })
  publishConsentText(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => PublishConsentTextInput) input: PublishConsentTextInput,
  ) {
    return asResult(publishText(ctx, input));
  }

  @Authorized('consent:record')
  @Mutation(() => RecordConsentResult, {
    description:
      'Notes what a person said of a consent, with what proves it: an agent who heard it, or a form, server to server with an API key. To confirm, it takes a signed paper or a recording: without one, ask in the chat (requestConsent). Nothing recorded can be changed; what is said later counts.',
  })
  recordConsent(@Ctx() ctx: ContactsContext, @Arg('input', () => RecordConsentInput) input: RecordConsentInput) {
    return asResult(recordConsent(ctx, input));
  }
}

@Resolver(() => ConsentRecorded)
export class ConsentRecordedResolver {
  @FieldResolver(() => [ConsentType])
  async consents(
    @Root() { contactId, purpose }: ConsentRecorded & { purpose: string },
    @Ctx() ctx: ContactsContext,
  ): Promise<ShownConsent[]> {
    const consents = (await ctx.loader(consentsOfContacts).load(contactId)) ?? [];
    return consents.filter(({ purposeKey }) => purposeKey === purpose);
  }
}

@Resolver(() => ContactType)
export class ContactConsentsResolver {
  @FieldResolver(() => [ConsentType], {
    description: 'For each purpose and each address that something was ever said of; those that count now first.',
  })
  async consents(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<ShownConsent[]> {
    return (await ctx.loader(consentsOfContacts).load(contact.contactId)) ?? [];
  }

  @FieldResolver(() => ConsentEventPage, {
    nullable: true,
    description: 'What was said of them, with its proof, the latest first. Null if you may not see it.',
  })
  consentEvents(
    @Root() contact: FoundContact,
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): ReturnType<typeof listConsentEvents> {
    return listConsentEvents(ctx, contact.contactId, { first, after });
  }
}

@Resolver(() => ConsentType)
export class ConsentResolver {
  @FieldResolver(() => ConsentPurposeType)
  async purpose(@Root() { purposeKey }: ShownConsent, @Ctx() ctx: ContactsContext): Promise<Purpose> {
    return (await ctx.loader(purposesByKey).load(purposeKey))!;
  }
}

@Resolver(() => ConsentEventType)
export class ConsentEventResolver {
  @FieldResolver(() => ConsentPurposeType)
  async purpose(@Root() { purpose }: ConsentEvent, @Ctx() ctx: ContactsContext): Promise<Purpose> {
    return (await ctx.loader(purposesByKey).load(purpose))!;
  }

  @FieldResolver(() => ChannelReference)
  channel(@Root() { channelId: id }: ConsentEvent): ChannelReference {
    return { id };
  }

  @FieldResolver(() => ConsentTextType, { nullable: true, description: 'What the person read.' })
  async text(@Root() { textHash }: ConsentEvent, @Ctx() ctx: ContactsContext): Promise<ConsentText | null> {
    return textHash == null ? null : ((await ctx.loader(textsByHash).load(textHash)) ?? null);
  }

  @FieldResolver(() => MemberReference, { nullable: true, description: 'The colleague who noted it.' })
  member(@Root() { actorKind, actorId }: ConsentEvent): MemberReference | null {
    return actorKind === 'member' && isId(actorId) ? { id: actorId } : null;
  }

  @FieldResolver(() => String, { description: 'SHA-256 of this entry and, through it, of all before it, hexadecimal.' })
  hash(@Root() { hash }: ConsentEvent): string {
    return hash.toString('hex');
  }

  @FieldResolver(() => ConsentEvidence, { nullable: true })
  async evidence(@Root() { id }: ConsentEvent, @Ctx() ctx: ContactsContext): Promise<ConsentEvidence | null> {
    return (await ctx.loader(evidenceOfEvents).load(id)) ?? null;
  }
}
