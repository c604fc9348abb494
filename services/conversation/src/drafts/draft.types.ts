import { DateTime, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from '@fenster/graphql';
import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType('Draft', { description: 'The reply in the making of a conversation, which all who answer it share.' })
export class DraftType {
  @Field(() => Int, {
    description: 'Hand it back as `expectedVersion` with your edit. Never goes back, not by sending.',
  })
  version!: number;

  @Field(() => DateTime)
  editedAt!: Date;
}

@ObjectType({
  implements: UserError,
  description: 'Somebody edited, sent or deleted the draft since `expectedVersion`.',
})
export class DraftConflict extends UserError {
  @Field(() => DraftType, { nullable: true, description: 'As it is now; null if nobody ever drafted anything.' })
  draft!: DraftType | null;
}

registerUserError(DraftConflict, 'DRAFT_CONFLICT');

export const SaveDraftResult = resultUnion('SaveDraftResult', DraftType, [DraftConflict, InvalidInput, NotFound]);
export const DeleteDraftResult = resultUnion('DeleteDraftResult', DraftType, [DraftConflict, NotFound]);
