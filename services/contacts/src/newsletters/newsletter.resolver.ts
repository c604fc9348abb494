import { asResult, Authorized } from '@fenster/graphql';
import { notFound } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ChannelReference, MemberReference } from '../consent/consent.types.js';
import { contactsById } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import {
  approveNewsletter,
  cancelNewsletter,
  createNewsletter,
  deleteNewsletter,
  pauseNewsletter,
  resumeNewsletter,
  scheduleNewsletter,
  updateNewsletter,
} from './newsletter.commands.js';
import type { Newsletter } from './newsletter.js';
import type { RecipientState } from './report.rule.js';
import {
  listNewsletters,
  listRecipients,
  newslettersById,
  previewNewsletter,
  reportsOfNewsletters,
} from './newsletter.queries.js';
import {
  ApproveNewsletterResult,
  ChangeNewsletterResult,
  CreateNewsletterInput,
  CreateNewsletterResult,
  DeleteNewsletterResult,
  NewsletterPage,
  NewsletterPlaceholderInput,
  NewsletterPreview,
  NewsletterProgressed,
  NewsletterRecipient,
  NewsletterRecipientPage,
  NewsletterReport,
  NewsletterTemplateInput,
  NewsletterType,
  PURPOSE,
  RecipientStateEnum,
  ScheduleNewsletterInput,
  ScheduleNewsletterResult,
  UpdateNewsletterInput,
  UpdateNewsletterResult,
} from './newsletter.types.js';

@Resolver(() => NewsletterType)
export class NewsletterResolver {
  @Authorized('contact:manage')
  @Query(() => NewsletterType)
  async newsletter(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string): Promise<Newsletter> {
    const newsletter = await ctx.loader(newslettersById).load(id);
    if (!newsletter) throw notFound('Newsletter');
    return newsletter;
  }

  @Authorized('contact:manage')
  @Query(() => NewsletterPage, { description: 'The newest first.' })
  newsletters(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 20, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): ReturnType<typeof listNewsletters> {
    return listNewsletters(ctx, { first, after });
  }

  @Authorized('contact:manage')
  @Query(() => NewsletterRecipientPage, { description: 'Whom a newsletter goes to, and what came of it for each.' })
  newsletterRecipients(
    @Ctx() ctx: ContactsContext,
    @Arg('newsletterId', () => ID) newsletterId: string,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('state', () => RecipientStateEnum, { nullable: true }) state?: RecipientState | null,
  ): ReturnType<typeof listRecipients> {
    return listRecipients(ctx, { newsletterId, state, first, after });
  }

  @Authorized('contact:manage')
  @Query(() => NewsletterPreview, {
    description: 'Who would get a newsletter if it began now. The send gate asks again when each message is sent.',
  })
  newsletterPreview(
    @Ctx() ctx: ContactsContext,
    @Arg('channelId', () => ID) channelId: string,
    @Arg('segmentId', () => ID) segmentId: string,
    @Arg('purpose', () => String, { nullable: true, description: PURPOSE }) purpose?: string | null,
    @Arg('placeholders', () => [NewsletterPlaceholderInput], {
      nullable: true,
      description: 'Those of the template: see `missingValues`. At most 20.',
    })
    placeholders?: NewsletterPlaceholderInput[] | null,
    @Arg('template', () => NewsletterTemplateInput, {
      nullable: true,
      description: 'As it would be sent: see `templateProblem`. `missingValues` has its placeholders, too.',
    })
    template?: NewsletterTemplateInput | null,
  ): Promise<NewsletterPreview> {
    return previewNewsletter(ctx, { channelId, segmentId, purpose, placeholders, template });
  }

