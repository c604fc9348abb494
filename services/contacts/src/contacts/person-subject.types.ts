import { Field, ID, InputType } from 'type-graphql';

@InputType({ description: 'Exactly one of them.' })
export class PersonSubject {
  @Field(() => ID, { nullable: true })
  contactId?: string | null;

  @Field(() => String, { nullable: true, description: 'E.164, such as +4915112345678.' })
  phone?: string | null;

  @Field(() => String, { nullable: true, description: 'Business-scoped user id.' })
  bsuid?: string | null;

  @Field(() => String, { nullable: true, description: 'The user id for all businesses of one parent business.' })
  parentBsuid?: string | null;
}
