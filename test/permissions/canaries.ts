import { setTimeout as delay } from 'node:timers/promises';
import { DATABASES, type DatabaseName } from '@fenster/local';
import { isId } from '@fenster/runtime';
import { expect } from 'vitest';
import { eventually } from '../support/eventually.js';
import { TABLES, type ActorRule, type KeyName, type Kind, type MemberName, type Role } from './rules.js';
import type { Place, World } from './world.js';

/** Shorter texts stand in answers for other reasons. */
const MIN_LENGTH = 8;
const MIN_AMOUNT = 10_000_000;

interface Row {
  /** `service.table`, or `service.table(kind)` where the kind of a row decides what its columns say. */
  table: string;
  workspaceId: string | undefined;
  values: Readonly<Record<string, unknown>>;
  /** What can be recognised in an answer, by column. */
  texts: ReadonlyMap<string, readonly string[]>;
}

/** Something that has an id of its own, by which it can be asked for. */
export interface WorldObject {
  table: string;
  id: string;
  place: 'here' | 'elsewhere';
}

/** Every text, id and amount that the databases hold, and in which cells it stands. */
export interface Contents {
  rows: readonly Row[];
  /** `service.table` of all that have a workspace. */
  tenantTables: readonly string[];
  objects: readonly WorldObject[];
  /** All that must not be told to those who may not see it: every text but what several workspaces say. */
  secrets: readonly string[];
}

export async function readContents(world: World): Promise<Contents> {
  const rows: Row[] = [];
  const tenantTables: string[] = [];
  for (const service of DATABASES) {
    for (const [name, types] of await columnTypes(world, service)) {
      const table = `${service}.${name}`;
      if (types.has('workspace_id')) tenantTables.push(table);
      const { rows: found } = await world.sql[service].query<{ values: Record<string, unknown> }>(
        `select to_jsonb(t) as values from "${name}" t`,
      );
      for (const { values } of found) {
        const texts = Object.entries(values).map(
          ([column, value]) => [column, textsIn(value, types.get(column)!)] as const,
        );
        rows.push({
          table: `${table}${kindOf(table, values)}`,
          workspaceId: values['workspace_id'] as string | undefined,
          values,
          texts: new Map(texts),
        });
      }
    }
  }
  const placeOf = new Map([
    [world.here.workspaceId, 'here' as const],
    [world.elsewhere.workspaceId, 'elsewhere' as const],
  ]);
  const objects = rows.flatMap(({ table, workspaceId, values }) => {
    const place = workspaceId && placeOf.get(workspaceId);
    const id = values[idColumn(table)];
    return place && typeof id === 'string' ? [{ table, id, place }] : [];
  });
  const shared = sharedTexts(rows);
  const texts = new Set(rows.flatMap((row) => [...row.texts.values()].flat()));
  return { rows, tenantTables, objects, secrets: [...texts].filter((text) => !shared.has(text)) };
}

/** What decides in some tables what a row's columns say, or to whom. */
function kindOf(table: string, { kind, sharing, owner_id: ownerId }: Record<string, unknown>): string {
  if (table === 'contacts.contact_identity') return `(${kind as string})`;
  if (table === 'conversation.saved_view') return ownerId === null ? '' : '(OWN)';
  return typeof sharing === 'string' ? `(${sharing})` : '';
}

const idColumn = (table: string) => (table === 'identity.workspace' ? 'workspace_id' : 'id');

const known = new WeakMap<World['sql'][DatabaseName], ReturnType<typeof readColumnTypes>>();

/** Migrations are over when there is a world. */
function columnTypes(world: World, service: DatabaseName): ReturnType<typeof readColumnTypes> {
  const types = known.get(world.sql[service]) ?? readColumnTypes(world, service);
  known.set(world.sql[service], types);
  return types;
}

async function readColumnTypes(world: World, service: DatabaseName): Promise<Map<string, Map<string, string>>> {
  const { rows } = await world.sql[service].query<{ table: string; column: string; type: string }>(
    `select table_name as table, column_name as column, data_type as type
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'mikro_orm_migrations'`,
  );
  const byTable = Map.groupBy(rows, (row) => row.table);
  return new Map([...byTable].map(([table, found]) => [table, new Map(found.map((row) => [row.column, row.type]))]));
}

