import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { FoundContact } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import { mergeContacts, undoMerge } from './merge.commands.js';
import { mergesOfContacts, previewMerge, type ShownMerge } from './merge.queries.js';
import {
  ContactMerge,
  ContactMergePreview,
  MergeContactsInput,
  MergeContactsResult,
  UndoContactMergeResult,
} from './merge.types.js';

@Resolver()
export class MergeResolver {
  @Authorized('contact:manage')
  @Query(() => ContactMergePreview, {
    description: 'What `mergeContacts` would do: nothing is changed. Two ids of one contact are refused.',
  })
  contactMergePreview(
    @Ctx() ctx: ContactsContext,
    @Arg('keptId', () => ID) keptId: string,
    @Arg('mergedId', () => ID) mergedId: string,
  ): Promise<ContactMergePreview> {
    return previewMerge(ctx, { keptId, mergedId });
  }

  @Authorized('contact:manage')
  @Mutation(() => MergeContactsResult, {
    description:
      'Makes one contact of two. The conversations of both are its own from then on, under the ids that they name. Consent is not merged: every address keeps what was said of it.',
  })
  mergeContacts(@Ctx() ctx: ContactsContext, @Arg('input', () => MergeContactsInput) input: MergeContactsInput) {
    return asResult(mergeContacts(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => UndoContactMergeResult, {
    description:
      'Gives both back as they were. Of what has changed since: what colleagues wrote stays with the contact that stayed, what channels told goes to whom they told it of, and what was taken off or deleted does not come back.',
  })
  undoContactMerge(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(undoMerge(ctx, id));
  }
}

@Resolver(() => ContactType)
export class ContactMergesResolver {
  @FieldResolver(() => [ContactMerge], { description: 'Of which this contact came to be; the latest first.' })
  async merges(@Root() { contactId }: FoundContact, @Ctx() ctx: ContactsContext): Promise<ShownMerge[]> {
    return (await ctx.loader(mergesOfContacts).load(contactId)) ?? [];
  }
}
