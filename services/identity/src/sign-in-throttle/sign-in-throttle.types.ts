import { registerUserError, UserError } from '@fenster/graphql';
import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({
  implements: UserError,
  description: 'Somebody gave a wrong password for this account too often, or from your address. Nothing was checked.',
})
export class TooManyAttempts extends UserError {
  @Field(() => Int)
  retryAfterSeconds!: number;
}
registerUserError(TooManyAttempts, 'TOO_MANY_ATTEMPTS');
