import type { ChannelIdentity, ChannelMessageReceived, CustomerIdentityChanged, Envelope } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { NO_WINDOW, type ServiceWindow } from './service-window.js';

/** A thread as the batch sees and changes it. */
export interface ThreadState {
  readonly workspaceId: string;
  readonly id: string;
  readonly channelId: string;
  readonly contactId: string;
  readonly isNew: boolean;
  /** A new one, told to others. */
  isAnnounced: boolean;
  identity: ChannelIdentity;
  identityChanged: boolean;
  /** What the person is called no longer, and nothing has taken its place. */
  former: Pick<ChannelIdentity, 'phone' | 'bsuid'> | undefined;
  lastSeq: number;
  openConversationId: string | null;
  /** As `Thread` has them. */
  wakesOnMessage: boolean;
  readonly resolvedConversationId: string | null;
  window: ServiceWindow;
  /** Whether the settings of its channel ask for something to be done; true where nobody has looked. See attention/. */
  readonly mayWantAttention: boolean;
  /** As `Thread` has them. */
  consentAskedUntil: Date | null;
  newsletterMessageId: string | null;
}

interface ThreadRow {
  kind: NameKind;
  value: string;
  named_at: Date;
  ended_at: Date | null;
  workspace_id: string;
  id: string;
  channel_id: string;
  contact_id: string;
  phone: string | null;
  bsuid: string | null;
  parent_bsuid: string | null;
  threema_id: string | null;
  username: string | null;
  profile_name: string | null;
  last_seq: number;
  open_conversation_id: string | null;
  wakes_on_message: boolean;
  resolved_conversation_id: string | null;
  last_customer_message_at: Date | null;
  window_expires_at: Date | null;
  window_opened_at: Date | null;
  window_opened_by: string | null;
  attends: boolean | null;
  consent_asked_until: Date | null;
  newsletter_message_id: string | null;
}

/** Somebody comes under names that the provider has for them. */
export type Sighting = Envelope<
  Pick<ChannelMessageReceived, 'channelId' | 'identity' | 'sentAt'> & Partial<Pick<ChannelMessageReceived, 'becomes'>>
>;

type NameKind = 'BSUID' | 'PHONE' | 'THREEMA_ID';

/** How the provider names a person on a channel. */
interface Name {
  workspaceId: string;
  channelId: string;
  kind: NameKind;
  value: string;
}

const keyOf = (name: Name) => `${name.workspaceId} ${name.channelId} ${name.kind} ${name.value}`;

function nameOf({ workspaceId, data }: Sighting, kind: NameKind, value: string | undefined): Name | undefined {
  return value === undefined ? undefined : { workspaceId, channelId: data.channelId, kind, value };
}

const FIELDS = { BSUID: 'bsuid', PHONE: 'phone', THREEMA_ID: 'threemaId' } as const;
const KINDS = ['BSUID', 'PHONE', 'THREEMA_ID'] as const;

function namesOf(event: Sighting): Name[] {
  const { identity, becomes } = event.data;
  const names: readonly (ChannelIdentity | undefined)[] = [identity, becomes];
  return names.flatMap((told) => KINDS.flatMap((kind) => nameOf(event, kind, told?.[FIELDS[kind]]) ?? []));
}

/** Whose a name is, or was until it ended. */
interface Holder {
  name: Name;
  thread: ThreadState;
  since: Date;
  endedAt: Date | null;
  /** Nobody was called so when the batch began. */
  isNew: boolean;
}

/** What a message did to who is called what, for people to know: with the message itself, or in a thread of somebody else. */
export interface IdentityChange {
  thread: ThreadState;
  change: CustomerIdentityChanged['change'];
}

export interface ResolvedThreads {
  of: ReadonlyMap<Sighting, ThreadState>;
  /** Names that have another holder, or none any more. */
  changedNames: readonly Holder[];
  /** Of few messages, those that are notices, and those of people who have somebody else’s former number. */
  identityChanges: ReadonlyMap<Sighting, readonly IdentityChange[]>;
}

/**
 * Finds the thread of each message and locks it, so that everything about one thread happens in one order; makes up
 * those that are missing. Nothing is stored yet. One statement whatever the size of the batch.
 */
export async function resolveThreads(tx: Tx, events: readonly Sighting[]): Promise<ResolvedThreads> {
  const holders = await lockThreads(tx, events.flatMap(namesOf));
  const names = new Names(holders);
  const of = new Map<Sighting, ThreadState>();
  const identityChanges = new Map<Sighting, readonly IdentityChange[]>();
  for (const event of events) {
    const thread = names.find(event) ?? newThread(event);
    const changes = [...names.sight(thread, event), ...names.change(thread, event)];
    if (changes.length > 0) identityChanges.set(event, changes);
    of.set(event, thread);
  }
  return { of, changedNames: names.changed, identityChanges };
}

