import type { ChannelIdentity } from '@fenster/contracts';

export const IDENTITY_KINDS = ['PHONE', 'BSUID', 'PARENT_BSUID', 'USERNAME', 'THREEMA_ID'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

/** A channel told who somebody is. */
export interface Sighting {
  workspaceId: string;
  /** The id that the conversation service gave this person. */
  contactId: string;
  channelId: string;
  identity: ChannelIdentity;
  /** What they are called no longer on this channel. */
  former?: Pick<ChannelIdentity, 'phone' | 'bsuid'> | undefined;
  at: Date;
}

export interface IdentityEntry {
  id: string;
  channelId: string;
  kind: IdentityKind;
  value: string;
  validFrom: Date;
  /** Null while it is the current one. */
  validTo: Date | null;
}

export interface ContactEntry {
  workspaceId: string;
  /** Under which channels first knew the person. */
  id: string;
  /** Whose row it is: another one after a merge. What was two to channels stays two here, in names and in consent. */
  contactId: string;
  /** What a colleague wrote: no channel changes it. */
  givenName: string | null;
  /** What a channel told last. */
  profileName: string | null;
  createdAt: Date;
  identities: IdentityEntry[];
}

export interface AliasEntry {
  workspaceId: string;
  id: string;
  contactId: string;
  /** The `id` of whose entry it is. */
  originId: string;
  createdAt: Date;
}

/** What has to be written after a batch of sightings. */
export interface Changes {
  newContacts: ContactEntry[];
  /** Those with another profile name; who has a given one is called by it as before. */
  renamed: ContactEntry[];
  newAliases: AliasEntry[];
  newIdentities: { contact: ContactEntry; identity: IdentityEntry }[];
  ended: { contact: ContactEntry; identity: IdentityEntry }[];
}

/**
 * The contacts that a batch of sightings is about, with their current identities, and the rules by which
 * sightings change them. Order matters: each sighting sees what the ones before it did.
 */
export class ContactBook {
  readonly #contacts = new Map<string, ContactEntry>();
  readonly #ofContact = new Map<string, ContactEntry[]>();
  readonly #aliases = new Map<string, string>();
  /** Who is called this, on any channel. */
  readonly #holders = new Map<string, Set<ContactEntry>>();
  readonly #newId: () => string;
  readonly #new = { contacts: new Set<ContactEntry>(), identities: new Map<IdentityEntry, ContactEntry>() };
  readonly #renamed = new Set<ContactEntry>();
  readonly #ended = new Map<IdentityEntry, ContactEntry>();
  readonly #newAliases: AliasEntry[] = [];

  /** Takes what is stored: the contacts concerned, with all their current identities, and the aliases of the sighted ids. */
  constructor(
    contacts: readonly ContactEntry[],
    aliases: readonly Pick<AliasEntry, 'workspaceId' | 'id' | 'originId'>[],
    newId: () => string,
  ) {
    this.#newId = newId;
    for (const contact of contacts) {
      this.#enter(contact);
      for (const identity of contact.identities) this.#hold(contact, identity);
    }
    for (const alias of aliases) this.#aliases.set(`${alias.workspaceId} ${alias.id}`, alias.originId);
  }

  /** Keeps what a channel told. What it did not tell stays as it was: a missing field never means "gone". */
  record(sighting: Sighting): void {
    const contact = this.#find(sighting) ?? this.#merge(sighting) ?? this.#add(sighting);
    for (const [kind, value] of namesOf(sighting.former ?? {})) {
      const gone = contact.identities.find(
        (each) => each.channelId === sighting.channelId && each.kind === kind && each.value === value,
      );
      if (gone) this.#end(contact, gone, sighting.at);
    }
    for (const [kind, value] of namesOf(sighting.identity)) this.#name(contact, sighting, kind, value);
    const { profileName } = sighting.identity;
    if (profileName && profileName !== contact.profileName) {
      for (const each of this.#entriesOf(contact.workspaceId, contact.contactId)) each.profileName = profileName;
      // The last one to be renamed is last, of those that are one contact.
      this.#renamed.delete(contact);
      if (!this.#new.contacts.has(contact)) this.#renamed.add(contact);
    }
  }

  nameOf(workspaceId: string, contactId: string): string | null {
    const [contact] = this.#entriesOf(workspaceId, contactId);
    return contact?.givenName ?? contact?.profileName ?? null;
  }

  #enter(contact: ContactEntry): void {
    const { workspaceId, id, contactId } = contact;
    this.#contacts.set(`${workspaceId} ${id}`, contact);
    this.#ofContact.set(`${workspaceId} ${contactId}`, [...this.#entriesOf(workspaceId, contactId), contact]);
  }

  #entriesOf(workspaceId: string, contactId: string): readonly ContactEntry[] {
    return this.#ofContact.get(`${workspaceId} ${contactId}`) ?? [];
  }

  get changes(): Changes {
    return {
      newContacts: [...this.#new.contacts],
      renamed: [...this.#renamed],
      newAliases: this.#newAliases,
      newIdentities: [...this.#new.identities].map(([identity, contact]) => ({ contact, identity })),
      ended: [...this.#ended].map(([identity, contact]) => ({ contact, identity })),
    };
  }

  #find({ workspaceId, contactId }: Sighting): ContactEntry | undefined {
    const id = this.#aliases.get(`${workspaceId} ${contactId}`) ?? contactId;
    return this.#contacts.get(`${workspaceId} ${id}`);
  }

  /**
   * Somebody new here may be known from another channel: then the new id becomes another id of that contact. A BSUID
   * or a Threema id proves it. A phone number does unless the same channel knows its holder by another BSUID, for numbers are
   * handed on; a username never does, because anybody can take a free one, and neither does a parent BSUID: it goes beyond
   * this business, and only people decide that what was told to another one belongs together.
   */
  #merge({ workspaceId, contactId, channelId, identity, at }: Sighting): ContactEntry | undefined {
    const byBsuid = this.#latestHolder(workspaceId, 'BSUID', identity.bsuid);
    const byPhone = this.#latestHolder(workspaceId, 'PHONE', identity.phone);
    const byThreemaId = this.#latestHolder(workspaceId, 'THREEMA_ID', identity.threemaId);
    const known =
      byBsuid ?? byThreemaId ?? (byPhone && !isSomebodyElse(byPhone, channelId, identity) ? byPhone : undefined);
    if (!known) return undefined;
    this.#aliases.set(`${workspaceId} ${contactId}`, known.id);
    const { id: originId } = known;
    this.#newAliases.push({ workspaceId, id: contactId, contactId: known.contactId, originId, createdAt: at });
    return known;
  }

  #add({ workspaceId, contactId, identity, at }: Sighting): ContactEntry {
    const contact: ContactEntry = {
      workspaceId,
      id: contactId,
      contactId,
      givenName: null,
      profileName: identity.profileName ?? null,
      createdAt: at,
      identities: [],
    };
    this.#enter(contact);
    this.#new.contacts.add(contact);
    return contact;
  }

  /** One name of a kind per person and channel, and one person per name and channel: the latest sighting is right. */
  #name(contact: ContactEntry, { channelId, at }: Sighting, kind: IdentityKind, value: string): void {
    const isSame = (identity: IdentityEntry) => identity.channelId === channelId && identity.kind === kind;
    const current = contact.identities.find(isSame);
    if (current?.value === value) return;
    if (current) this.#end(contact, current, at);
    for (const holder of this.#holders.get(holderKey(contact.workspaceId, kind, value)) ?? []) {
      const theirs = holder.identities.find((identity) => isSame(identity) && identity.value === value);
      if (theirs) this.#end(holder, theirs, at);
    }
    const identity = { id: this.#newId(), channelId, kind, value, validFrom: at, validTo: null };
    contact.identities.push(identity);
    this.#hold(contact, identity);
    this.#new.identities.set(identity, contact);
  }

  #end(contact: ContactEntry, identity: IdentityEntry, at: Date): void {
    // Clocks of providers differ; nothing ends before it began.
    identity.validTo = at > identity.validFrom ? at : identity.validFrom;
    contact.identities.splice(contact.identities.indexOf(identity), 1);
    const { kind, value } = identity;
    const isHeldElsewhere = contact.identities.some((other) => other.kind === kind && other.value === value);
    if (!isHeldElsewhere) this.#holders.get(holderKey(contact.workspaceId, kind, value))?.delete(contact);
    if (!this.#new.identities.has(identity)) this.#ended.set(identity, contact);
  }

  #hold(contact: ContactEntry, { kind, value }: IdentityEntry): void {
    const key = holderKey(contact.workspaceId, kind, value);
    this.#holders.set(key, (this.#holders.get(key) ?? new Set()).add(contact));
  }

  /** Two channels may know two people by one number: whoever got it last has it. */
  #latestHolder(workspaceId: string, kind: IdentityKind, value: string | undefined): ContactEntry | undefined {
    if (value === undefined) return undefined;
    const since = (contact: ContactEntry) =>
      Math.max(
        ...contact.identities
          .filter((identity) => identity.kind === kind && identity.value === value)
          .map((identity) => identity.validFrom.getTime()),
      );
    const holders = [...(this.#holders.get(holderKey(workspaceId, kind, value)) ?? [])];
    return holders.toSorted((a, b) => since(b) - since(a) || (a.id < b.id ? -1 : 1))[0];
  }
}

export function namesOf({ phone, bsuid, parentBsuid, username, threemaId }: ChannelIdentity): [IdentityKind, string][] {
  const names: [IdentityKind, string | undefined][] = [
    ['PHONE', phone],
    ['BSUID', bsuid],
    ['PARENT_BSUID', parentBsuid],
    ['USERNAME', username],
    ['THREEMA_ID', threemaId],
  ];
  return names.filter((name): name is [IdentityKind, string] => Boolean(name[1]));
}

function isSomebodyElse(holder: ContactEntry, channelId: string, { bsuid }: ChannelIdentity): boolean {
  const theirs = holder.identities.find((identity) => identity.channelId === channelId && identity.kind === 'BSUID');
  return bsuid !== undefined && theirs !== undefined && theirs.value !== bsuid;
}

function holderKey(workspaceId: string, kind: IdentityKind, value: string): string {
  return `${workspaceId} ${kind} ${value}`;
}
