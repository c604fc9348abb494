import { asResult, Authorized } from '@fenster/graphql';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { ContactsContext } from '../context.js';
import { setDataController } from './data-controller.commands.js';
import { DataController } from './data-controller.entity.js';
import { DataControllerType, SetDataControllerInput, SetDataControllerResult } from './data-controller.types.js';

@Resolver(() => DataControllerType)
export class DataControllerResolver {
  @Authorized('contact:read')
  @Query(() => DataControllerType, { nullable: true, description: 'Null until somebody has said it.' })
  dataController(@Ctx() ctx: ContactsContext): Promise<DataController | null> {
    return ctx.em.findOne(DataController, { workspaceId: ctx.requireActor().workspaceId });
  }

  @Authorized('consent:manage')
  @Mutation(() => SetDataControllerResult, { description: 'What is said in documents from now on.' })
  setDataController(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => SetDataControllerInput) input: SetDataControllerInput,
  ) {
    return asResult(setDataController(ctx, input));
  }
}
