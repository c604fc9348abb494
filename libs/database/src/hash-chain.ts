import { createHash } from 'node:crypto';
import { IsolationLevel } from '@mikro-orm/core';
import { sql, type Database, type EntityManager } from './database.js';
import type { Tx } from './transact.js';
import { unnest } from './unnest.js';

/** The last entry of a workspace's chain. */
export interface ChainHead {
  seq: number;
  hash: Buffer;
}

/** Before the first entry. */
export const NO_HEAD: ChainHead = { seq: 0, hash: Buffer.alloc(32) };

/** An entry as it is stored: tied to the one before it. */
export type Chained<Content> = Content & { previousHash: Buffer; hash: Buffer };

export interface BrokenLink<Check extends string = BrokenLinkCheck> {
  seq: number;
  check: Check;
}
export type BrokenLinkCheck = 'gap' | 'previous hash' | 'hash' | 'head';

export interface Chain<Input, Content> {
  /** SHA-256 over the content in canonical JSON (keys sorted, no white space, UTF-8), then the hash of the entry before it. */
  hash(content: Content, previousHash: Buffer): Buffer;
  /** The entries that `inputs` add to a chain which ends with `head`. */
  extend(head: ChainHead, inputs: readonly Input[]): Chained<Content>[];
  /** Why `entry` cannot be the one that was appended after `last`; undefined if it can. */
  brokenLink(last: ChainHead, entry: Chained<Content>): BrokenLink | undefined;
}

/**
 * A chain of entries per workspace, in which no entry can be changed, removed or put in without breaking a link.
 * @param toContent what an input says at its place 1, 2, 3, …
 * @param hashed what of an entry is hashed: all that it says.
 */
export function defineChain<Input, Content extends { seq: number }>({
  toContent,
  hashed,
}: {
  toContent(input: Input, seq: number): Content;
  hashed(entry: Content): object;
}): Chain<Input, Content> {
  const hashOf = (content: Content, previousHash: Buffer) =>
    createHash('sha256')
      .update(canonicalJson(hashed(content)))
      .update(previousHash)
      .digest();
  return {
    hash: hashOf,
    extend(head, inputs) {
      let last = head;
      return inputs.map((input) => {
        const content = toContent(input, last.seq + 1);
        const entry = { ...content, previousHash: last.hash, hash: hashOf(content, last.hash) };
        last = entry;
        return entry;
      });
    },
    brokenLink(last, entry) {
      const seq = last.seq + 1;
      if (entry.seq !== seq) return { seq, check: 'gap' };
      if (!entry.previousHash.equals(last.hash)) return { seq, check: 'previous hash' };
      if (!entry.hash.equals(hashOf(entry, entry.previousHash))) return { seq, check: 'hash' };
      return undefined;
    },
  };
}

/** One way to write each value: keys sorted by code units, no white space. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}

const HEAD = { workspace_id: 'uuid', seq: 'bigint', hash: 'bytea' } as const;

/**
 * Locks the ends of these workspaces' chains, in the order of the workspaces, so that writers take turns; a chain that
 * has none begins.
 * @param table has `workspace_id` (its key), `seq` and `hash`.
 */
export async function lockHeads(
  tx: Tx,
  table: string,
  workspaceIds: readonly string[],
): Promise<Map<string, ChainHead>> {
  const first = workspaceIds.toSorted().map((workspace_id) => ({ workspace_id, ...NO_HEAD }));
  const { rows } = await sql<{ workspace_id: string; seq: string; hash: Buffer }>`/* prepared */
    insert into ${sql.table(table)} as head (workspace_id, seq, hash)
    select * from ${unnest('input', HEAD, first)}
    on conflict (workspace_id) do update set seq = head.seq
    returning workspace_id, seq, hash
  `.execute(tx.sql);
  return new Map(rows.map(({ workspace_id, seq, hash }) => [workspace_id, { seq: Number(seq), hash }]));
}

/** Of chains whose heads are locked. */
export async function moveHeads(
  tx: Tx,
  table: string,
  heads: readonly (ChainHead & { workspaceId: string })[],
): Promise<void> {
  const rows = heads.map(({ workspaceId, seq, hash }) => ({ workspace_id: workspaceId, seq, hash }));
  await sql`/* prepared */
    update ${sql.table(table)} as head set seq = input.seq, hash = input.hash from ${unnest('input', HEAD, rows)}
    where head.workspace_id = input.workspace_id
  `.execute(tx.sql);
}

