import { IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { ConversationFilterInput } from './filter.types.js';

export const MAX_VIEW_NAME = 80;
const NAME = `1 to ${MAX_VIEW_NAME} characters.`;

@ObjectType('View', { description: 'A filter that somebody wants to look through again and again.' })
export class ViewType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => ConversationFilterInput)
  filter!: ConversationFilterInput;
}

@InputType()
export class CreateViewInput {
  @Field(() => String, { description: NAME })
  name!: string;

  @Field(() => ConversationFilterInput)
  filter!: ConversationFilterInput;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'For everybody in the workspace: needs the permission conversation:manage. Otherwise yours alone.',
  })
  isShared!: boolean;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key creates one view.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateViewInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: NAME })
  name?: string | null;

  @Field(() => ConversationFilterInput, { nullable: true, description: 'Instead of the whole earlier one.' })
  filter?: ConversationFilterInput | null;
}

@ObjectType()
export class ViewDeleted {
  @Field(() => ID)
  viewId!: string;
}

export const CreateViewResult = resultUnion('CreateViewResult', ViewType, [InvalidInput, IdempotencyConflict]);
export const UpdateViewResult = resultUnion('UpdateViewResult', ViewType, [InvalidInput, NotFound]);
export const DeleteViewResult = resultUnion('DeleteViewResult', ViewDeleted, [NotFound]);
