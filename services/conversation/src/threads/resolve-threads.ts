import type { ChannelIdentity, ChannelMessageReceived, Envelope } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import type { ServiceWindow } from './service-window.js';

/** A thread as the batch sees and changes it. */
export interface ThreadState {
  readonly workspaceId: string;
  readonly id: string;
  readonly channelId: string;
  readonly contactId: string;
  readonly isNew: boolean;
  identity: ChannelIdentity;
  identityChanged: boolean;
  lastSeq: number;
  openConversationId: string | null;
  window: ServiceWindow;
}

interface ThreadRow {
  kind: string;
  value: string;
  workspace_id: string;
  id: string;
  channel_id: string;
  contact_id: string;
  phone: string | null;
  bsuid: string | null;
  username: string | null;
  profile_name: string | null;
  last_seq: number;
  open_conversation_id: string | null;
  last_customer_message_at: Date | null;
  window_expires_at: Date | null;
}

type Received = Envelope<ChannelMessageReceived>;

/** The names that find a thread, the most stable first: a phone number can pass on to another person. */
function namesOf({ data, workspaceId }: Received) {
  return [
    { kind: 'BSUID', value: data.identity.bsuid },
    { kind: 'PHONE', value: data.identity.phone },
  ].flatMap(({ kind, value }) =>
    value === undefined ? [] : [{ workspaceId, channelId: data.channelId, kind, value }],
  );
}

const keyOf = (name: { workspaceId: string; channelId: string; kind: string; value: string }) =>
  `${name.workspaceId} ${name.channelId} ${name.kind} ${name.value}`;

/** Another name for a person, new or known. */
interface NewName {
  workspace_id: string;
  channel_id: string;
  kind: string;
  value: string;
  thread_id: string;
  created_at: Date;
}

export interface ResolvedThreads {
  of: ReadonlyMap<Received, ThreadState>;
  newNames: readonly NewName[];
}

/**
 * Finds the thread of each message and locks it, so that everything about one thread happens in one order; makes up
 * those that are missing. Nothing is stored yet. One statement whatever the size of the batch.
 */
export async function resolveThreads(tx: Tx, events: readonly Received[]): Promise<ResolvedThreads> {
  const threadByName = await lockThreads(tx, events.flatMap(namesOf));
  const of = new Map<Received, ThreadState>();
  const newNames: NewName[] = [];
  for (const event of events) {
    const own = namesOf(event);
    const known = own.map((name) => threadByName.get(keyOf(name))).find((thread) => thread !== undefined);
    const thread = known ?? newThread(event);
    for (const name of own) {
      if (threadByName.has(keyOf(name))) continue;
      threadByName.set(keyOf(name), thread);
      newNames.push({
        workspace_id: name.workspaceId,
        channel_id: name.channelId,
        kind: name.kind,
        value: name.value,
        thread_id: thread.id,
        created_at: tx.now(),
      });
    }
    mergeIdentity(thread, event.data.identity);
    of.set(event, thread);
  }
  return { of, newNames };
}

async function lockThreads(tx: Tx, names: ReturnType<typeof namesOf>): Promise<Map<string, ThreadState>> {
  // Materialised, because a planner that orders these joins by its guesses may pair all threads with all names.
  const { rows } = await sql<ThreadRow>`
    with name as materialized (
      select workspace_id, kind, value, thread_id from thread_identity join ${unnest(
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
    select name.kind, name.value, thread.workspace_id, thread.id, thread.channel_id, thread.contact_id, thread.phone,
      thread.bsuid, thread.username, thread.profile_name, thread.last_seq, thread.open_conversation_id,
      thread.last_customer_message_at, thread.window_expires_at
    from name join thread on thread.workspace_id = name.workspace_id and thread.id = name.thread_id
    order by thread.id for update of thread
  `.execute(tx.sql);
  const threads = new Map(rows.map((row) => [row.id, knownThread(row)]));
  return new Map(
    rows.map(({ workspace_id: workspaceId, channel_id: channelId, kind, value, id }) => [
      keyOf({ workspaceId, channelId, kind, value }),
      threads.get(id)!,
    ]),
  );
}

function knownThread(row: ThreadRow): ThreadState {
  return {
    workspaceId: row.workspace_id,
    id: row.id,
    channelId: row.channel_id,
    contactId: row.contact_id,
    isNew: false,
    identity: {
      ...(row.phone !== null && { phone: row.phone }),
      ...(row.bsuid !== null && { bsuid: row.bsuid }),
      ...(row.username !== null && { username: row.username }),
      ...(row.profile_name !== null && { profileName: row.profile_name }),
    },
    identityChanged: false,
    lastSeq: row.last_seq,
    openConversationId: row.open_conversation_id,
    window: { lastCustomerMessageAt: row.last_customer_message_at, expiresAt: row.window_expires_at },
  };
}

function newThread({ workspaceId, data }: Received): ThreadState {
  return {
    workspaceId,
    id: newId(),
    channelId: data.channelId,
    contactId: newId(),
    isNew: true,
    identity: data.identity,
    identityChanged: false,
    lastSeq: 0,
    openConversationId: null,
    window: { lastCustomerMessageAt: null, expiresAt: null },
  };
}

/** A missing field means "not told", never "gone" (whatsapp.md §A5). */
function mergeIdentity(thread: ThreadState, told: ChannelIdentity): void {
  for (const field of ['phone', 'bsuid', 'username', 'profileName'] as const) {
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
  username: 'text',
  profile_name: 'text',
  last_seq: 'int',
  open_conversation_id: 'uuid',
  last_customer_message_at: 'timestamptz',
  window_expires_at: 'timestamptz',
} as const;

const changingColumnsOf = (thread: ThreadState) => ({
  workspace_id: thread.workspaceId,
  id: thread.id,
  phone: thread.identity.phone,
  bsuid: thread.identity.bsuid,
  username: thread.identity.username,
  profile_name: thread.identity.profileName,
  last_seq: thread.lastSeq,
  open_conversation_id: thread.openConversationId,
  last_customer_message_at: thread.window.lastCustomerMessageAt,
  window_expires_at: thread.window.expiresAt,
});

/** The statements that store what the batch made of its threads. */
export function threadInserts(threads: readonly ThreadState[], now: Date) {
  return sql`
    insert into thread (workspace_id, id, phone, bsuid, username, profile_name, last_seq, open_conversation_id,
      last_customer_message_at, window_expires_at, channel_id, contact_id, created_at)
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
    update thread set phone = input.phone, bsuid = input.bsuid, username = input.username, profile_name = input.profile_name,
      last_seq = input.last_seq, open_conversation_id = input.open_conversation_id,
      last_customer_message_at = input.last_customer_message_at, window_expires_at = input.window_expires_at
    from ${unnest('input', CHANGING_COLUMNS, threads.filter((thread) => !thread.isNew).map(changingColumnsOf))}
    where thread.workspace_id = input.workspace_id and thread.id = input.id`;
}

export function nameInserts(names: readonly NewName[]) {
  return sql`
    insert into thread_identity (workspace_id, channel_id, kind, value, thread_id, created_at)
    select * from ${unnest('input', { workspace_id: 'uuid', channel_id: 'uuid', kind: 'text', value: 'text', thread_id: 'uuid', created_at: 'timestamptz' }, names)}`;
}
