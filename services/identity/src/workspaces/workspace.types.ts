import { DateTime, InvalidInput, resultUnion } from '@fenster/graphql';
import { Directive, Field, ID, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id")')
@ObjectType('Workspace', { description: 'A tenant: everything you see belongs to yours.' })
export class WorkspaceType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => DateTime)
  createdAt!: Date;
}

export const UpdateWorkspaceResult = resultUnion('UpdateWorkspaceResult', WorkspaceType, [InvalidInput]);
