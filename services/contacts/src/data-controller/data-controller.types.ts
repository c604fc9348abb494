import { InvalidInput, resultUnion } from '@fenster/graphql';
import { Field, InputType, ObjectType } from 'type-graphql';

@ObjectType('DataController', {
  description:
    'Who decides what the workspace’s data are for (GDPR Art. 4(7)): what receipts and certificates for people say.',
})
export class DataControllerType {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  address!: string;

  @Field(() => String)
  email!: string;

  @Field(() => String, { nullable: true, description: 'How the data protection officer is reached.' })
  privacyOfficer!: string | null;

  @Field(() => String, { description: 'Whose law it is: a country by ISO 3166-1, such as DE.' })
  jurisdiction!: string;
}

@InputType()
export class SetDataControllerInput {
  @Field(() => String, { description: 'The registered name, 1 to 200 characters.' })
  name!: string;

  @Field(() => String, { description: '1 to 500 characters.' })
  address!: string;

  @Field(() => String, { description: 'Where people write who want to know or to withdraw something.' })
  email!: string;

  @Field(() => String, {
    nullable: true,
    description: 'How the data protection officer is reached; at most 300 characters.',
  })
  privacyOfficer?: string | null;

  @Field(() => String, { description: 'A country by ISO 3166-1, such as DE.' })
  jurisdiction!: string;
}

export const SetDataControllerResult = resultUnion('SetDataControllerResult', DataControllerType, [InvalidInput]);
