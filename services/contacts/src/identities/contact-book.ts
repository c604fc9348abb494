import type { ChannelIdentity } from '@fenster/contracts';

export const IDENTITY_KINDS = ['PHONE', 'BSUID', 'USERNAME'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

/** A channel told who somebody is. */
export interface Sighting {
  workspaceId: string;
  /** The id that the conversation service gave this person. */
  contactId: string;
  channelId: string;
  identity: ChannelIdentity;
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
  id: string;
  name: string | null;
  createdAt: Date;
  identities: IdentityEntry[];
}

export interface AliasEntry {
  workspaceId: string;
  id: string;
  contactId: string;
  createdAt: Date;
}

/** What has to be written after a batch of sightings. */
export interface Changes {
  newContacts: ContactEntry[];
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
    aliases: readonly Omit<AliasEntry, 'createdAt'>[],
    newId: () => string,
  ) {
    this.#newId = newId;
    for (const contact of contacts) {
      this.#contacts.set(`${contact.workspaceId} ${contact.id}`, contact);
      for (const identity of contact.identities) this.#hold(contact, identity);
    }
    for (const alias of aliases) this.#aliases.set(`${alias.workspaceId} ${alias.id}`, alias.contactId);
  }

  /** Keeps what a channel told. What it did not tell stays as it was: a missing field never means "gone". */
  record(sighting: Sighting): void {
    const contact = this.#find(sighting) ?? this.#merge(sighting) ?? this.#add(sighting);
    for (const [kind, value] of namesOf(sighting.identity)) this.#name(contact, sighting, kind, value);
    const { profileName } = sighting.identity;
    if (profileName && profileName !== contact.name) {
      contact.name = profileName;
      if (!this.#new.contacts.has(contact)) this.#renamed.add(contact);
    }
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
   * proves it. A phone number does unless the same channel knows its holder by another BSUID, for numbers are
   * handed on; a username never does, because anybody can take a free one.
   */
  #merge({ workspaceId, contactId, channelId, identity, at }: Sighting): ContactEntry | undefined {
    const byBsuid = this.#latestHolder(workspaceId, 'BSUID', identity.bsuid);
    const byPhone = this.#latestHolder(workspaceId, 'PHONE', identity.phone);
    const known = byBsuid ?? (byPhone && !isSomebodyElse(byPhone, channelId, identity) ? byPhone : undefined);
    if (!known) return undefined;
    this.#aliases.set(`${workspaceId} ${contactId}`, known.id);
    this.#newAliases.push({ workspaceId, id: contactId, contactId: known.id, createdAt: at });
    return known;
  }

  #add({ workspaceId, contactId, identity, at }: Sighting): ContactEntry {
    const contact = { workspaceId, id: contactId, name: identity.profileName ?? null, createdAt: at, identities: [] };
    this.#contacts.set(`${workspaceId} ${contactId}`, contact);
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

export function namesOf({ phone, bsuid, username }: ChannelIdentity): [IdentityKind, string][] {
  const names: [IdentityKind, string | undefined][] = [
    ['PHONE', phone],
    ['BSUID', bsuid],
    ['USERNAME', username],
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