  @Authorized('contact:manage', 'message:send')
  @Mutation(() => CreateNewsletterResult, { description: 'A draft: nothing is sent until it is scheduled.' })
  createNewsletter(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => CreateNewsletterInput) input: CreateNewsletterInput,
  ) {
    return asResult(createNewsletter(ctx, input));
  }

  @Authorized('contact:manage', 'message:send')
  @Mutation(() => UpdateNewsletterResult, { description: 'Of one that has not begun.' })
  updateNewsletter(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => UpdateNewsletterInput) input: UpdateNewsletterInput,
  ) {
    return asResult(updateNewsletter(ctx, input));
  }

  @Authorized('contact:manage', 'message:send')
  @Mutation(() => DeleteNewsletterResult, { description: 'Of a draft. What was scheduled is cancelled instead.' })
  deleteNewsletter(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteNewsletter(ctx, id));
  }

  @Authorized('contact:manage', 'message:send')
  @Mutation(() => ScheduleNewsletterResult, { description: 'A draft, or anew one that has not begun.' })
  scheduleNewsletter(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => ScheduleNewsletterInput) input: ScheduleNewsletterInput,
  ) {
    return asResult(scheduleNewsletter(ctx, input));
  }

  @Authorized('contact:manage', 'message:send')
  @Mutation(() => ChangeNewsletterResult, {
    description: 'What has not left yet waits. What is leaving at that moment does leave.',
  })
  pauseNewsletter(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(pauseNewsletter(ctx, id));
  }

  @Authorized('contact:manage', 'message:send')
  @Mutation(() => ChangeNewsletterResult, { description: 'Goes on where it was. Nobody gets it twice.' })
  resumeNewsletter(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(resumeNewsletter(ctx, id));
  }

  @Authorized('contact:manage', 'message:approve')
  @Mutation(() => ApproveNewsletterResult, {
    description:
      'Lets all that is left of a newsletter leave that is PAUSED because a budget holds it (`pausedBecause` BUDGET_HELD), and goes on. Not for whoever made, changed or scheduled it, nor for API keys. To decline, cancel it.',
  })
  approveNewsletter(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(approveNewsletter(ctx, id));
  }

  @Authorized('contact:manage', 'message:send')
  @Mutation(() => ChangeNewsletterResult, {
    description: 'For good. What has not left yet does not leave.',
  })
  cancelNewsletter(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(cancelNewsletter(ctx, id));
  }

  @FieldResolver(() => ChannelReference)
  channel(@Root() { channelId: id }: Newsletter): ChannelReference {
    return { id };
  }

  @FieldResolver(() => ID)
  templateId(@Root() { content }: Newsletter): string {
    return content.templateId;
  }

  @FieldResolver(() => MemberReference, { nullable: true })
  createdBy(@Root() { createdByKind, createdById: id }: Newsletter): MemberReference | null {
    return createdByKind === 'member' ? { id } : null;
  }

  @FieldResolver(() => MemberReference, {
    nullable: true,
    description: 'Who let it leave although a budget holds it.',
  })
  approvedBy(@Root() { approvedById: id }: Newsletter): MemberReference | null {
    return id === null ? null : { id };
  }

  @FieldResolver(() => NewsletterReport)
  async report(@Root() { id }: Newsletter, @Ctx() ctx: ContactsContext): Promise<NewsletterReport> {
    return (await ctx.loader(reportsOfNewsletters).load(id))!;
  }
}

@Resolver(() => NewsletterProgressed)
export class NewsletterProgressedResolver {
  @FieldResolver(() => NewsletterType, { nullable: true })
  async newsletter(
    @Root() { newsletterId }: NewsletterProgressed,
    @Ctx() ctx: ContactsContext,
  ): Promise<Newsletter | null> {
    return (await ctx.loader(newslettersById).load(newsletterId)) ?? null;
  }
}

@Resolver(() => NewsletterRecipient)
export class NewsletterRecipientResolver {
  @FieldResolver(() => ContactType, { nullable: true })
  async contact(@Root() { contactId }: NewsletterRecipient, @Ctx() ctx: ContactsContext): Promise<ContactType | null> {
    return contactId == null ? null : ((await ctx.loader(contactsById).load(contactId)) ?? null);
  }
}
