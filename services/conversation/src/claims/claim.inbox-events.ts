import { claimChanged } from '@fenster/contracts';
import { Field, ObjectType } from 'type-graphql';
import { ActorType, toActor } from '../activities/actor.types.js';
import { ConversationType } from '../conversations/conversation.types.js';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { ClaimChangeEnum } from './claim.types.js';

@ObjectType({ implements: InboxEvent, description: 'Somebody else, or nobody, may send now. Renewals are not told.' })
export class ClaimChanged extends InboxEvent {
  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => ClaimChangeEnum)
  claimChange!: string;

  @Field(() => ActorType, { nullable: true, description: 'Who held it from then on; null for nobody.' })
  holder!: ActorType | null;

  @Field(() => ActorType, { nullable: true, description: 'Who had held it before; null for nobody.' })
  previousHolder!: ActorType | null;
}

export const claimTellings = [
  tell(claimChanged, ClaimChanged, ({ conversationId, change, holder, previousHolder }) => ({
    conversationId,
    says: {
      claimChange: change,
      holder: holder && toActor(holder),
      previousHolder: previousHolder && toActor(previousHolder),
    },
  })),
];
