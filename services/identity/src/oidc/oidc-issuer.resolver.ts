import { asResult, Authorized, Public } from '@fenster/graphql';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { IdentityContext } from '../context.js';
import type { SignedIn } from '../sessions/session.commands.js';
import { SignInResult } from '../sessions/session.types.js';
import { removeOidcIssuer, setOidcIssuer, signInWithOidc } from './oidc-issuer.commands.js';
import { OidcIssuer } from './oidc-issuer.entity.js';
import { OidcIssuerType, SetOidcIssuerInput, SetOidcIssuerResult } from './oidc-issuer.types.js';

@Resolver()
export class OidcIssuerResolver {
  @Authorized('workspace:manage')
  @Query(() => OidcIssuerType, { nullable: true, description: 'The one that your workspace has named, if any.' })
  oidcIssuer(@Ctx() ctx: IdentityContext): Promise<OidcIssuer | null> {
    return ctx.em.findOne(OidcIssuer, { workspaceId: ctx.requireActor().workspaceId });
  }

  @Authorized('workspace:manage')
  @Mutation(() => SetOidcIssuerResult, {
    description:
      'Lets members sign in by the identity tokens of this issuer, besides their passwords. Whoever runs it can sign in as any member whose e-mail address it knows.',
  })
  setOidcIssuer(
    @Ctx() ctx: IdentityContext,
    @Arg('input', () => SetOidcIssuerInput) input: SetOidcIssuerInput,
  ): Promise<OidcIssuer> {
    return asResult(setOidcIssuer(ctx, input));
  }

  @Authorized('workspace:manage')
  @Mutation(() => Boolean, { description: 'Whether there was one. Sessions that its tokens opened go on.' })
  removeOidcIssuer(@Ctx() ctx: IdentityContext): Promise<boolean> {
    return removeOidcIssuer(ctx);
  }

  @Public()
  @Mutation(() => SignInResult, {
    description:
      'Exchanges an identity token, at most ten minutes old, of the issuer that a workspace has named, for a session of the member with its `email`. The token must say `email_verified`.',
  })
  signInWithOidc(
    @Ctx() ctx: IdentityContext,
    @Arg('idToken', () => String) idToken: string,
    @Arg('device', () => String, { nullable: true }) device?: string | null,
  ): Promise<SignedIn> {
    return asResult(signInWithOidc(ctx, { idToken, device }));
  }
}