function textsIn(value: unknown, type: string): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'object') {
    // Among other numbers there are limits, which many have alike.
    const isTold = ([key, each]: [string, unknown]) => typeof each !== 'number' || /micros$/i.test(key);
    return Object.entries(value)
      .filter(isTold)
      .flatMap(([, each]) => textsIn(each, 'jsonb'));
  }
  if (typeof value === 'number') return value >= MIN_AMOUNT ? [String(value), (value / 1_000_000).toFixed(6)] : [];
  if (typeof value !== 'string' || value.length < MIN_LENGTH || /^(date|time)/.test(type)) return [];
  if (type === 'bytea') {
    const bytes = Buffer.from(value.slice(2), 'hex');
    return [value.slice(2), bytes.toString('base64'), bytes.toString('base64url')];
  }
  if (WORD.test(value) || TIME.test(value)) return [];
  if (/^[{[]/.test(value)) return textsIn(JSON.parse(value), 'jsonb');
  // A phone number is one without its plus sign as well.
  return [/^\+\d+$/.test(value) ? value.slice(1) : value];
}

/** Of an enumeration, or the name of an event: everybody may read it in the schema. */
const WORD = /^[a-z_.]+$/i;
const TIME = /^\d{4}-\d\d-\d\d(T|$)/;

/** Finds thousands of texts in a long one, by how they end: ids of one hour begin alike. */
class TextIndex {
  readonly #byEnd: ReadonlyMap<string, readonly string[]>;
  /** A bit for each hash of how a text ends, so that most places in a long one need no second look. */
  readonly #ends = new Uint32Array((HASHES + 1) / 32);

  constructor(texts: readonly string[]) {
    this.#byEnd = Map.groupBy(texts, (text) => text.slice(-MIN_LENGTH));
    for (const end of this.#byEnd.keys()) {
      let hash = 0;
      for (let index = 0; index < end.length; index += 1) hash = hashOf(hash, end.charCodeAt(index));
      this.#ends[hash >> 5]! |= 1 << (hash & 31);
    }
  }

  foundIn(text: string): string[] {
    const found = new Set<string>();
    let hash = 0;
    for (let index = 0; index < text.length; index += 1) {
      hash = hashOf(hash, text.charCodeAt(index));
      if ((this.#ends[hash >> 5]! & (1 << (hash & 31))) === 0) continue;
      const end = index + 1;
      for (const each of this.#byEnd.get(text.slice(end - MIN_LENGTH, end)) ?? []) {
        if (text.startsWith(each, end - each.length)) found.add(each);
      }
    }
    return [...found];
  }
}

const HASHES = (1 << 20) - 1;
/** Forgets all but the last five characters. */
const hashOf = (before: number, code: number) => ((before << 4) ^ code) & HASHES;

/** What somebody may see, and all that they must not be told: what else stands in the databases. */
export class Sight {
  /** Where each text stands that they may see: `service.table.column`. */
  readonly #visible = new Map<string, Set<string>>();
  readonly #visibleIds = new Set<string>();
  readonly #visibleTexts: TextIndex;
  readonly #forbidden: TextIndex;

  /** @param more what else of their workspace is shown to them, where they ask. */
  constructor(
    world: World,
    { rows, secrets }: Contents,
    { token, rights }: ActorRule,
    more: readonly Kind[] | 'ids' | 'everything' = [],
  ) {
    const place = token && world[token.place];
    for (const row of rows) {
      if (!place || row.workspaceId !== place.workspaceId || rights.sees.length === 0) continue;
      const kinds = typeof more === 'string' ? [] : more;
      const visible = new Set(visibleColumns(row, place, token.who, rights, kinds));
      for (const [column, texts] of row.texts) {
        for (const text of texts) {
          const isShown = more === 'everything' || visible.has(column) || (more === 'ids' && isId(text));
          if (!isShown) continue;
          const columns = this.#visible.get(text) ?? new Set();
          this.#visible.set(text, columns.add(`${row.table}.${column}`));
          if (column === idColumn(row.table)) this.#visibleIds.add(text);
        }
      }
    }
    this.#forbidden = new TextIndex(secrets.filter((text) => !this.#visible.has(text)));
    this.#visibleTexts = new TextIndex([...this.#visible.keys()]);
  }

  /** Whether this object is one of theirs to ask for. */
  has({ id }: WorldObject): boolean {
    return this.#visibleIds.has(id);
  }

  /** The columns that they may see anything of. */
  get columns(): string[] {
    return [...new Set([...this.#visible.values()].flatMap((columns) => [...columns]))].toSorted();
  }

  /** The columns of which something stands in a text. */
  columnsIn(text: string): string[] {
    return this.#visibleTexts.foundIn(text).flatMap((each) => [...this.#visible.get(each)!]);
  }

  /** What stands in a text that must not. */
  forbiddenIn(text: string): string[] {
    return this.#forbidden.foundIn(text);
  }
}

function visibleColumns(row: Row, place: Place, who: Who, rights: Role, more: readonly Kind[]): string[] {
  const rule = TABLES[row.table];
  if (!rule) return [];
  const { by, as } = rule.ofConversation ?? {};
  const conversationId = rule.conversation
    ? (row.values[rule.conversation] as string)
    : by && as && (Object.values(place.conversations).find((each) => each[as] === row.values[by])?.id ?? 'none');
  const isReadable = conversationId === undefined || mayRead(place, who, rights, conversationId);
  const columns = Object.entries(rule.columns).flatMap(([column, kind]) =>
    more.includes(kind) || (rights.sees.includes(kind) && isReadable) ? [column] : [],
  );
  const isOwn = rule.own && row.values[rule.own.by] === idOf(place, who);
  return isOwn ? [...columns, ...rule.own!.columns] : columns;
}

type Who = MemberName | KeyName;

export function idOf({ members, keys }: Place, who: Who): string {
  return who in members ? members[who as MemberName].id : keys[who as KeyName].id;
}

/** "Conversations of one's teams, those assigned to oneself, unassigned ones of one's teams' channels." */
export function mayRead(place: Place, who: Who, rights: Role, conversationId: string): boolean {
  if (rights.conversations !== 'theirs') return rights.conversations === 'all';
  const conversation = Object.values(place.conversations).find(({ id }) => id === conversationId);
  if (!conversation) return false;
  const { teamId, assigneeId, channelId } = conversation;
  const { teamIds = [], channelIds = [] } = place.teamsOf[who] ?? {};
  if (assigneeId === idOf(place, who)) return true;
  return teamId === null ? assigneeId === null && channelIds.includes(channelId) : teamIds.includes(teamId);
}

/** What several workspaces say, such as a time zone, betrays nobody. An id is not such a thing. */
function sharedTexts(rows: readonly Row[]): ReadonlySet<string> {
  const workspaceOf = new Map<string, string | undefined>();
  const shared = new Set<string>();
  for (const { workspaceId, texts } of rows) {
    for (const text of [...texts.values()].flat().filter((each) => !isId(each))) {
      if (workspaceOf.has(text) && workspaceOf.get(text) !== workspaceId) shared.add(text);
      else workspaceOf.set(text, workspaceId);
    }
  }
  return shared;
}

/** Of all tables: how many rows there are, and a checksum of what is in them; asking itself is a use of an API key. */
async function fingerprint(world: World): Promise<Record<string, string>> {
  const tables: Record<string, string> = {};
  for (const service of DATABASES) {
    for (const table of (await columnTypes(world, service)).keys()) {
      const { rows } = await world.sql[service].query<{ sum: string }>(
        `select count(*) || ' rows ' || md5(coalesce(string_agg(line, ' ' order by line), '')) as sum
         from (select (to_jsonb(t) - 'last_used_at')::text as line from "${table}" t) lines`,
      );
      tables[`${service}.${table}`] = rows[0]!.sum;
    }
  }
  return tables;
}

/** Who read what is stored a little later, together. */
const READS_WAIT_MS = 300;

/** The same once nothing is on its way any more. */
export async function settledFingerprint(world: World): Promise<Record<string, string>> {
  let before = await fingerprint(world);
  return eventually(async () => {
    await delay(READS_WAIT_MS);
    const now = await fingerprint(world);
    const then = before;
    before = now;
    expect(now).toEqual(then);
    for (const service of DATABASES) expect(now[`${service}.outbox_pending`]).toMatch(/^0 rows /);
    return now;
  });
}
