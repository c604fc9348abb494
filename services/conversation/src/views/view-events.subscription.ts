import { Authorized, cancellable, Cursor, decodeCursor } from '@fenster/graphql';
import { invalidInput } from '@fenster/runtime';
import { Arg, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { checkFilter } from './filter.input.js';
import { ConversationFilterInput } from './filter.types.js';
import { followView, type Followed } from './follow-view.js';
import { ViewEvent } from './view-event.types.js';

interface ViewEventsArgs {
  viewId?: string | null;
  filter?: ConversationFilterInput | null;
  after?: string | null;
}

@Resolver()
export class ViewEventsSubscription {
  @Authorized('conversation:read')
  @Subscription(() => ViewEvent, {
    description:
      'What enters a view, changes in it and leaves it, for you. With `after`: first what was missed since, together; then LiveStarted; then live. ReplayGap: load the view again, also because somebody changed it.',
    subscribe: async ({ args, context }: SubscribeResolverData<unknown, ViewEventsArgs, ConversationContext>) => {
      const position = args.after == null ? undefined : decodeCursor(args.after);
      return cancellable(await followView(context, followedBy(args), position));
    },
  })
  viewEvents(
    @Root() event: ViewEvent,
    @Arg('viewId', () => ID, { nullable: true }) _viewId?: string,
    @Arg('filter', () => ConversationFilterInput, { nullable: true, description: 'Instead of `viewId`.' })
    _filter?: ConversationFilterInput,
    @Arg('after', () => Cursor, { nullable: true, description: '`cursor` of the page, or of the last event.' })
    _after?: string,
  ): ViewEvent {
    return event;
  }
}

function followedBy({ viewId, filter }: ViewEventsArgs): Followed {
  if ((viewId == null) === (filter == null)) throw invalidInput('viewId', 'or filter must be given, and not both.');
  return viewId == null ? { filter: checkFilter(filter!) } : { viewId };
}
