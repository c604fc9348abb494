import { FieldResolver, Resolver, Root } from 'type-graphql';
import type { Conversation } from '../conversations/conversation.entity.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { ClickToChatLinkReference } from './click-to-chat.types.js';

@Resolver(() => ConversationType)
export class ConversationClickToChatResolver {
  @FieldResolver(() => ClickToChatLinkReference, {
    nullable: true,
    description:
      'The link or QR code with which the customer began it: by its campaign they came. Null for none, and if you may not see contacts.',
  })
  clickToChatLink(@Root() { clickToChatLinkId: id }: Conversation): ClickToChatLinkReference | null {
    return id ? { id } : null;
  }
}
