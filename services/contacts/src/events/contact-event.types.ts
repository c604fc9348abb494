import type { Envelope } from '@fenster/contracts';
import { Cursor, DateTime } from '@fenster/graphql';
import { Field, ID, InterfaceType, ObjectType } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import { ContactType } from '../contacts/contact.types.js';

@InterfaceType({
  description: 'Something that happened to contacts.',
  autoRegisterImplementations: false,
  resolveType: (event: ContactEvent) => event.constructor.name,
})
export abstract class ContactEvent {
  @Field(() => Cursor, { description: 'Keep the last one; after a break subscribe again with `after` set to it.' })
  cursor!: string;

  @Field(() => DateTime, { nullable: true, description: 'Null where nothing happened: the two markers.' })
  occurredAt?: Date;

  @Field(() => MemberReference, { nullable: true, description: 'The colleague who did it, if one did.' })
  byMember?: MemberReference | null;
}

@ObjectType({
  implements: ContactEvent,
  description: 'Everything missed has been handed over; from here on events are live.',
})
export class ContactsLiveStarted extends ContactEvent {}

@ObjectType({
  implements: ContactEvent,
  description: '`after` is too old to be replayed: load your snapshot again; events go on from `cursor`.',
})
export class ContactsReplayGap extends ContactEvent {}

@ObjectType({ implements: ContactEvent, description: 'A colleague entered a person.' })
export class ContactCreated extends ContactEvent {
  @Field(() => ContactType)
  contact!: ContactType;
}

@ObjectType({ implements: ContactEvent, description: 'A colleague changed what is known of a person.' })
export class ContactUpdated extends ContactEvent {
  @Field(() => ContactType)
  contact!: ContactType;

  @Field(() => [String], {
    description: 'What is another now: name, email, address, language, labels, notes, files, attributes.<key>.',
  })
  fields!: string[];
}

@ObjectType({
  implements: ContactEvent,
  description:
    'A channel told of a person for the first time, or what they call themselves now; or the name that a colleague wrote.',
})
export class ContactNamed extends ContactEvent {
  @Field(() => ContactType)
  contact!: ContactType;

  @Field(() => ID, { description: 'Under which it was told: `contact.id`, or another one of the same person.' })
  knownAs!: string;
}

@ObjectType({ implements: ContactEvent, description: 'A colleague made one contact of two.' })
export class ContactMerged extends ContactEvent {
  @Field(() => ContactType, { description: 'The one that stayed.' })
  contact!: ContactType;

  @Field(() => ID, { description: 'The one that became part of it, and is found by this id still.' })
  mergedId!: string;
}

@ObjectType({
  implements: ContactEvent,
  description: 'A colleague undid a merge: told of each of the two, which are as they were.',
})
export class ContactMergeUndone extends ContactEvent {
  @Field(() => ContactType)
  contact!: ContactType;

  @Field(() => ID)
  otherId!: string;
}

/** What an event of the log is about, and how it is told. */
export interface ContactTelling {
  type: new () => ContactEvent;
  /** Told to who may see this one. */
  contactId?: string;
  /** What else it is about: told to who may see such things. */
  of?: 'Job' | 'Newsletter' | 'Segment';
  says?: Readonly<Record<string, unknown>>;
}
export type Tell = (envelope: Envelope) => ContactTelling | undefined;
