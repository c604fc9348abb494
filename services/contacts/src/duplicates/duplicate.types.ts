import { enumOf, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, ObjectType } from 'type-graphql';
import { ContactType } from '../contacts/contact.types.js';

export const DUPLICATE_REASONS = ['SAME_EMAIL', 'SAME_PHONE', 'SAME_NAME_AND_POSTAL_CODE'] as const;
export type DuplicateReason = (typeof DUPLICATE_REASONS)[number];

export const DuplicateReasonEnum = enumOf(DUPLICATE_REASONS, {
  name: 'DuplicateReason',
  description:
    'SAME_PHONE: on different channels, now. Families and offices share an e-mail address: look before you merge.',
});

@ObjectType({ description: 'Two contacts that may be one person.' })
export class DuplicateSuggestion {
  @Field(() => ContactType, { description: 'The one that has been known for longer.' })
  contact!: ContactType;

  @Field(() => ContactType)
  duplicate!: ContactType;

  @Field(() => [DuplicateReasonEnum])
  reasons!: DuplicateReason[];
}

@ObjectType({
  description:
    'A page of suggestions, the newest contacts first. It may have fewer than were asked for, also none, though there is another page.',
})
export class DuplicateSuggestionPage {
  @Field(() => [DuplicateSuggestion])
  nodes!: DuplicateSuggestion[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@ObjectType({ description: 'These two are suggested no more.' })
export class DuplicateDismissed {
  @Field(() => ID)
  contactId!: string;

  @Field(() => ID)
  otherId!: string;
}

export const DismissDuplicateResult = resultUnion('DismissDuplicateResult', DuplicateDismissed, [
  InvalidInput,
  NotFound,
]);
