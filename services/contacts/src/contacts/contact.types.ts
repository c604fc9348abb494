import { DateTime } from '@fenster/graphql';
import { Directive, Field, ID, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id")')
@ObjectType('Contact', { description: 'A person who writes to you, on whatever channels.' })
export class ContactType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'Null if no channel told one.' })
  name!: string | null;

  @Field(() => DateTime, { description: 'When this person was first seen.' })
  createdAt!: Date;
}

@ObjectType({ description: 'A page of contacts, the newest first.' })
export class ContactPage {
  @Field(() => [ContactType])
  nodes!: ContactType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}
