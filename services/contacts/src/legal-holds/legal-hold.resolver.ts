import { accessibleWhere } from '@fenster/auth';
import { asResult, Authorized, checkPageSize, decodePage, olderThan, pageOf } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { releaseLegalHold, setLegalHold } from './legal-hold.commands.js';
import { LegalHold } from './legal-hold.entity.js';
import { isReviewDue } from './legal-hold.rule.js';
import {
  LegalHoldPage,
  LegalHoldType,
  ReleaseLegalHoldInput,
  ReleaseLegalHoldResult,
  SetLegalHoldInput,
  SetLegalHoldResult,
} from './legal-hold.types.js';

@Resolver(() => LegalHoldType)
export class LegalHoldResolver {
  @Authorized('retention:manage')
  @Query(() => LegalHoldPage)
  async legalHolds(
    @Ctx() ctx: ContactsContext,
    @Arg('onlyInForce', () => Boolean, { defaultValue: false }) onlyInForce: boolean,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    const size = checkPageSize(first);
    const position = after == null ? undefined : decodePage(after, 'after');
    const rows = await ctx.em.find(
      LegalHold,
      {
        $and: [
          accessibleWhere(abilityOf(ctx), 'read', 'LegalHold'),
          onlyInForce ? { releasedAt: null } : {},
          olderThan('setAt', position),
        ],
      },
      { orderBy: { setAt: 'desc', id: 'desc' }, limit: size + 1 },
    );
    return pageOf(rows, size, ({ setAt: at, id }) => ({ at, id }));
  }

  @Authorized('retention:manage')
  @Mutation(() => SetLegalHoldResult, {
    description:
      'From now on nothing of the contact is removed by retention, nor is it erased, and nobody deletes its files, deletes its notes or words them anew. A run that is under way stops: what it removed before a service knew is gone, and its reports say how much that was.',
  })
  setLegalHold(@Ctx() ctx: ContactsContext, @Arg('input', () => SetLegalHoldInput) input: SetLegalHoldInput) {
    return asResult(setLegalHold(ctx, input));
  }

  @Authorized('retention:manage')
  @Mutation(() => ReleaseLegalHoldResult, {
    description: 'The rules hold for the contact again, from the next run on.',
  })
  releaseLegalHold(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => ReleaseLegalHoldInput) input: ReleaseLegalHoldInput,
  ) {
    return asResult(releaseLegalHold(ctx, input));
  }

  @FieldResolver(() => Boolean, { description: 'It is in force, and the day of its review has come.' })
  isReviewDue(@Root() hold: LegalHold, @Ctx() ctx: ContactsContext): boolean {
    return isReviewDue(hold, ctx.now());
  }

  @FieldResolver(() => MemberReference, { nullable: true, description: 'Null if a program did it.' })
  setBy(@Root() { setByKind, setById }: LegalHold): MemberReference | null {
    return setByKind === 'member' && setById != null ? { id: setById } : null;
  }

  @FieldResolver(() => MemberReference, {
    nullable: true,
    description: 'Null while it is in force, and if a program did it.',
  })
  releasedBy(@Root() { releasedByKind, releasedById }: LegalHold): MemberReference | null {
    return releasedByKind === 'member' && releasedById != null ? { id: releasedById } : null;
  }
}
