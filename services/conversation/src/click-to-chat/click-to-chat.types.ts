import { Directive, Field, ID, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('ClickToChatLink')
export class ClickToChatLinkReference {
  @Field(() => ID)
  id!: string;
}
