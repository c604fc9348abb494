import { ObjectType } from 'type-graphql';
import { ViewEvent } from '../views/view-event.types.js';
import { InboxEvent } from './inbox-event.js';

@ObjectType({
  implements: [InboxEvent, ViewEvent],
  description: 'Everything missed has been handed over; from here on events are live.',
})
export class LiveStarted extends InboxEvent {}

@ObjectType({
  implements: [InboxEvent, ViewEvent],
  description: '`after` is too old to be replayed: load your snapshot again; events go on from `cursor`.',
})
export class ReplayGap extends InboxEvent {}
