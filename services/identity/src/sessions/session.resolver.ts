import { asResult, Public } from '@fenster/graphql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { IdentityContext } from '../context.js';
import { renewSession, signIn, type SignedIn } from './session.commands.js';
import { RenewSessionResult, SignInResult } from './session.types.js';

@Resolver()
export class SessionResolver {
  @Public()
  @Mutation(() => SignInResult, { description: 'By e-mail address and password, for any workspace.' })
  signIn(
    @Ctx() ctx: IdentityContext,
    @Arg('email', () => String) email: string,
    @Arg('password', () => String) password: string,
    @Arg('device', () => String, {
      nullable: true,
      description: 'What people will know it by in the list of their sessions, such as "Firefox on Linux".',
    })
    device?: string | null,
  ): Promise<SignedIn> {
    return asResult(signIn(ctx, { email, password, device }));
  }

  @Public()
  @Mutation(() => RenewSessionResult, {
    description: 'Exchanges a refresh token for a new pair of tokens. The old one is used up.',
  })
  renewSession(
    @Ctx() ctx: IdentityContext,
    @Arg('refreshToken', () => String) refreshToken: string,
  ): Promise<SignedIn> {
    return asResult(renewSession(ctx, refreshToken));
  }
}
