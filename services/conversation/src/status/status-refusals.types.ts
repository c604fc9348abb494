import { registerUserError, UserError } from '@fenster/graphql';
import { ObjectType } from 'type-graphql';

@ObjectType({
  implements: UserError,
  description: 'It has this status already: ALREADY_OPEN, ALREADY_PENDING or ALREADY_RESOLVED.',
})
export class StatusUnchanged extends UserError {}

@ObjectType({ implements: UserError, description: 'What is resolved has to be reopened first.' })
export class ConversationResolved extends UserError {}

@ObjectType({
  implements: UserError,
  description: 'The customer has written again since: another conversation of the thread is not resolved.',
})
export class AnotherConversationOpen extends UserError {}

@ObjectType({ implements: UserError, description: 'No service window is open, so none is going to close.' })
export class ServiceWindowNotOpen extends UserError {}

registerUserError(StatusUnchanged, 'ALREADY_OPEN', 'ALREADY_PENDING', 'ALREADY_RESOLVED');
registerUserError(ConversationResolved, 'CONVERSATION_RESOLVED');
registerUserError(AnotherConversationOpen, 'ANOTHER_CONVERSATION_OPEN');
registerUserError(ServiceWindowNotOpen, 'SERVICE_WINDOW_NOT_OPEN');
