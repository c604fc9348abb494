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

/**
 * Finds or creates the thread of each message and locks it, so that everything about one thread happens in one
 * order. New names of a known person are remembered. Three statements whatever the size of the batch.
 */
export async function resolveThreads(tx: Tx, events: readonly Received[]): Promise<Map<Received, ThreadState>> {
  const names = [...new Map(events.flatMap(namesOf).map((name) => [keyOf(name), name])).values()];
  const threadIdByName = await findThreadIds(tx, names);
  const threads = await lockThreads(tx, [...new Set(threadIdByName.values())]);
  const resolved = new Map<Received, ThreadState>();
  const newNames: {
    workspace_id: string;
    channel_id: string;
    kind: string;
    value: string;
    thread_id: string;
    created_at: Date;
  }[] = [];
  for (const event of events) {
    const own = namesOf(event);
    const known = own.map((name) => threadIdByName.get(keyOf(name))).find((id) => id !== undefined);
    const thread = known === undefined ? newThread(event) : threads.get(known)!;
    threads.set(thread.id, thread);
    for (const name of own) {
      if (threadIdByName.has(keyOf(name))) continue;
      threadIdByName.set(keyOf(name), thread.id);
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
    resolved.set(event, thread);
  }
  await insertThreads(
    tx,
    [...threads.values()].filter((thread) => thread.isNew),
  );
  if (newNames.length > 0) {
    await sql`/* prepared */
      insert into thread_identity (workspace_id, channel_id, kind, value, thread_id, created_at)
      select * from ${unnest('input', { workspace_id: 'uuid', channel_id: 'uuid', kind: 'text', value: 'text', thread_id: 'uuid', created_at: 'timestamptz' }, newNames)}
    `.execute(tx.sql);
  }
  return resolved;
}

async function findThreadIds(tx: Tx, names: ReturnType<typeof namesOf>): Promise<Map<string, string>> {
  const { rows } = await sql<{
    workspace_id: string;
    channel_id: string;
    kind: string;
    value: string;
    thread_id: string;
  }>`
    select workspace_id, channel_id, kind, value, thread_id from thread_identity
    join ${unnest(
      'input',
      { workspace_id: 'uuid', channel_id: 'uuid', kind: 'text', value: 'text' },
      names.map((name) => ({
        workspace_id: name.workspaceId,
        channel_id: name.channelId,
        kind: name.kind,
        value: name.value,
      })),
    )} using (workspace_id, channel_id, kind, value)
  `.execute(tx.sql);
  return new Map(
    rows.map((row) => [
      keyOf({ workspaceId: row.workspace_id, channelId: row.channel_id, kind: row.kind, value: row.value }),
      row.thread_id,
    ]),
  );
}

async function lockThreads(tx: Tx, ids: readonly string[]): Promise<Map<string, ThreadState>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<ThreadRow>`
    select workspace_id, id, channel_id, contact_id, phone, bsuid, username, profile_name, last_seq,
           open_conversation_id, last_customer_message_at, window_expires_at
    from thread where id = any(${[...ids]}::uuid[]) order by id for update
  `.execute(tx.sql);
  return new Map(
    rows.map((row) => [
      row.id,
      {
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
      },
    ]),
  );
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

async function insertThreads(tx: Tx, threads: readonly ThreadState[]): Promise<void> {
  if (threads.length === 0) return;
  const rows = threads.map((thread) => ({
    workspace_id: thread.workspaceId,
    id: thread.id,
    channel_id: thread.channelId,
    contact_id: thread.contactId,
    created_at: tx.now(),
  }));
  await sql`/* prepared */
    insert into thread (workspace_id, id, channel_id, contact_id, created_at)
    select * from ${unnest('input', { workspace_id: 'uuid', id: 'uuid', channel_id: 'uuid', contact_id: 'uuid', created_at: 'timestamptz' }, rows)}
  `.execute(tx.sql);
}

/** Writes back what the batch changed. */
export async function saveThreads(tx: Tx, threads: readonly ThreadState[]): Promise<void> {
  const rows = threads.map((thread) => ({
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
  }));
  await sql`
    update thread set phone = input.phone, bsuid = input.bsuid, username = input.username, profile_name = input.profile_name,
      last_seq = input.last_seq, open_conversation_id = input.open_conversation_id,
      last_customer_message_at = input.last_customer_message_at, window_expires_at = input.window_expires_at
    from ${unnest(
      'input',
      {
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
      },
      rows,
    )}
    where thread.workspace_id = input.workspace_id and thread.id = input.id
  `.execute(tx.sql);
}
