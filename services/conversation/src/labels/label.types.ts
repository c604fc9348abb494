import {
  DateTime,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { MAX_LABEL_LENGTH, MAX_LABELS_SET } from '@fenster/runtime';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import type { LabelCatalogueChanged } from '@fenster/contracts';
import { ActorType } from '../activities/actor.types.js';
import { ConversationType } from '../conversations/conversation.types.js';

const NAME = `1 to ${MAX_LABEL_LENGTH} characters, of which there is no other label.`;
const COLOUR = 'Written like #1f883d.';

@ObjectType('Label', { description: 'A word of the workspace’s own, by which conversations are found.' })
export class LabelType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: COLOUR })
  colour!: string;

  @Field(() => DateTime)
  createdAt!: Date;
}

@ObjectType('ConversationLabel', { description: 'A label of a conversation, and who or what set it.' })
export class ConversationLabelType {
  @Field(() => LabelType)
  label!: LabelType;

  @Field(() => ActorType)
  setBy!: ActorType;

  @Field(() => DateTime)
  setAt!: Date;
}

@InputType()
export class CreateLabelInput {
  @Field(() => String, { description: NAME })
  name!: string;

  @Field(() => String, { description: COLOUR })
  colour!: string;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key makes one label.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateLabelInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: NAME })
  name?: string | null;

  @Field(() => String, { nullable: true, description: COLOUR })
  colour?: string | null;
}

@InputType()
export class LabelConversationInput {
  @Field(() => ID)
  conversationId!: string;

  @Field(() => [ID], {
    nullable: true,
    description: `Labels that it is to have. A conversation has at most ${MAX_LABELS_SET}.`,
  })
  set?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Labels that it is to have no longer.' })
  unset?: string[] | null;
}

@ObjectType()
export class LabelDeleted {
  @Field(() => ID)
  id!: string;
}

@ObjectType({
  implements: UserError,
  description: 'Another label has this name; upper and lower case count as the same.',
})
export class LabelNameTaken extends UserError {}

registerUserError(LabelNameTaken, 'LABEL_NAME_TAKEN');

export const CreateLabelResult = resultUnion('CreateLabelResult', LabelType, [
  InvalidInput,
  LabelNameTaken,
  IdempotencyConflict,
  NotFound,
]);
export const UpdateLabelResult = resultUnion('UpdateLabelResult', LabelType, [InvalidInput, NotFound, LabelNameTaken]);
export const DeleteLabelResult = resultUnion('DeleteLabelResult', LabelDeleted, [NotFound]);
export const LabelConversationResult = resultUnion('LabelConversationResult', ConversationType, [
  InvalidInput,
  NotFound,
]);

export const LabelChangeEnum = { CREATED: 'created', UPDATED: 'updated', DELETED: 'deleted' } satisfies Record<
  string,
  LabelCatalogueChanged['change']
>;
registerEnumType(LabelChangeEnum, { name: 'LabelChange' });
