import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { IncomingText } from './webhook.js';

export interface StoredMessage {
  id: string;
  conversationId: string;
  seq: number;
}

const TABLES = `
  create table if not exists contact (id uuid primary key, phone text not null unique, name text not null);
  create table if not exists conversation (
    id uuid primary key,
    contact_id uuid not null unique references contact (id),
    last_seq int not null,
    last_message_at timestamptz not null
  );
  create table if not exists message (
    id uuid primary key,
    conversation_id uuid not null references conversation (id),
    wamid text not null unique,
    seq int not null,
    text text not null,
    created_at timestamptz not null,
    unique (conversation_id, seq)
  );
`;
const CONNECTIONS = 20;

/**
 * The way without batching: a transaction per message, prepared statements, a pool. Knows duplicates by their wamid.
 * Resolves to undefined for one that is known.
 */
export async function createInboxStore(
  url: string,
): Promise<(text: IncomingText) => Promise<StoredMessage | undefined>> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, min: CONNECTIONS });
  await pool.query(TABLES);
  const first = async (client: pg.PoolClient, name: string, text: string, values: unknown[]) => {
    const { rows } = await client.query<Record<string, string>>({ name, text, values });
    return rows[0];
  };
  return async ({ wamid, phone, name, text }) => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const known = await first(client, 'known', 'select id from message where wamid = $1', [wamid]);
      if (known) {
        await client.query('rollback');
        return undefined;
      }
      const contact = await first(
        client,
        'contact',
        'insert into contact (id, phone, name) values ($1, $2, $3) on conflict (phone) do update set name = excluded.name returning id',
        [randomUUID(), phone, name],
      );
      const conversation = await first(
        client,
        'conversation',
        `insert into conversation (id, contact_id, last_seq, last_message_at) values ($1, $2, 1, now())
         on conflict (contact_id) do update set last_seq = conversation.last_seq + 1, last_message_at = now()
         returning id, last_seq`,
        [randomUUID(), contact!['id']],
      );
      const stored = { id: randomUUID(), conversationId: conversation!['id']!, seq: Number(conversation!['last_seq']) };
      await client.query({
        name: 'message',
        text: 'insert into message (id, conversation_id, wamid, seq, text, created_at) values ($1, $2, $3, $4, $5, now())',
        values: [stored.id, stored.conversationId, wamid, stored.seq, text],
      });
      await client.query('commit');
      return stored;
    } catch (error) {
      await client.query('rollback');
      // Two deliveries of one message at once: the other one has stored it.
      if ((error as { code?: string }).code === '23505') return undefined;
      throw error;
    } finally {
      client.release();
    }
  };
}
