import { ERASING_SERVICES, keptGround, type ErasingService, type KeptGround } from '@fenster/contracts';
import {
  DateTime,
  enumOf,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { PersonSubject } from '../contacts/person-subject.types.js';
import { MENTION_KINDS, type MentionKind } from '../mentions/mentions.js';
import { ERASURE_STATES, type ErasureState } from './erasure.entity.js';

const ErasureStateEnum = enumOf(ERASURE_STATES, {
  name: 'ErasureState',
  description:
    'PLANNING: services are counting. PLANNED: waits for somebody to confirm. ERASING: rows and files go. CLEANING: logs, streams and webhooks go. COMPLETED: every service has said so.',
});
const KeptGroundEnum = enumOf(keptGround.options, {
  name: 'KeptGround',
  description:
    'Why something stays although the person wants to be forgotten. ACCOUNTING: accounts have to be kept (Art. 17(3)(b) GDPR, § 147 AO). CONSENT_PROOF: of a consent and its withdrawal (Art. 7(1), 17(3)(e)). ACCOUNTABILITY: who of the business saw what (Art. 5(2)). SUPPRESSION: so that nothing brings the person back, and a STOP holds (Art. 21(3)). LEGAL_HOLD: all of it stays for legal claims, or because an authority says so (Art. 17(3)(b), (e)); while the plan says so it cannot be confirmed.',
});
export const ErasingServiceEnum = enumOf(ERASING_SERVICES, { name: 'ErasingService' });

const ErasureMentionKindEnum = enumOf(MENTION_KINDS, { name: 'ErasureMentionKind' });

@ObjectType('ErasureMention', { description: 'Something that colleagues named after the person of a plan.' })
export class ErasureMentionType {
  @Field(() => ErasureMentionKindEnum)
  kind!: MentionKind;

  @Field(() => ID, { description: 'Of a CAMPAIGN: of a link that is of it.' })
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'What it is called once the person is erased.' })
  without!: string;
}

@ObjectType()
export class ErasedItem {
  @Field(() => String, { description: '`messages`, `notes`, `files`, …' })
  what!: string;

  @Field(() => Int, { nullable: true, description: 'Null where it is known only once it is done.' })
  count!: number | null;
}

@ObjectType({ description: 'Without name, number and words: nothing in it leads to the person any more.' })
export class KeptItem {
  @Field(() => String)
  what!: string;

  @Field(() => Int)
  count!: number;

  @Field(() => KeptGroundEnum)
  ground!: KeptGround;

  @Field(() => DateTime, { nullable: true, description: 'Null: as long as the ground holds.' })
  until!: Date | null;
}

@ObjectType({ description: 'What one service has of a person.' })
export class ErasureReportType {
  @Field(() => ErasingServiceEnum)
  service!: ErasingService;

  @Field(() => [ErasedItem])
  erased!: ErasedItem[];

  @Field(() => [KeptItem])
  kept!: KeptItem[];
}

@ObjectType('Erasure', { description: 'A person who is, or is to be, forgotten by every service.' })
export class ErasureType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Type it to confirm. On the certificate it stands for the person.' })
  reference!: string;

  @Field(() => ErasureStateEnum)
  state!: ErasureState;

  @Field(() => DateTime)
  plannedAt!: Date;

  @Field(() => DateTime, { nullable: true })
  confirmedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  completedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the last backup is gone that still has the person.' })
  backupsExpireAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was last done again, after a restore from a backup.' })
  reappliedAt!: Date | null;
}

@ObjectType({ description: 'A page of erasures, the most recently planned first.' })
export class ErasurePage {
  @Field(() => [ErasureType])
  nodes!: ErasureType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class PlanErasureInput {
  @Field(() => PersonSubject)
  subject!: PersonSubject;

  @Field(() => String, { description: 'The same key answers with the same plan.' })
  idempotencyKey!: string;
}

@InputType()
export class ConfirmErasureInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: '`Erasure.reference`, typed by whoever confirms.' })
  reference!: string;
}

@ObjectType({ implements: UserError, description: 'This person is being erased already.' })
export class ErasureUnderWay extends UserError {}
registerUserError(ErasureUnderWay, 'ERASURE_UNDER_WAY');

@ObjectType({ implements: UserError, description: 'Not all services have said yet what they have.' })
export class ErasureNotPlanned extends UserError {}
registerUserError(ErasureNotPlanned, 'ERASURE_NOT_PLANNED');

@ObjectType({
  implements: UserError,
  description: 'Since the plan was made, the contact was merged with another one, or a merge was undone. Plan anew.',
})
export class ErasureOutdated extends UserError {}
registerUserError(ErasureOutdated, 'ERASURE_OUTDATED');

@ObjectType({
  implements: UserError,
  description: 'A legal hold is in force for this person: release it first, or keep what is known of them.',
})
export class LegalHoldInForce extends UserError {
  @Field(() => ID, { nullable: true, description: 'Null for those who may not see legal holds.' })
  holdId!: string | null;

  @Field(() => String, { description: 'When somebody looks whether it still has to be: YYYY-MM-DD.' })
  reviewOn!: string;
}
registerUserError(LegalHoldInForce, 'LEGAL_HOLD');

export const PlanErasureResult = resultUnion('PlanErasureResult', ErasureType, [
  ErasureUnderWay,
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
export const ConfirmErasureResult = resultUnion('ConfirmErasureResult', ErasureType, [
  ErasureNotPlanned,
  ErasureOutdated,
  LegalHoldInForce,
  InvalidInput,
  NotFound,
]);
