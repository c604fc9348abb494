import { accessibleWhere, allows, AuthenticationError } from '@fenster/auth';
import { Authorized, type BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { abilityOf, type IdentityContext } from '../context.js';
import { hasJustSignedIn } from '../sessions/session.commands.js';
import { Member } from './member.entity.js';
import { MemberType } from './member.types.js';

@Resolver(() => MemberType)
export class MemberResolver {
  @Authorized()
  @Query(() => MemberType, { description: 'You.' })
  async me(@Ctx() ctx: IdentityContext): Promise<Member> {
    const member = await ctx.loader(membersById).load(ctx.requireActor().id);
    if (!member) throw new AuthenticationError();
    return member;
  }

  @Authorized('member:read')
  @Query(() => [MemberType], { description: 'Everybody in your workspace, by name.' })
  members(@Ctx() ctx: IdentityContext): Promise<Member[]> {
    return ctx.em.find(Member, accessibleWhere(abilityOf(ctx), 'read', 'Member'), {
      orderBy: { name: 'asc', id: 'asc' },
    });
  }

  @FieldResolver(() => String, { nullable: true, description: 'Null unless it is your own or you may read members.' })
  email(@Root() member: Member, @Ctx() ctx: IdentityContext): string | null {
    const isVisible = hasJustSignedIn(member) || allows(abilityOf(ctx), 'read_email', 'Member', member);
    return isVisible ? (member.email ?? null) : null;
  }
}

/** How other subgraphs' references to a member are answered: colleagues only. */
export async function resolveMember(reference: { id: string }, ctx: IdentityContext): Promise<Member | undefined> {
  return ctx.loader(membersById).load(reference.id);
}

const membersById: BatchLoad<string, Member> = async (ctx, ids) => {
  const where = { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Member'), { id: { $in: ids.filter(isId) } }] };
  const members = await ctx.em.find(Member, where);
  return new Map(members.map((member) => [member.id, member]));
};