/**
 * Who is called what on a channel. A BSUID is one person’s for ever; a phone number passes on to other people, so it
 * names somebody only as long as nothing says otherwise, and nobody gets into another person’s thread by it.
 */
class Names {
  readonly #holders: Map<string, Holder>;
  readonly #changed = new Set<Holder>();

  constructor(holders: Map<string, Holder>) {
    this.#holders = holders;
  }

  get changed(): readonly Holder[] {
    return [...this.#changed];
  }

  find(event: Sighting): ThreadState | undefined {
    const { identity, sentAt } = event.data;
    const byId =
      this.#holderOf(nameOf(event, 'BSUID', identity.bsuid)) ??
      this.#holderOf(nameOf(event, 'THREEMA_ID', identity.threemaId));
    if (byId) return byId.thread;
    const byPhone = this.#holderOf(nameOf(event, 'PHONE', identity.phone));
    if (!byPhone || (byPhone.endedAt && byPhone.endedAt <= new Date(sentAt))) return undefined;
    return isSomebodyElse(byPhone.thread, identity.bsuid) ? undefined : byPhone.thread;
  }

  /** The person came under these names: they are theirs, and what else was told of them is so. */
  sight(thread: ThreadState, event: Sighting): IdentityChange[] {
    const { identity } = event.data;
    // By a name of before: it came late, and says what was then.
    if (isSomebodyElse(thread, identity.bsuid)) return [];
    const told = { ...identity };
    const changes = KINDS.flatMap((kind) => {
      const name = nameOf(event, kind, identity[FIELDS[kind]]);
      const given = name ? this.#give(name, thread, event) : [];
      // Somebody else has it since.
      if (name && given === undefined) delete told[FIELDS[kind]];
      return given ?? [];
    });
    mergeIdentity(thread, told);
    return changes;
  }

  /** A notice that the person has other names from now on. */
  change(thread: ThreadState, event: Sighting): IdentityChange[] {
    const { becomes, sentAt } = event.data;
    if (!becomes || isSomebodyElse(thread, event.data.identity.bsuid)) return [];
    const { phone, bsuid }: ChannelIdentity = becomes;
    const known = this.#holderOf(nameOf(event, 'BSUID', bsuid));
    // They wrote before the notice came. To make one of two threads is for people to decide.
    if (known && known.thread !== thread) return [{ thread, change: 'WRITES_ELSEWHERE' }];
    const before = thread.identity;
    const isSame = (phone ?? before.phone) === before.phone && (bsuid ?? before.bsuid) === before.bsuid;
    if (isSame) {
      mergeIdentity(thread, becomes);
      return [];
    }
    if (before.phone !== undefined && before.phone !== phone) {
      this.#end(nameOf(event, 'PHONE', before.phone)!, thread, new Date(sentAt));
      const { phone: gone, ...rest } = before;
      thread.identity = rest;
      if (phone === undefined) thread.former = { phone: gone };
    }
    const lost = KINDS.flatMap((kind) => {
      const name = nameOf(event, kind, (becomes as ChannelIdentity)[FIELDS[kind]]);
      return (name && this.#give(name, thread, event)) ?? [];
    });
    mergeIdentity(thread, becomes);
    thread.identityChanged = true;
    return [{ thread, change: phone === undefined ? 'USER_ID_CHANGED' : 'NUMBER_CHANGED' }, ...lost];
  }

  #holderOf(name: Name | undefined): Holder | undefined {
    return name && this.#holders.get(keyOf(name));
  }

  /** Undefined if somebody else has it since a later time. */
  #give(name: Name, thread: ThreadState, { data: { sentAt } }: Sighting): IdentityChange[] | undefined {
    const known = this.#holderOf(name);
    const isTheirs = known?.thread === thread;
    if (isTheirs && (!known.endedAt || known.endedAt > new Date(sentAt))) return known.endedAt ? undefined : [];
    if (known && !isTheirs && !known.endedAt && known.since > new Date(sentAt)) return undefined;
    this.#set({ name, thread, since: new Date(sentAt), endedAt: null, isNew: !known || known.isNew });
    if (!known || isTheirs || known.endedAt) return [];
    const field = FIELDS[name.kind];
    if (known.thread.identity[field] !== name.value) return [];
    const { [field]: _, ...rest } = known.thread.identity;
    known.thread.identity = rest;
    return [{ thread: known.thread, change: 'NUMBER_LOST' }];
  }

  #end(name: Name, thread: ThreadState, at: Date): void {
    const known = this.#holderOf(name);
    if (known && known.thread !== thread) return;
    this.#set({ name, thread, since: known?.since ?? at, endedAt: at, isNew: !known || known.isNew });
  }

  #set(holder: Holder): void {
    const key = keyOf(holder.name);
    const before = this.#holders.get(key);
    if (before) this.#changed.delete(before);
    this.#holders.set(key, holder);
    this.#changed.add(holder);
  }
}

