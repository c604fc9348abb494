import { conversationLabelsChanged, labelCatalogueChanged } from '@fenster/contracts';
import { Field, ID, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { LabelChangeEnum } from './label.types.js';

@ObjectType({ implements: InboxEvent, description: '`conversation.labels` is up to date.' })
export class ConversationLabelsChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => [ID], { description: 'Labels that it has from then on.' })
  addedLabelIds!: string[];

  @Field(() => [ID], { description: 'Labels that it had until then.' })
  removedLabelIds!: string[];
}

@ObjectType({
  implements: InboxEvent,
  description:
    'The workspace has another label, or one of its labels is called or looks otherwise, or is gone: from all conversations, without a word for each. Told to everybody.',
})
export class LabelCatalogueChanged extends InboxEvent {
  @Field(() => LabelChangeEnum)
  labelChange!: string;

  @Field(() => ID)
  labelId!: string;
}

export const labelTellings = [
  tell(labelCatalogueChanged, LabelCatalogueChanged, ({ labelId, change }) => ({
    says: { labelId, labelChange: change },
  })),
  tell(conversationLabelsChanged, ConversationLabelsChanged, ({ conversationId, added, removed }) => ({
    conversationId,
    says: { addedLabelIds: added, removedLabelIds: removed },
  })),
];
