import type { Controller } from '@fenster/contracts';
import { DateTime, enumOf, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';

const ControllerKindEnum = enumOf(['human', 'api_key', 'bot'] satisfies Controller['kind'][], {
  name: 'ControllerKind',
  description: 'HUMAN is people together, whoever of them: among them a claim decides. API_KEY is a program of yours.',
});

@ObjectType('Controller', { description: 'Who answers a conversation: people, or one program.' })
export class ControllerType {
  @Field(() => ControllerKindEnum)
  kind!: Controller['kind'];

  @Field(() => ID, { nullable: true, description: 'Of the API key or bot.' })
  id?: string | null;
}

@InputType('ControllerInput')
export class ControllerInputType {
  @Field(() => ControllerKindEnum)
  kind!: Controller['kind'];

  @Field(() => ID, { nullable: true, description: 'Of the API key or bot; not for HUMAN.' })
  id?: string | null;
}

@ObjectType('ControlOffer', { description: 'Control is offered, and not yet accepted.' })
export class ControlOfferType {
  @Field(() => ControllerType)
  to!: ControllerType;

  @Field(() => DateTime)
  offeredAt!: Date;
}

@ObjectType('Control', {
  description:
    'Who answers a conversation. Not who is responsible (`assignee`), and not who of them may send now (`claim`).',
})
export class ControlType {
  @Field(() => DateTime)
  since!: Date;
}

@ObjectType({
  implements: UserError,
  description: 'Somebody else answers this conversation: a program, or people if you are a program.',
})
export class NotInControl extends UserError {
  // Nullable like `Conversation.control`, or no operation could select both.
  @Field(() => ControlType, { nullable: true, description: 'Never null.' })
  control!: ControlType;
}

@ObjectType({ implements: UserError, description: 'Control is not offered to you, or could not be offered.' })
export class NoControlOffer extends UserError {}

@ObjectType({ implements: UserError, description: 'Programs do not take control: they are offered it.' })
export class OnlyPeople extends UserError {}

registerUserError(NotInControl, 'NOT_IN_CONTROL');
registerUserError(NoControlOffer, 'NO_OFFER');
registerUserError(OnlyPeople, 'ONLY_PEOPLE');

export const OfferControlResult = resultUnion('OfferControlResult', ControlType, [
  NotInControl,
  NoControlOffer,
  InvalidInput,
  NotFound,
]);
export const AcceptControlResult = resultUnion('AcceptControlResult', ControlType, [NoControlOffer, NotFound]);
export const DeclineControlResult = resultUnion('DeclineControlResult', ControlType, [
  NotInControl,
  NoControlOffer,
  NotFound,
]);
export const ReleaseControlResult = resultUnion('ReleaseControlResult', ControlType, [
  NotInControl,
  InvalidInput,
  NotFound,
]);
export const TakeOverControlResult = resultUnion('TakeOverControlResult', ControlType, [
  OnlyPeople,
  InvalidInput,
  NotFound,
]);

export const ControlChangeEnum = enumOf(
  ['offered', 'declined', 'withdrawn', 'accepted', 'released', 'taken_over', 'removed'],
  {
    name: 'ControlChangeKind',
    description: 'REMOVED: the program that had control, or was offered it, is gone.',
  },
);
