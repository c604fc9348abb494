import { InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType } from 'type-graphql';
import { ChannelType, ProviderFailure } from './channel.types.js';

@InputType()
export class AcceptThreemaKeyInput {
  @Field(() => ID, { description: 'A channel of Threema.' })
  channelId!: string;

  @Field(() => String, { description: 'Of the person: eight characters.' })
  threemaId!: string;

  @Field(() => String, {
    description:
      '64 hexadecimal digits, as the person’s own app shows them (My profile), told on another way than by Threema.',
  })
  publicKey!: string;
}

export const AcceptThreemaKeyResult = resultUnion('AcceptThreemaKeyResult', ChannelType, [
  InvalidInput,
  ProviderFailure,
  NotFound,
]);
