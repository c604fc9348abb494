import { accessibleWhere, allows, AuthenticationError } from '@fenster/auth';
import { asResult, Authorized, Public, type BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf, type IdentityContext } from '../context.js';
import { hasJustSignedIn, type SignedIn } from '../sessions/session.commands.js';
import { AcceptInvitationResult } from '../sessions/session.types.js';
import {
  acceptInvitation,
  changeMemberRole,
  changePassword,
  inviteMember,
  removeMember,
  updateProfile,
  type Invited,
} from './member.commands.js';
import { Member } from './member.entity.js';
import { statusOf, type MemberStatus } from './member.status.js';
import {
  ChangeMemberRoleResult,
  ChangePasswordResult,
  InviteMemberResult,
  MemberStatusEnum,
  MemberType,
  RemoveMemberResult,
  UpdateProfileResult,
} from './member.types.js';

@Resolver(() => MemberType)
export class MemberResolver {
  @Authorized()
  @Query(() => MemberType, { description: 'You.' })
  async me(@Ctx() ctx: IdentityContext): Promise<Member> {
    const member = await ctx.loader(membersById).load(ctx.requireActor().id);
    if (!member || member.removedAt) throw new AuthenticationError();
    return member;
  }

  @Authorized('member:read')
  @Query(() => [MemberType], { description: 'Everybody in your workspace and everybody invited, by name.' })
  members(@Ctx() ctx: IdentityContext): Promise<Member[]> {
    return ctx.em.find(
      Member,
      { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Member'), { removedAt: null }] },
      { orderBy: { name: 'asc', id: 'asc' } },
    );
  }

  @FieldResolver(() => MemberStatusEnum)
  status(@Root() member: Member): MemberStatus {
    return statusOf(member);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Null unless it is your own or you may read members.' })
  email(@Root() member: Member, @Ctx() ctx: IdentityContext): string | null {
    const isVisible = hasJustSignedIn(member) || allows(abilityOf(ctx), 'read_email', 'Member', member);
    return isVisible ? (member.email ?? null) : null;
  }

  @Authorized('member:manage')
  @Mutation(() => InviteMemberResult, {
    description: 'Nobody is sent anything: hand over the token. An invitation is good for seven days.',
  })
  inviteMember(
    @Ctx() ctx: IdentityContext,
    @Arg('email', () => String) email: string,
    @Arg('name', () => String) name: string,
    @Arg('role', () => ID) role: string,
    @Arg('idempotencyKey', () => ID) idempotencyKey: string,
  ): Promise<Invited> {
    return asResult(inviteMember(ctx, { email, name, role, idempotencyKey }));
  }

  @Public()
  @Mutation(() => AcceptInvitationResult, { description: 'Sets the first password and signs in.' })
  acceptInvitation(
    @Ctx() ctx: IdentityContext,
    @Arg('token', () => String) token: string,
    @Arg('password', () => String) password: string,
    @Arg('device', () => String, { nullable: true }) device?: string | null,
  ): Promise<SignedIn> {
    return asResult(acceptInvitation(ctx, { token, password, device }));
  }

  @Authorized('member:manage')
  @Mutation(() => ChangeMemberRoleResult, { description: 'Holds at once, also for open connections.' })
  changeMemberRole(
    @Ctx() ctx: IdentityContext,
    @Arg('memberId', () => ID) memberId: string,
    @Arg('role', () => ID) role: string,
  ): Promise<Member> {
    return asResult(changeMemberRole(ctx, memberId, role));
  }

  @Authorized('member:manage')
  @Mutation(() => RemoveMemberResult, {
    description: 'Signs them out for good. Their name stays in the history; their address is free again.',
  })
  removeMember(@Ctx() ctx: IdentityContext, @Arg('memberId', () => ID) memberId: string): Promise<Member> {
    return asResult(removeMember(ctx, memberId));
  }

  @Authorized()
  @Mutation(() => UpdateProfileResult, { description: 'Your own.' })
  updateProfile(@Ctx() ctx: IdentityContext, @Arg('name', () => String) name: string): Promise<Member> {
    return asResult(updateProfile(ctx, { name }));
  }

  @Authorized()
  @Mutation(() => ChangePasswordResult, { description: 'Your own. Signs you out everywhere else.' })
  changePassword(
    @Ctx() ctx: IdentityContext,
    @Arg('oldPassword', () => String) oldPassword: string,
    @Arg('newPassword', () => String) newPassword: string,
  ): Promise<Member> {
    return asResult(changePassword(ctx, { oldPassword, newPassword }));
  }
}

/** How other subgraphs' references to a member are answered: colleagues only, former ones included. */
export async function resolveMember(reference: { id: string }, ctx: IdentityContext): Promise<Member | undefined> {
  return ctx.loader(membersById).load(reference.id);
}

export const membersById: BatchLoad<string, Member> = async (ctx, ids) => {
  const where = { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Member'), { id: { $in: ids.filter(isId) } }] };
  const members = await ctx.em.find(Member, where);
  return new Map(members.map((member) => [member.id, member]));
};
