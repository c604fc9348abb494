import {
  DateTime,
  enumOf,
  Forbidden,
  IdempotencyConflict,
  InvalidInput,
  Micros,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DIFFERENCE_KINDS } from './compare-price-books.js';
import { PRICE_BOOK_STATES, type PriceBookState } from './workspace-price-book.entity.js';

const PriceBookStateEnum = enumOf(PRICE_BOOK_STATES, {
  name: 'PriceBookState',
  description:
    'DRAFT: imported, and waits for a second person. ACTIVE: in force. REPLACED: was in force. DISCARDED: never was.',
});
const DifferenceKindEnum = enumOf(DIFFERENCE_KINDS, { name: 'RateDifferenceKind' });

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Member')
export class MemberReference {
  @Field(() => ID)
  id!: string;
}

@ObjectType({ description: 'A line of a price book.' })
export class PriceBookRate {
  @Field(() => Int, { description: 'In its file.' })
  line!: number;

  @Field(() => Micros, { description: 'Of a share (PARTNER-SHARE, TAX): 1,000,000 is all.' })
  rateMicros!: number;

  @Field(() => String, { description: 'The same with four to six places: `0.0456`.' })
  decimal!: string;

  @Field(() => String, { nullable: true, description: 'Last day, `YYYY-MM-DD`; null: in force until further notice.' })
  effectiveTo!: string | null;

  @Field(() => String, {
    description: 'How sure the rate is: `official`, `transcribed`, `derived`, `estimate`, `seed`.',
  })
  confidence!: string;

  @Field(() => String)
  source!: string;
}

@ObjectType({ description: 'What a price book says otherwise than the one that it takes the place of.' })
export class RateDifference {
  @Field(() => DifferenceKindEnum)
  kind!: (typeof DIFFERENCE_KINDS)[number];

  @Field(() => String)
  model!: string;

  @Field(() => String)
  market!: string;

  @Field(() => String)
  category!: string;

  @Field(() => String)
  currency!: string;

  @Field(() => String, { description: 'First day, `YYYY-MM-DD`.' })
  effectiveFrom!: string;

  @Field(() => String, { nullable: true, description: 'Volume tier, as in `100001:1000000` or `100001:MAX`.' })
  tier!: string | null;

  @Field(() => PriceBookRate, { nullable: true })
  before!: PriceBookRate | null;

  @Field(() => PriceBookRate, { nullable: true })
  after!: PriceBookRate | null;
}

@ObjectType()
export class RateDifferencePage {
  @Field(() => [RateDifference])
  nodes!: RateDifference[];

  @Field(() => Int, { description: 'On all pages.' })
  count!: number;

  @Field(() => String, { nullable: true, description: 'Hand it back as `after` for the next page.' })
  nextPage!: string | null;
}

@ObjectType('PriceBook', { description: 'Prices of this workspace, in place of the book that ships with Fenster.' })
export class PriceBookType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'SHA-256 of its file: charges name it as `priceBookVersion`.' })
  version!: string;

  @Field(() => String)
  note!: string;

  @Field(() => Int)
  rateCount!: number;

  @Field(() => PriceBookStateEnum)
  state!: PriceBookState;

  @Field(() => String, { description: 'The version that it was compared with.' })
  basedOn!: string;

  @Field(() => DateTime)
  importedAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it was put in force or discarded.' })
  decidedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When everything that it changes had been rated again.' })
  appliedAt!: Date | null;
}

@ObjectType({ description: 'A mistake in a file.' })
export class PriceBookProblem {
  @Field(() => Int)
  line!: number;

  @Field(() => String, { nullable: true })
  column!: string | null;

  @Field(() => String)
  message!: string;
}

@ObjectType({ implements: UserError, description: 'The file has mistakes, so nothing of it was taken.' })
export class PriceBookInvalid extends UserError {
  @Field(() => [PriceBookProblem], { description: 'The first 200.' })
  problems!: PriceBookProblem[];

  @Field(() => Int)
  problemCount!: number;
}
registerUserError(PriceBookInvalid, 'PRICE_BOOK_INVALID');

@ObjectType({
  implements: UserError,
  description:
    'SECOND_PERSON_NEEDED: whoever imported a price book cannot put it in force. PRICE_BOOK_DECIDED: it is no draft any more. PRICE_BOOK_OUTDATED: another one came in force since it was compared; import it again. PRICE_BOOK_UNFINISHED: the one in force is still being applied; try again later.',
})
export class PriceBookRefused extends UserError {}
registerUserError(
  PriceBookRefused,
  'SECOND_PERSON_NEEDED',
  'PRICE_BOOK_DECIDED',
  'PRICE_BOOK_OUTDATED',
  'PRICE_BOOK_UNFINISHED',
);

@InputType()
export class ImportPriceBookInput {
  @Field(() => String, {
    description:
      'A file as `model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source`; at most 2,000,000 characters. All prices: what is not in it has none.',
  })
  csv!: string;

  @Field(() => String, { description: 'Where it comes from, for whoever decides on it; 1 to 500 characters.' })
  note!: string;

  @Field(() => String)
  idempotencyKey!: string;
}

export const ImportPriceBookResult = resultUnion('ImportPriceBookResult', PriceBookType, [
  InvalidInput,
  IdempotencyConflict,
  Forbidden,
  PriceBookInvalid,
]);
export const ActivatePriceBookResult = resultUnion('ActivatePriceBookResult', PriceBookType, [
  NotFound,
  Forbidden,
  PriceBookRefused,
]);
export const DiscardPriceBookResult = resultUnion('DiscardPriceBookResult', PriceBookType, [
  NotFound,
  PriceBookRefused,
]);