export interface VerifiedChain<Check extends string = BrokenLinkCheck> {
  workspaceId: string;
  /** The end that was found; compare it with one that was kept elsewhere. */
  head: ChainHead;
  /** The first link that does not hold. `seq` is where an entry should be and is not, or is and should not. */
  broken: BrokenLink<Check> | undefined;
}

export interface StoredChain<Entry extends ChainHead, Check extends string> {
  /** The tables, both with `workspace_id`. */
  entries: string;
  heads: string;
  /** Where the last entries are that were removed from the beginning; the same columns as `heads`. */
  anchors?: string;
  /** The entries after `after`, in order. */
  read(em: EntityManager, workspaceId: string, after: number, limit: number): Promise<Entry[]>;
  brokenLink(last: ChainHead, entry: Entry): BrokenLink<Check | BrokenLinkCheck> | undefined;
}

const BATCH = 1_000;

/**
 * Walks the chains, each in one snapshot of the database, so that entries may be appended meanwhile. Memory does not
 * grow with their length. Stops in each chain at the first broken link.
 */
export async function* verifyChains<Entry extends ChainHead, Check extends string = BrokenLinkCheck>(
  database: Database,
  chain: StoredChain<Entry, Check>,
  options: { workspaceId?: string | undefined; batch?: number } = {},
): AsyncGenerator<VerifiedChain<Check | BrokenLinkCheck>, void> {
  const { workspaceId, batch = BATCH } = options;
  if (workspaceId !== undefined) return yield await verifyChain(database, chain, workspaceId, batch);
  let last: string | undefined;
  while ((last = await nextWorkspace(database, chain, last)) !== undefined) {
    yield await verifyChain(database, chain, last, batch);
  }
}

/** Workspaces that have a head, entries or both: one of them may have been removed. */
async function nextWorkspace(
  database: Database,
  { entries, heads }: Pick<StoredChain<never, never>, 'entries' | 'heads'>,
  after: string | undefined,
): Promise<string | undefined> {
  const condition = after === undefined ? sql`true` : sql`workspace_id > ${after}`;
  const { rows } = await sql<{ next: string | null }>`
    select least(
      (select workspace_id from ${sql.table(heads)} where ${condition} order by workspace_id limit 1),
      (select workspace_id from ${sql.table(entries)} where ${condition} order by workspace_id limit 1)
    ) as next
  `.execute(database.system().getKysely());
  return rows[0]?.next ?? undefined;
}

async function verifyChain<Entry extends ChainHead, Check extends string>(
  database: Database,
  chain: StoredChain<Entry, Check>,
  workspaceId: string,
  batch: number,
): Promise<VerifiedChain<Check | BrokenLinkCheck>> {
  return database.system().transactional(
    async (em) => {
      let last = chain.anchors ? await readHead(em as EntityManager, chain.anchors, workspaceId) : NO_HEAD;
      for (let size = batch; size === batch;) {
        const entries = await chain.read(em as EntityManager, workspaceId, last.seq, batch);
        size = entries.length;
        for (const entry of entries) {
          const broken = chain.brokenLink(last, entry);
          if (broken) return { workspaceId, head: { seq: last.seq, hash: last.hash }, broken };
          last = entry;
        }
      }
      const head = await readHead(em as EntityManager, chain.heads, workspaceId);
      return { workspaceId, head: { seq: last.seq, hash: last.hash }, broken: brokenEnd(last, head) };
    },
    { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true },
  );
}

/** Entries that are missing at the end, or that nobody appended there. */
function brokenEnd(last: ChainHead, head: ChainHead): BrokenLink | undefined {
  if (head.seq > last.seq) return { seq: last.seq + 1, check: 'head' };
  if (head.seq < last.seq) return { seq: head.seq + 1, check: 'head' };
  return head.hash.equals(last.hash) ? undefined : { seq: last.seq, check: 'head' };
}

async function readHead(em: EntityManager, table: string, workspaceId: string): Promise<ChainHead> {
  const { rows } = await sql<{ seq: string; hash: Buffer }>`
    select seq, hash from ${sql.table(table)} where workspace_id = ${workspaceId}
  `.execute(em.getKysely());
  return rows[0] ? { seq: Number(rows[0].seq), hash: rows[0].hash } : NO_HEAD;
}
