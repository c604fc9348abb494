import {
  DateTime,
  enumOf,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ContactEvent } from '../events/contact-event.types.js';
import { UNREACHABLE, type Unreachable } from './reach.js';
import { ContactFilterType } from './segment-filter.types.js';

export const MAX_SEGMENT_NAME = 80;
const NAME = `1 to ${MAX_SEGMENT_NAME} characters, of which there is no other segment.`;

const UnreachableEnum = enumOf(UNREACHABLE, {
  name: 'Unreachable',
  description:
    'Why nothing can be sent, the first that holds. NO_ADDRESS: the channel does not know the contact, or by a username alone. PLATFORM_STOPPED: by the person’s own switch in WhatsApp. OPTED_OUT: they said no. CONSENT_REQUESTED: asked, and not answered yet. CONSENT_MISSING: not asked, or not answered in time.',
});

@ObjectType('Segment', {
  description: 'A filter of contacts that has a name. Whoever meets it belongs to it, from that moment on.',
})
export class SegmentType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime)
  updatedAt!: Date;
}

@ObjectType({ description: 'How many contacts nothing can be sent to, for one reason.' })
export class UnreachableCount {
  @Field(() => UnreachableEnum)
  reason!: Unreachable;

  @Field(() => Int)
  count!: number;
}

@ObjectType({
  description: 'To how many contacts of a segment something can be sent now for a purpose, from a channel.',
})
export class SegmentReach {
  @Field(() => Int, {
    description: 'To whom it may be sent. What the template, limits or the budget do not allow, nobody knows before.',
  })
  reachable!: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'How many of them have an open service window there. Null without the permission conversation:read_all.',
  })
  inServiceWindow!: number | null;

  @Field(() => [UnreachableCount], { description: 'All others, each once; without reasons that there are none for.' })
  unreachable!: UnreachableCount[];
}

@ObjectType({ description: 'How many contacts there are.' })
export class ContactCount {
  @Field(() => Int)
  count!: number;

  @Field(() => SegmentReach, { nullable: true, description: 'If a purpose and a channel were asked for.' })
  reach!: SegmentReach | null;

  @Field(() => DateTime)
  countedAt!: Date;
}

@ObjectType({ implements: ContactEvent, description: 'A colleague made a segment, changed or deleted it.' })
export class SegmentChanged extends ContactEvent {
  @Field(() => ID)
  segmentId!: string;
}

@InputType()
export class CreateSegmentInput {
  @Field(() => String, { description: NAME })
  name!: string;

  @Field(() => ContactFilterType)
  filter!: ContactFilterType;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key makes one segment.' })
  idempotencyKey!: string;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateSegmentInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: NAME })
  name?: string | null;

  @Field(() => ContactFilterType, { nullable: true, description: 'Instead of the whole earlier one.' })
  filter?: ContactFilterType | null;
}

@InputType({ description: 'For what, and from where.' })
export class ReachInput {
  @Field(() => String, { description: 'The key of the purpose.' })
  purpose!: string;

  @Field(() => ID)
  channelId!: string;
}

@ObjectType()
export class SegmentDeleted {
  @Field(() => ID)
  id!: string;
}

@ObjectType({
  implements: UserError,
  description: 'Another segment has this name; upper and lower case count as the same.',
})
export class SegmentNameTaken extends UserError {}
registerUserError(SegmentNameTaken, 'SEGMENT_NAME_TAKEN');

export const CreateSegmentResult = resultUnion('CreateSegmentResult', SegmentType, [
  InvalidInput,
  SegmentNameTaken,
  IdempotencyConflict,
  NotFound,
]);
export const UpdateSegmentResult = resultUnion('UpdateSegmentResult', SegmentType, [
  InvalidInput,
  NotFound,
  SegmentNameTaken,
]);
export const DeleteSegmentResult = resultUnion('DeleteSegmentResult', SegmentDeleted, [NotFound]);
