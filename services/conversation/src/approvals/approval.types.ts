import {
  Forbidden,
  InvalidInput,
  NotFound,
  NotYoursToDecide,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { SEND_GATE_REFUSALS } from '../messages/message.types.js';
import { HeldMessage } from './held-message.types.js';

@InputType()
export class ApproveHeldMessageInput {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'The last `seq` you have seen: it waits on if somebody wrote since.',
  })
  expectedLastSeq?: number | null;
}

@InputType()
export class DeclineHeldMessageInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Why, for whoever wrote it: 1 to 500 characters.' })
  reason!: string;
}

@ObjectType({ implements: UserError, description: 'It does not wait any more: see its `state`.' })
export class NotHeld extends UserError {}
registerUserError(NotHeld, 'NOT_HELD');

const REFUSALS = [InvalidInput, NotFound, Forbidden, NotYoursToDecide, NotHeld];
export const ApproveHeldMessageResult = resultUnion('ApproveHeldMessageResult', HeldMessage, [
  ...SEND_GATE_REFUSALS,
  NotYoursToDecide,
  NotHeld,
]);
export const DeclineHeldMessageResult = resultUnion('DeclineHeldMessageResult', HeldMessage, REFUSALS);
export const WithdrawHeldMessageResult = resultUnion('WithdrawHeldMessageResult', HeldMessage, REFUSALS);
