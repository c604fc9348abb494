import { DateTime, enumOf, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, Int, ObjectType } from 'type-graphql';
import { NotInControl } from '../control/control.types.js';
import { ConversationType } from '../conversations/conversation.types.js';

@ObjectType('Claim', { description: 'Who may send in a conversation now: nobody else may, person or program.' })
export class ClaimType {
  @Field(() => DateTime)
  takenAt!: Date;

  @Field(() => DateTime, {
    description: 'When it ends unless it is renewed, which typing and editing the draft do as well.',
  })
  expiresAt!: Date;

  @Field(() => Int, { description: 'How long it holds after each renewal.' })
  seconds!: number;
}

@ObjectType({ implements: UserError, description: 'Somebody else holds the claim: wait for them, or take over.' })
export class ClaimedByOther extends UserError {
  // Nullable like `Conversation.claim`, or no operation could select both.
  @Field(() => ClaimType, { nullable: true, description: 'Never null.' })
  claim!: ClaimType;
}

@ObjectType({ implements: UserError, description: 'You do not hold the claim any more.' })
export class ClaimLost extends UserError {
  @Field(() => ClaimType, { nullable: true, description: 'Whose it is now; null for nobody’s.' })
  claim!: ClaimType | null;
}

registerUserError(ClaimedByOther, 'CLAIMED_BY_OTHER');
registerUserError(ClaimLost, 'CLAIM_LOST');

export const ClaimConversationResult = resultUnion('ClaimConversationResult', ClaimType, [
  ClaimedByOther,
  NotInControl,
  InvalidInput,
  NotFound,
]);
export const RenewClaimResult = resultUnion('RenewClaimResult', ClaimType, [ClaimLost, NotFound]);
export const TakeOverClaimResult = resultUnion('TakeOverClaimResult', ClaimType, [
  NotInControl,
  InvalidInput,
  NotFound,
]);
export const ReleaseClaimResult = resultUnion('ReleaseClaimResult', ConversationType, [ClaimedByOther, NotFound]);

export const ClaimChangeEnum = enumOf(['taken', 'taken_over', 'released', 'expired'], { name: 'ClaimChangeKind' });
