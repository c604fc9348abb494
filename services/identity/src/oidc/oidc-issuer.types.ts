import { DateTime, InvalidInput, resultUnion } from '@fenster/graphql';
import { Field, InputType, ObjectType } from 'type-graphql';

@ObjectType('OidcIssuer', {
  description: 'An OpenID Connect issuer whose identity tokens sign members of your workspace in.',
})
export class OidcIssuerType {
  @Field(() => String)
  issuer!: string;

  @Field(() => String, { description: 'The client id that your inbox has there: the `aud` of its tokens.' })
  audience!: string;

  @Field(() => String, { description: 'Where the issuer publishes its keys.' })
  jwksUri!: string;

  @Field(() => DateTime)
  updatedAt!: Date;
}

@InputType()
export class SetOidcIssuerInput {
  @Field(() => String, { description: 'HTTPS, exactly as in the `iss` of its tokens.' })
  issuer!: string;

  @Field(() => String, { description: 'The client id that your inbox has there.' })
  audience!: string;

  @Field(() => String, { nullable: true, description: "Without it, the issuer's own configuration says it." })
  jwksUri?: string | null;
}

export const SetOidcIssuerResult = resultUnion('SetOidcIssuerResult', OidcIssuerType, [InvalidInput]);
