import { heldMessageState, type HeldMessageState } from '@fenster/contracts';
import { DateTime, enumOf } from '@fenster/graphql';
import { Field, ID, ObjectType } from 'type-graphql';

export const HeldMessageStateEnum = enumOf(heldMessageState.options, {
  name: 'HeldMessageState',
  description:
    'HELD waits for approval. RELEASED: it was approved, and is a message with the same id. DECLINED, WITHDRAWN and EXPIRED ones never leave.',
});

@ObjectType({
  description:
    'A reply that waits because a budget holds it. It has no place in the thread: with its approval it gets the next `seq`, behind all that left meanwhile; nothing waits for it.',
})
export class HeldMessage {
  @Field(() => ID, { description: 'That of the message that it becomes.' })
  id!: string;

  @Field(() => HeldMessageStateEnum)
  state!: HeldMessageState;

  @Field(() => ID, { description: 'Of one that holds it.' })
  budgetId!: string;

  @Field(() => DateTime)
  heldAt!: Date;

  @Field(() => DateTime, {
    description:
      'When it ends if nobody approves it: with the service window, later if the customer writes again; a template after seven days, as everything does at the latest.',
  })
  expiresAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Null while it waits.' })
  endedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When a rule of retention took what it said.' })
  contentRemovedAt!: Date | null;
}

@ObjectType({ description: 'Held messages, the oldest first.' })
export class HeldMessagePage {
  @Field(() => [HeldMessage])
  nodes!: HeldMessage[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}
