import { DateTime, enumOf, NotFound, resultUnion } from '@fenster/graphql';
import { JobStateEnum, type JobState } from '@fenster/jobs';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import { ContactEvent } from '../events/contact-event.types.js';
import { JOB_KINDS } from './contact-jobs.js';

const JobKindEnum = enumOf(JOB_KINDS, { name: 'JobKind' });

@ObjectType({ description: 'How many there are of one kind.' })
export class JobCount {
  @Field(() => String)
  name!: string;

  @Field(() => Int)
  count!: number;
}

@ObjectType('Job', { description: 'Long work. It survives crashes, and does nothing twice.' })
export class JobType {
  @Field(() => ID)
  id!: string;

  @Field(() => JobKindEnum)
  kind!: string;

  @Field(() => JobStateEnum)
  state!: JobState;

  @Field(() => Int, { description: 'How many rows or contacts are done, for good.' })
  position!: number;

  @Field(() => Int, { nullable: true, description: 'How many there are; until the end of an import an estimate.' })
  total!: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Of a FAILED one, for programs: WRONG_ENCODING, MALFORMED, ROW_TOO_LONG, FILE_EXPIRED, or INTERNAL. What was done until then stays.',
  })
  failure!: string | null;

  @Field(() => MemberReference, { nullable: true, description: 'Null if a program asked for it.' })
  createdBy?: MemberReference | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  endedAt!: Date | null;
}

@ObjectType({ description: 'A page of jobs, the newest first.' })
export class JobPage {
  @Field(() => [JobType])
  nodes!: JobType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@ObjectType({
  implements: ContactEvent,
  description: 'A job has done something, or has ended. Told to those who may see jobs.',
})
export class JobProgressed extends ContactEvent {
  @Field(() => JobType, { nullable: true, description: 'As it is now.' })
  job?: JobType | null;

  @Field(() => ID)
  jobId!: string;
}

export const CancelJobResult = resultUnion('CancelJobResult', JobType, [NotFound]);
