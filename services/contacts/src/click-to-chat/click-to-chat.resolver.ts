import { asResult, Authorized } from '@fenster/graphql';
import { notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ConsentText } from '../consent/consent.entity.js';
import { textsByHash } from '../consent/consent.queries.js';
import { ChannelReference, ConsentTextType } from '../consent/consent.types.js';
import type { FoundContact } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import { writeChatUrl } from './chat-url.rule.js';
import type { ClickToChatLink } from './click-to-chat-link.entity.js';
import { archiveLink, createLink, updateLink } from './click-to-chat.commands.js';
import { attributionOfContacts, chatUrls, linksById, listLinks } from './click-to-chat.queries.js';
import {
  ArchiveClickToChatLinkResult,
  ClickToChatLinkPage,
  ClickToChatLinkType,
  CreateClickToChatLinkInput,
  CreateClickToChatLinkResult,
  QrCodeFormatEnum,
  UpdateClickToChatLinkInput,
  UpdateClickToChatLinkResult,
} from './click-to-chat.types.js';
import type { QrCodeFormat } from './qr-code.route.js';

@Resolver(() => ClickToChatLinkType)
export class ClickToChatLinkResolver {
  @Authorized('contact:read')
  @Query(() => ClickToChatLinkPage, { description: 'Links and QR codes that begin a chat, the newest first.' })
  clickToChatLinks(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('isArchived', () => Boolean, { nullable: true, description: 'Those that are archived, and no others.' })
    isArchived?: boolean | null,
  ): ReturnType<typeof listLinks> {
    return listLinks(ctx, { first, after, isArchived: isArchived ?? false });
  }

  @Authorized('contact:read')
  @Query(() => ClickToChatLinkType)
  async clickToChatLink(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string): Promise<ClickToChatLink> {
    const link = await ctx.loader(linksById).load(id);
    if (!link) throw notFound('Link');
    return link;
  }

  @Authorized('contact:manage')
  @Mutation(() => CreateClickToChatLinkResult, {
    description:
      'A link, and a QR code that says the same: whoever follows it gets into the chat with a message that is ready to be sent. Its code tells the conversation and the contact which link and campaign they came by.',
  })
  createClickToChatLink(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => CreateClickToChatLinkInput) input: CreateClickToChatLinkInput,
  ) {
    return asResult(createLink(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => UpdateClickToChatLinkResult)
  updateClickToChatLink(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => UpdateClickToChatLinkInput) input: UpdateClickToChatLinkInput,
  ) {
    return asResult(updateLink(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => ArchiveClickToChatLinkResult, {
    description:
      'Its code means nothing any more: nobody is counted or asked because of it. Whoever follows the link still gets into the chat.',
  })
  archiveClickToChatLink(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(archiveLink(ctx, id));
  }

  @FieldResolver(() => ChannelReference, { nullable: true })
  channel(@Root() { channelId: id }: ClickToChatLink): ChannelReference {
    return { id };
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'For pages and e-mails: https://wa.me/… for WhatsApp, what its kind has for other channels.',
  })
  async url(@Root() link: ClickToChatLink, @Ctx() ctx: ContactsContext): Promise<string | null> {
    const base = await ctx.loader(chatUrls).load(link.channelId);
    return base === undefined ? null : writeChatUrl(base, link);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Where the image of its QR code is. Nobody has to sign in. Null once it is archived.',
  })
  qrCodeUrl(
    @Root() { id, archivedAt }: ClickToChatLink,
    @Ctx() ctx: ContactsContext,
    @Arg('format', () => QrCodeFormatEnum, { nullable: true, description: 'PNG unless given.' })
    format?: QrCodeFormat | null,
  ): string | null {
    return archivedAt ? null : ctx.app.qrCodeUrl(id, format ?? 'png');
  }

  @FieldResolver(() => ConsentTextType, {
    nullable: true,
    description:
      'Which stands beside it, and for whose purpose people who come by it are asked to agree. Null for none.',
  })
  async consentText(@Root() { textHash }: ClickToChatLink, @Ctx() ctx: ContactsContext): Promise<ConsentText | null> {
    return textHash == null ? null : ((await ctx.loader(textsByHash).load(textHash)) ?? null);
  }
}

@Resolver(() => ContactType)
export class ContactAttributionResolver {
  @FieldResolver(() => ClickToChatLinkType, {
    nullable: true,
    description: 'The first click-to-chat link or QR code that the person used; null for none.',
  })
  async attribution(@Root() { contactId }: FoundContact, @Ctx() ctx: ContactsContext): Promise<ClickToChatLink | null> {
    const id = await ctx.loader(attributionOfContacts).load(contactId);
    return id === undefined ? null : ((await ctx.loader(linksById).load(id)) ?? null);
  }
}
