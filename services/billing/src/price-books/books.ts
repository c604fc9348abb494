import { array, sql, type Sql } from '@fenster/database';
import { parsePriceBook, type PriceBook } from './price-book.js';

const MOST_IN_MEMORY = 64;

/**
 * Price books in force: that which a workspace has activated, or the one that shipped when it began. Which one it is, is
 * asked each time; a version never changes, so those that were asked for last are kept.
 */
export class Books {
  readonly #recent = new Map<string, PriceBook>();
  readonly #shipped: PriceBook;
  readonly #most: number;

  constructor(shipped: PriceBook, most = MOST_IN_MEMORY) {
    this.#shipped = shipped;
    this.#most = most;
  }

  /** The one that ships with this release: no workspace rates by it before somebody has put it in force, or it is new. */
  get shipped(): PriceBook {
    return this.#shipped;
  }

  /** For rating: a workspace that is new stays with the book of this release. */
  async inForce(db: Sql, workspaceIds: readonly string[]): Promise<(workspaceId: string) => PriceBook> {
    let versions = await readVersions(db, workspaceIds);
    const unknown = workspaceIds.filter((id) => !versions.has(id));
    if (unknown.length > 0) {
      await sql`
        insert into shipped_price_book (workspace_id, version)
        select id, ${this.#shipped.version} from unnest(${array('uuid', unknown)}) as id order by id
        on conflict do nothing
      `.execute(db);
      versions = await readVersions(db, workspaceIds);
    }
    const books = new Map<string, PriceBook>();
    for (const version of new Set(versions.values())) books.set(version, await this.read(db, version));
    return (workspaceId) => books.get(versions.get(workspaceId)!)!;
  }

  async versionInForce(db: Sql, workspaceId: string): Promise<string> {
    return (await readVersions(db, [workspaceId])).get(workspaceId) ?? this.#shipped.version;
  }

  /** @throws Error for a version that was never recorded. */
  async read(db: Sql, version: string): Promise<PriceBook> {
    if (version === this.#shipped.version) return this.#shipped;
    const book = this.#recent.get(version) ?? (await readBook(db, version));
    this.#recent.delete(version);
    this.#recent.set(version, book);
    if (this.#recent.size > this.#most) this.#recent.delete(this.#recent.keys().next().value!);
    return book;
  }
}

async function readBook(db: Sql, version: string): Promise<PriceBook> {
  const { rows } = await sql<{ content: string }>`
    select content from price_book where version = ${version}
    union all select content from workspace_price_book where version = ${version} limit 1
  `.execute(db);
  const parsed = rows[0] && parsePriceBook(rows[0].content);
  if (!parsed?.ok) throw new Error(`There is no price book ${version}.`);
  return parsed.book;
}

/** None of workspaces that are new. */
async function readVersions(db: Sql, workspaceIds: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ workspace_id: string; version: string }>`/* prepared */
    select workspace_id, coalesce(active.version, shipped.version) as version
    from unnest(${array('uuid', workspaceIds)}) as input(workspace_id)
    left join (select * from workspace_price_book where state = 'ACTIVE') as active using (workspace_id)
    left join shipped_price_book shipped using (workspace_id)
    where coalesce(active.version, shipped.version) is not null
  `.execute(db);
  return new Map(rows.map(({ workspace_id, version }) => [workspace_id, version]));
}
