import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { IdentityContext } from '../context.js';
import type { Member } from '../members/member.entity.js';
import { endAllSessions, endOwnSession, listSessions } from './device-session.commands.js';
import { DeviceSession, EndAllSessionsResult, EndSessionResult } from './device-session.types.js';
import type { Session } from './session.entity.js';

@Resolver(() => DeviceSession)
export class DeviceSessionResolver {
  @Authorized()
  @Query(() => [DeviceSession], { description: 'Where you are signed in, the last used first.' })
  sessions(@Ctx() ctx: IdentityContext): Promise<Session[]> {
    return listSessions(ctx);
  }

  @FieldResolver(() => Boolean, { description: 'The one that you are asking from.' })
  isCurrent(@Root() session: Session, @Ctx() ctx: IdentityContext): boolean {
    return session.id === ctx.requireActor().sessionId;
  }

  @Authorized()
  @Mutation(() => EndSessionResult, { description: 'Ends one of your sessions. Its access token is refused at once.' })
  endSession(@Ctx() ctx: IdentityContext, @Arg('id', () => ID) id: string): Promise<Session> {
    return asResult(endOwnSession(ctx, id));
  }

  @Authorized()
  @Mutation(() => EndSessionResult, { description: 'Ends the session that you are asking from.' })
  signOut(@Ctx() ctx: IdentityContext): Promise<Session> {
    return asResult(endOwnSession(ctx, ctx.requireActor().sessionId));
  }

  @Authorized()
  @Mutation(() => EndAllSessionsResult, {
    description:
      'Signs a member out everywhere: yourself, or with member:manage somebody with no more rights than you.',
  })
  endAllSessions(@Ctx() ctx: IdentityContext, @Arg('memberId', () => ID) memberId: string): Promise<Member> {
    return asResult(endAllSessions(ctx, memberId));
  }
}
