import { accessibleWhere } from '@fenster/auth';
import { asResult, Authorized, checkPageSize, decodePage, olderThan, pageOf } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf, type ConversationContext } from '../context.js';
import { TeamReference } from '../conversations/conversation.types.js';
import { createMacro, deleteMacro, findMacro, updateMacro } from './macro.commands.js';
import { Macro } from './macro.entity.js';
import {
  CreateMacroInput,
  CreateMacroResult,
  DeleteMacroResult,
  MacroPage,
  MacroType,
  RunMacroInput,
  RunMacroResult,
  UpdateMacroInput,
  UpdateMacroResult,
} from './macro.types.js';
import { runMacro } from './run-macro.js';

@Resolver(() => MacroType)
export class MacroResolver {
  @Authorized('conversation:read')
  @Query(() => MacroPage, { description: 'Your own, those of your teams, and everybody’s.' })
  async macros(
    @Ctx() ctx: ConversationContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<MacroPage> {
    const size = checkPageSize(first);
    const position = after == null ? undefined : decodePage(after, 'after');
    const rows = await ctx.em.find(
      Macro,
      {
        $and: [accessibleWhere(abilityOf(ctx), 'read', 'Macro'), olderThan('createdAt', position)],
      },
      { orderBy: { createdAt: 'desc', id: 'desc' }, limit: size + 1 },
    );
    return pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
  }

  @Authorized('conversation:read')
  @Query(() => MacroType)
  macro(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string): Promise<Macro> {
    return findMacro(ctx, ctx, id);
  }

  @Authorized('conversation:read')
  @Mutation(() => CreateMacroResult)
  createMacro(@Ctx() ctx: ConversationContext, @Arg('input', () => CreateMacroInput) input: CreateMacroInput) {
    return asResult(createMacro(ctx, input));
  }

  @Authorized('conversation:read')
  @Mutation(() => UpdateMacroResult)
  updateMacro(@Ctx() ctx: ConversationContext, @Arg('input', () => UpdateMacroInput) input: UpdateMacroInput) {
    return asResult(updateMacro(ctx, input));
  }

  @Authorized('conversation:read')
  @Mutation(() => DeleteMacroResult)
  deleteMacro(@Ctx() ctx: ConversationContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteMacro(ctx, id));
  }

  @Authorized('conversation:update')
  @Mutation(() => RunMacroResult, {
    description:
      'All steps of a macro, or none if one of them cannot be done: a reply leaves only if all else is done.',
  })
  runMacro(@Ctx() ctx: ConversationContext, @Arg('input', () => RunMacroInput) input: RunMacroInput) {
    return asResult(runMacro(ctx, input));
  }

  @FieldResolver(() => TeamReference, { nullable: true, description: 'Whose it is, with TEAM.' })
  team(@Root() { teamId }: Macro): TeamReference | null {
    return teamId ? { id: teamId } : null;
  }
}
