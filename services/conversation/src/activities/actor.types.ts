import type { ActorRef } from '@fenster/contracts';
import { enumOf } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Field, ID, ObjectType } from 'type-graphql';
import { MemberReference } from '../conversations/conversation.types.js';

const ActorKindEnum = enumOf(['member', 'api_key', 'bot', 'contact', 'provider', 'system'], {
  name: 'ActorKind',
  description: 'SYSTEM is a rule of Fenster itself.',
});

@ObjectType('Actor', { description: 'Who did something.' })
export class ActorType {
  @Field(() => ActorKindEnum)
  kind!: ActorRef['kind'];

  @Field(() => ID, { nullable: true, description: 'Of the API key.' })
  apiKeyId!: string | null;

  @Field(() => MemberReference, { nullable: true })
  member!: MemberReference | null;
}

export function toActor({ kind, id }: { kind: ActorRef['kind']; id?: string | null | undefined }): ActorType {
  return {
    kind,
    apiKeyId: kind === 'api_key' ? (id ?? null) : null,
    member: kind === 'member' && isId(id) ? { id } : null,
  };
}
