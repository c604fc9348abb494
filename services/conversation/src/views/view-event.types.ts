import { Cursor } from '@fenster/graphql';
import { Field, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';

@InterfaceType({
  description: 'Something that happened to a view.',
  autoRegisterImplementations: false,
  resolveType: (event: ViewEvent) => event.constructor.name,
})
export abstract class ViewEvent {
  @Field(() => Cursor, { description: 'Keep the last one; after a break subscribe again with `after` set to it.' })
  cursor!: string;
}

@ObjectType({
  implements: ViewEvent,
  description:
    'What happened to conversations of the view; what happens at the same time comes together. Conversations are as they are now.',
})
export class ViewChanged extends ViewEvent {
  @Field(() => [ConversationType], { description: 'Show them; they were not in the view, or may not have been.' })
  entered!: Conversation[];

  @Field(() => [ConversationType], { description: 'Something about them is new; they were in the view and still are.' })
  updated!: Conversation[];

  @Field(() => [ID], { description: 'Ids of conversations to take away, where you show them.' })
  left!: string[];

  @Field(() => Int, { description: 'How many conversations you now see in the view. Exact.' })
  count!: number;
}
