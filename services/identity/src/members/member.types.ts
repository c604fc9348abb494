import { DateTime } from '@fenster/graphql';
import { Directive, Field, ID, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id")')
@ObjectType('Member', { description: 'A person who works in your workspace.' })
export class MemberType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'One of owner, admin, supervisor, agent, finance, privacy_officer.' })
  role!: string;

  @Field(() => DateTime)
  createdAt!: Date;
}
