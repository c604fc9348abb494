import { DateTime } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'A setting that was changed.' })
export class AuditChange {
  @Field(() => String)
  setting!: string;

  @Field(() => String, { description: 'JSON; `null` if it was not there.' })
  before!: string;

  @Field(() => String, { description: 'JSON; `null` if it is not there any more.' })
  after!: string;
}

@ObjectType('AuditEntry', {
  description: 'Who did what to which objects. Entries are never changed; a rule of retention may take the oldest.',
})
export class AuditEntryType {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, {
    description:
      'Place in the log of your workspace: 1, 2, 3, … without gaps, but for a beginning that a rule of retention took.',
  })
  seq!: number;

  @Field(() => DateTime)
  occurredAt!: Date;

  @Field(() => String, { description: '`<type of object>.<verb>`, such as `message.send` or `member.role_change`.' })
  action!: string;

  @Field(() => String, { description: 'member, api_key or system.' })
  actorKind!: string;

  @Field(() => String, { nullable: true, description: 'Of the member or key; the name of a program.' })
  actorId!: string | null;

  @Field(() => ID, { nullable: true })
  sessionId!: string | null;

  @Field(() => String)
  objectType!: string;

  @Field(() => [ID], { description: 'One; for reads, all that were shown.' })
  objectIds!: string[];

  @Field(() => String, { nullable: true, description: 'IP address, if known.' })
  clientAddress!: string | null;

  @Field(() => String, { nullable: true })
  userAgent!: string | null;

  @Field(() => String, { description: 'The same for everything that one request set off.' })
  correlationId!: string;
}

@ObjectType({ description: 'A page of the audit log, the newest first.' })
export class AuditLogPage {
  @Field(() => [AuditEntryType])
  nodes!: AuditEntryType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@InputType({ description: 'All that are given must hold.' })
export class AuditLogFilter {
  @Field(() => String, { nullable: true })
  actorId?: string | null;

  @Field(() => String, { nullable: true })
  action?: string | null;

  @Field(() => String, { nullable: true })
  objectType?: string | null;

  @Field(() => ID, { nullable: true, description: 'Entries about this object, also among others.' })
  objectId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'From this moment on.' })
  from?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before this moment.' })
  to?: Date | null;
}
