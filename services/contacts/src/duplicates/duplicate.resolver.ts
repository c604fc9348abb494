import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { ContactsContext } from '../context.js';
import { dismissDuplicate } from './duplicate.commands.js';
import { listDuplicates } from './duplicate.queries.js';
import { DismissDuplicateResult, DuplicateSuggestionPage } from './duplicate.types.js';

@Resolver()
export class DuplicateResolver {
  @Authorized('contact:manage')
  @Query(() => DuplicateSuggestionPage, {
    description:
      'Contacts that may be one person; look at `contactMergePreview` next. Needs contact:read_phone as well: without it none are shown. A change counts some seconds later.',
  })
  duplicateContacts(
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 20, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): ReturnType<typeof listDuplicates> {
    return listDuplicates(ctx, { first, after });
  }

  @Authorized('contact:manage')
  @Mutation(() => DismissDuplicateResult, {
    description: 'They are two people: they are not suggested again, also after merges with others.',
  })
  dismissDuplicate(
    @Ctx() ctx: ContactsContext,
    @Arg('contactId', () => ID) contactId: string,
    @Arg('otherId', () => ID) otherId: string,
  ) {
    return asResult(dismissDuplicate(ctx, contactId, otherId));
  }
}
