import { Directive, Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { CHANNEL_KINDS, type ChannelKind } from './channel.entity.js';

export const ChannelKindEnum = Object.fromEntries(CHANNEL_KINDS.map((kind) => [kind, kind]));
registerEnumType(ChannelKindEnum, { name: 'ChannelKind', description: 'The provider that carries the messages.' });

@Directive('@key(fields: "id")')
@ObjectType('Channel', { description: 'A number of yours that customers write to.' })
export class ChannelType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => ChannelKindEnum)
  kind!: ChannelKind;

  @Field(() => String, { description: 'In E.164, with the plus sign.' })
  displayPhoneNumber!: string;

  @Field(() => String, { description: 'ISO 4217: what the provider charges in. Fixed when the account was made.' })
  currency!: string;

  @Field(() => String, {
    description: "IANA name: the calendar of the provider's monthly allowances. Fixed when the account was made.",
  })
  timeZone!: string;
}
