import type { Envelope } from '@fenster/contracts';
import { Authorized, cancellable, Cursor, decodeCursor, encodeCursor } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Arg, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import { contactsById, type FoundContact } from '../contacts/contact.queries.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactEvent, ContactsLiveStarted, ContactsReplayGap } from './contact-event.types.js';
import { contactTelling } from './contact-tellings.js';

interface ContactEventsArgs {
  after?: string | null;
}

@Resolver()
export class ContactEventsSubscription {
  @Authorized('contact:read')
  @Subscription(() => ContactEvent, {
    description:
      'Everything that happens to contacts. With `after`: first what was missed since, in order; then ContactsLiveStarted; then live.',
    subscribe: ({ args, context }: SubscribeResolverData<unknown, ContactEventsArgs, ContactsContext>) => {
      const position = args.after == null ? undefined : decodeCursor(args.after);
      return cancellable((signal) => followContacts(context, position, signal));
    },
  })
  contactEvents(
    @Root() event: ContactEvent,
    @Arg('after', () => Cursor, { nullable: true }) _after?: string,
  ): ContactEvent {
    return event;
  }
}

async function* followContacts(
  ctx: ContactsContext,
  position: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<ContactEvent[], void> {
  const { workspaceId } = ctx.requireActor();
  for await (const item of ctx.app.liveLog.follow(workspaceId, position, signal)) {
    if (item.kind === 'live') yield [at(new ContactsLiveStarted(), item.seq)];
    else if (item.kind === 'gap') yield [at(new ContactsReplayGap(), item.seq)];
    else yield await toEvents(ctx, item.envelopes);
  }
}

async function toEvents(ctx: ContactsContext, envelopes: readonly Envelope[]): Promise<ContactEvent[]> {
  const ability = abilityOf(ctx);
  const told = envelopes.flatMap((envelope) => {
    const telling = contactTelling(envelope);
    return telling && (telling.of === undefined || ability.can('read', telling.of)) ? [{ telling, envelope }] : [];
  });
  const ids = new Set(told.flatMap(({ telling }) => telling.contactId ?? []));
  // Not by the context's loader: it would go on showing what it saw first.
  const contacts = ids.size > 0 ? await contactsById(ctx as never, [...ids]) : new Map<string, FoundContact>();
  return told.flatMap(({ telling: { type, contactId, says }, envelope: { seq, occurredAt, actor } }) => {
    const contact = contactId === undefined ? undefined : contacts.get(contactId);
    // Gone meanwhile, or not to be seen.
    if (contactId !== undefined && !contact) return [];
    const event = Object.assign(new type(), {
      ...says,
      ...(contact && { contact: { ...contact, id: contact.contactId } }),
      occurredAt: new Date(occurredAt),
      byMember: actor.kind === 'member' && isId(actor.id) ? { id: actor.id } : null,
    });
    return [at(event, seq)];
  });
}

function at<E extends ContactEvent>(event: E, seq: number): E {
  return Object.assign(event, { cursor: encodeCursor(seq) });
}