/** A user has one id at a time on a channel. */
function isSomebodyElse({ identity }: ThreadState, bsuid: string | undefined): boolean {
  return bsuid !== undefined && identity.bsuid !== undefined && identity.bsuid !== bsuid;
}

async function lockThreads(tx: Tx, names: readonly Name[]): Promise<Map<string, Holder>> {
  // Materialised, because a planner that orders these joins by its guesses may pair all threads with all names.
  const { rows } = await sql<ThreadRow>`
    with name as materialized (
      select workspace_id, kind, value, thread_id, created_at, ended_at from thread_identity join ${unnest(
        'input',
        { workspace_id: 'uuid', channel_id: 'uuid', kind: 'text', value: 'text' },
        [...new Map(names.map((name) => [keyOf(name), name])).values()].map((name) => ({
          workspace_id: name.workspaceId,
          channel_id: name.channelId,
          kind: name.kind,
          value: name.value,
        })),
      )} using (workspace_id, channel_id, kind, value)
    )
    select name.kind, name.value, name.created_at as named_at, name.ended_at, thread.workspace_id, thread.id, thread.channel_id, thread.contact_id, thread.phone,
      thread.bsuid, thread.parent_bsuid, thread.threema_id, thread.username, thread.profile_name, thread.last_seq, thread.open_conversation_id,
      thread.wakes_on_message, thread.resolved_conversation_id,
      thread.last_customer_message_at, thread.window_expires_at, thread.window_opened_at, thread.window_opened_by, thread.consent_asked_until,
      thread.newsletter_message_id,
      (select attends from channel_setting setting
        where setting.workspace_id = thread.workspace_id and setting.channel_id = thread.channel_id)
    from name join thread on thread.workspace_id = name.workspace_id and thread.id = name.thread_id
    order by thread.id for update of thread
  `.execute(tx.sql);
  const threads = new Map(rows.map((row) => [row.id, knownThread(row)]));
  return new Map(
    rows.map((row) => {
      const {
        workspace_id: workspaceId,
        channel_id: channelId,
        kind,
        value,
        id,
        named_at: since,
        ended_at: endedAt,
      } = row;
      const name = { workspaceId, channelId, kind, value };
      return [keyOf(name), { name, thread: threads.get(id)!, since, endedAt, isNew: false }];
    }),
  );
}

function knownThread(row: ThreadRow): ThreadState {
  return {
    workspaceId: row.workspace_id,
    id: row.id,
    channelId: row.channel_id,
    contactId: row.contact_id,
    isNew: false,
    isAnnounced: true,
    identity: {
      ...(row.phone !== null && { phone: row.phone }),
      ...(row.bsuid !== null && { bsuid: row.bsuid }),
      ...(row.parent_bsuid !== null && { parentBsuid: row.parent_bsuid }),
      ...(row.threema_id !== null && { threemaId: row.threema_id }),
      ...(row.username !== null && { username: row.username }),
      ...(row.profile_name !== null && { profileName: row.profile_name }),
    },
    identityChanged: false,
    former: undefined,
    lastSeq: row.last_seq,
    openConversationId: row.open_conversation_id,
    wakesOnMessage: row.wakes_on_message,
    resolvedConversationId: row.resolved_conversation_id,
    window: {
      lastCustomerMessageAt: row.last_customer_message_at,
      expiresAt: row.window_expires_at,
      openedAt: row.window_opened_at,
      openedByMessageId: row.window_opened_by,
    },
    mayWantAttention: row.attends ?? false,
    consentAskedUntil: row.consent_asked_until,
    newsletterMessageId: row.newsletter_message_id,
  };
}

function newThread({ workspaceId, data }: Sighting): ThreadState {
  return {
    workspaceId,
    id: newId(),
    channelId: data.channelId,
    contactId: newId(),
    isNew: true,
    isAnnounced: false,
    identity: {},
    identityChanged: false,
    former: undefined,
    lastSeq: 0,
    openConversationId: null,
    wakesOnMessage: false,
    resolvedConversationId: null,
    window: NO_WINDOW,
    mayWantAttention: true,
    consentAskedUntil: null,
    newsletterMessageId: null,
  };
}

/** A missing field means "not told", never "gone" (whatsapp.md §A5). */
function mergeIdentity(thread: ThreadState, told: ChannelIdentity): void {
  for (const field of ['phone', 'bsuid', 'parentBsuid', 'threemaId', 'username', 'profileName'] as const) {
    const value = told[field];
    if (value === undefined || thread.identity[field] === value) continue;
    thread.identity = { ...thread.identity, [field]: value };
    thread.identityChanged = true;
  }
}

