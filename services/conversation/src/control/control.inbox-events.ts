import { controlChanged } from '@fenster/contracts';
import { Field, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { ControlChangeEnum, ControllerType } from './control.types.js';

@ObjectType({ implements: InboxEvent, description: 'Control was offered or declined, or somebody else has it now.' })
export class ControlChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => ControlChangeEnum)
  controlChange!: string;

  @Field(() => ControllerType, {
    nullable: true,
    description: 'Who had it from then on; null for nobody in particular.',
  })
  controller!: ControllerType | null;

  @Field(() => ControllerType, { nullable: true })
  previousController!: ControllerType | null;

  @Field(() => ControllerType, { nullable: true, description: 'To whom it is offered, or was until then.' })
  offeredTo!: ControllerType | null;
}

export const controlTellings = [
  tell(controlChanged, ControlChanged, ({ conversationId, change, controller, previousController, offeredTo }) => ({
    conversationId,
    says: { controlChange: change, controller, previousController, offeredTo },
  })),
];
