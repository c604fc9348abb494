import type { ErasingService } from '@fenster/contracts';
import { DocumentLanguageEnum, type DocumentLanguage } from '@fenster/documents';
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
import { ErasingServiceEnum } from '../erasures/erasure.types.js';
import {
  ACCESS_CONFIRMATIONS,
  ACCESS_STATES,
  type AccessConfirmation,
  type AccessState,
} from './access-request.entity.js';

const AccessStateEnum = enumOf(ACCESS_STATES, {
  name: 'AccessRequestState',
  description:
    'AWAITING_IDENTITY: the person has to write the code word, or an officer to confirm. COLLECTING: services tell what they have. PACKING: the archive is written. READY: it can be fetched, for seven days. ANSWERED: the person has it.',
});
const AccessConfirmationEnum = enumOf(ACCESS_CONFIRMATIONS, {
  name: 'AccessConfirmation',
  description: 'CODE_WORD: the person wrote it from their own number. OFFICER: somebody saw it by other means.',
});

@ObjectType({ description: 'What a service found about a person.' })
export class AccessFinding {
  @Field(() => ErasingServiceEnum)
  service!: ErasingService;

  @Field(() => String, { description: '`messages`, `notes`, `files`, …' })
  what!: string;

  @Field(() => Int)
  count!: number;
}

@ObjectType('AccessRequest', {
  description:
    'Somebody wants a copy of the data about them (Art. 15 and 20 GDPR): from all services, in one signed archive.',
})
export class AccessRequestType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'By which the person and you speak of it.' })
  reference!: string;

  @Field(() => ID)
  contactId!: string;

  @Field(() => AccessStateEnum)
  state!: AccessState;

  @Field(() => DocumentLanguageEnum, { description: 'Of the archive.' })
  language!: DocumentLanguage;

  @Field(() => DateTime)
  openedAt!: Date;

  @Field(() => DateTime, { description: 'When the person asked. From then on the month counts.' })
  receivedAt!: Date;

  @Field(() => DateTime, { description: 'Until when the person has to have an answer (Art. 12(3) GDPR).' })
  dueAt!: Date;

  @Field(() => DateTime, { nullable: true })
  extendedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'What the person has to be told of it.' })
  extensionReason!: string | null;

  @Field(() => String, {
    description:
      'Written from the person’s own number, and nothing else with it, it confirms who they are. Tell it to whoever asks if it could not be sent; it holds for 14 days.',
  })
  codeWord!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it was sent to the person’s number.' })
  codeToldAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why it was not sent: a code of the send gate, or NO_THREAD. Null if it was, and until that is known.',
  })
  codeRefusal!: string | null;

  @Field(() => DateTime, { nullable: true })
  confirmedAt!: Date | null;

  @Field(() => AccessConfirmationEnum, { nullable: true })
  confirmedBy!: AccessConfirmation | null;

  @Field(() => String, { nullable: true, description: 'How an officer saw who it is.' })
  confirmationReason!: string | null;

  @Field(() => DateTime, { nullable: true })
  readyAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Until when the archive can be fetched.' })
  archiveExpiresAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  answeredAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  refusedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'What the person has to be told of it (Art. 12(4) GDPR).' })
  refusalReason!: string | null;
}

@ObjectType({ description: 'A page of requests, the most recent first.' })
export class AccessRequestPage {
  @Field(() => [AccessRequestType])
  nodes!: AccessRequestType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType()
export class OpenAccessRequestInput {
  @Field(() => PersonSubject)
  subject!: PersonSubject;

  @Field(() => DateTime, { nullable: true, description: 'When the person asked, if that was earlier than now.' })
  receivedAt?: Date | null;

  @Field(() => DocumentLanguageEnum, { nullable: true, description: 'Of the archive. German unless given.' })
  language?: DocumentLanguage | null;

  @Field(() => String, { description: 'The same key answers with the same request.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is done with a request, and why.' })
export class DecideAccessRequestInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: '1 to 500 characters. It is in the audit log.' })
  reason!: string;
}

@ObjectType({ implements: UserError, description: 'This person waits for a copy already.' })
export class AccessRequestUnderWay extends UserError {}
registerUserError(AccessRequestUnderWay, 'ACCESS_REQUEST_UNDER_WAY');

@ObjectType({ implements: UserError, description: 'The request is not where this could be done with it.' })
export class WrongAccessRequestState extends UserError {}
registerUserError(WrongAccessRequestState, 'ACCESS_REQUEST_STATE');

export const OpenAccessRequestResult = resultUnion('OpenAccessRequestResult', AccessRequestType, [
  AccessRequestUnderWay,
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
export const ChangeAccessRequestResult = resultUnion('ChangeAccessRequestResult', AccessRequestType, [
  WrongAccessRequestState,
  InvalidInput,
  NotFound,
]);