const CHANGING_COLUMNS = {
  workspace_id: 'uuid',
  id: 'uuid',
  phone: 'text',
  bsuid: 'text',
  parent_bsuid: 'text',
  threema_id: 'text',
  username: 'text',
  profile_name: 'text',
  last_seq: 'int',
  open_conversation_id: 'uuid',
  last_customer_message_at: 'timestamptz',
  window_expires_at: 'timestamptz',
  window_opened_at: 'timestamptz',
  window_opened_by: 'uuid',
  consent_asked_until: 'timestamptz',
  newsletter_message_id: 'uuid',
} as const;

const changingColumnsOf = (thread: ThreadState) => ({
  workspace_id: thread.workspaceId,
  id: thread.id,
  phone: thread.identity.phone,
  bsuid: thread.identity.bsuid,
  parent_bsuid: thread.identity.parentBsuid,
  threema_id: thread.identity.threemaId,
  username: thread.identity.username,
  profile_name: thread.identity.profileName,
  last_seq: thread.lastSeq,
  open_conversation_id: thread.openConversationId,
  last_customer_message_at: thread.window.lastCustomerMessageAt,
  window_expires_at: thread.window.expiresAt,
  window_opened_at: thread.window.openedAt,
  window_opened_by: thread.window.openedByMessageId,
  consent_asked_until: thread.consentAskedUntil,
  newsletter_message_id: thread.newsletterMessageId,
});

/** The statements that store what the batch made of its threads. */
export function threadInserts(threads: readonly ThreadState[], now: Date) {
  return sql`
    insert into thread (workspace_id, id, phone, bsuid, parent_bsuid, threema_id, username, profile_name, last_seq, open_conversation_id,
      last_customer_message_at, window_expires_at, window_opened_at, window_opened_by, consent_asked_until, newsletter_message_id, channel_id, contact_id, created_at)
    select * from ${unnest(
      'input',
      { ...CHANGING_COLUMNS, channel_id: 'uuid', contact_id: 'uuid', created_at: 'timestamptz' },
      threads
        .filter((thread) => thread.isNew)
        .map((thread) => ({
          ...changingColumnsOf(thread),
          channel_id: thread.channelId,
          contact_id: thread.contactId,
          created_at: now,
        })),
    )}`;
}

export function threadUpdates(threads: readonly ThreadState[]) {
  return sql`
    update thread set phone = input.phone, bsuid = input.bsuid, parent_bsuid = input.parent_bsuid, threema_id = input.threema_id, username = input.username, profile_name = input.profile_name,
      last_seq = input.last_seq, open_conversation_id = input.open_conversation_id,
      last_customer_message_at = input.last_customer_message_at, window_expires_at = input.window_expires_at,
      window_opened_at = input.window_opened_at, window_opened_by = input.window_opened_by,
      consent_asked_until = input.consent_asked_until, newsletter_message_id = input.newsletter_message_id
    from ${unnest('input', CHANGING_COLUMNS, threads.filter((thread) => !thread.isNew).map(changingColumnsOf))}
    where thread.workspace_id = input.workspace_id and thread.id = input.id`;
}

/**
 * By the names of the CTEs that they may be. A new name that somebody was given meanwhile (see openings/) is a violation of its key: then
 * the message is received once more, and finds their thread.
 */
export function nameInserts(names: readonly Holder[]): [cte: string, statement: ReturnType<typeof insertNames>][] {
  const [fresh, others] = [names.filter(({ isNew }) => isNew), names.filter(({ isNew }) => !isNew)];
  return [
    ...(fresh.length > 0 ? [['new_name', insertNames(fresh)] as [string, ReturnType<typeof insertNames>]] : []),
    ...(others.length > 0
      ? [['changed_name', sql`${insertNames(others)} ${OVERWRITING}`] as [string, ReturnType<typeof insertNames>]]
      : []),
  ];
}

const OVERWRITING = sql`
    on conflict (workspace_id, channel_id, kind, value) do update
      set thread_id = excluded.thread_id, created_at = excluded.created_at, ended_at = excluded.ended_at
      -- A name that ends is one's own: it may have passed on to somebody who is not in this batch.
      where excluded.ended_at is null or thread_identity.thread_id = excluded.thread_id`;

function insertNames(names: readonly Holder[]) {
  return sql`
    insert into thread_identity (workspace_id, channel_id, kind, value, thread_id, created_at, ended_at)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        channel_id: 'uuid',
        kind: 'text',
        value: 'text',
        thread_id: 'uuid',
        created_at: 'timestamptz',
        ended_at: 'timestamptz',
      },
      names.map(({ name, thread, since, endedAt }) => ({
        workspace_id: name.workspaceId,
        channel_id: name.channelId,
        kind: name.kind,
        value: name.value,
        thread_id: thread.id,
        created_at: since,
        ended_at: endedAt,
      })),
    )}`;
}
