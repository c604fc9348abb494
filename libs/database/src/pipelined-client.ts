import pg from 'pg';

type Result = pg.QueryResult;

export interface PipelinedClientConfig extends pg.ClientConfig {
  pipeline: true;
  /** Sees the text of every statement, without its values where they are parameters. For query-count tests. */
  onStatement?: ((text: string) => void) | undefined;
}

const NO_ROWS = { command: '', rowCount: 0, oid: 0, fields: [], rows: [] } as unknown as Result;

/**
 * A transaction with its tenant scope costs `begin`, `set_config`, the query and `commit`: four round trips for
 * one read, which halves the read rate (performance.md §0.7). This client keeps the opening statements back,
 * sends them in one flush with the first real statement, and does not wait for the commit of a transaction that
 * only read. A statement whose answer nobody needs says so, and goes with the next one. With a statement that says that
 * it is the last one the commit goes too, which is then done when the transaction is told to commit. All of it still
 * runs in one transaction and in this order; only the waiting is gone.
 */
export class PipelinedClient extends pg.Client {
  /** What goes with the next statement. */
  #held: [string, unknown[] | undefined][] = [];
  /** Whether the transaction's beginning has been sent. */
  #hasBegun = false;
  #onlyReads = true;
  /** The last statement was, and its commit has succeeded. */
  #isCommitted = false;
  readonly #onStatement: ((text: string) => void) | undefined;

  constructor(config: PipelinedClientConfig) {
    super(config);
    this.#onStatement = config.onStatement;
    // MikroORM asks for text here and parses both; rows of plain SQL should hold dates.
    this.setTypeParser(pg.types.builtins.TIMESTAMPTZ, pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ));
  }

  // pg declares a dozen overloads; MikroORM's driver uses the one with text and values.
  override query(...args: never[]): never {
    const [text, values, callback] = args as unknown as [unknown, unknown[] | undefined, unknown];
    if (typeof text !== 'string' || typeof values === 'function' || callback)
      return super.query(...(args as unknown as [never]));
    return this.#run(text, values) as never;
  }

  async #run(text: string, values: unknown[] | undefined): Promise<Result> {
    if (text === 'begin' || text.startsWith('start transaction')) {
      this.#held = [[text, values]];
      this.#hasBegun = false;
      this.#onlyReads = true;
      return NO_ROWS;
    }
    if (this.#held.length > 0 && !this.#hasBegun && text.startsWith('select set_config(')) {
      this.#held.push([text, values]);
      return NO_ROWS;
    }
    const isEnd = text === 'commit' || text === 'rollback';
    if (this.#isCommitted) {
      if (!isEnd) throw new Error('The last statement of a transaction was not the last.');
      this.#isCommitted = false;
      return NO_ROWS;
    }
    if (AHEAD.test(text) && (this.#hasBegun || this.#held.length > 0)) {
      this.#held.push([text, values]);
      this.#onlyReads = false;
      return NO_ROWS;
    }
    const held = this.#held;
    this.#held = [];
    const isLast = text.startsWith(LAST);
    if (text !== 'rollback' && (held.length > 0 || isLast)) {
      if (text === 'commit' && this.#onlyReads && !this.#hasBegun) return NO_ROWS;
      this.#onlyReads &&= isRead(text);
      this.#hasBegun = !isEnd;
      const { stream } = this.connection;
      // In one write: each would wake PostgreSQL on its own.
      stream.cork();
      const before = held.map((statement) => this.#send(...statement));
      const sent = this.#send(text, values);
      const after = isLast ? [this.#send('commit', undefined)] : [];
      stream.uncork();
      // The first failure is the cause; what follows it only says that the transaction is aborted.
      const outcomes = await Promise.allSettled([...before, sent, ...after]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      this.#isCommitted = isLast;
      return sent;
    }
    // Nothing of it was sent.
    if (text === 'rollback' && held.length > 0 && !this.#hasBegun) return NO_ROWS;
    if (isEnd) this.#hasBegun = false;
    if (text === 'commit' && this.#onlyReads) {
      this.#send(text, values).catch(() => undefined);
      return NO_ROWS;
    }
    if (text === 'rollback') {
      // Kysely gives a connection back only after a rollback that worked. On a lost connection none can, and none is
      // needed; but the pool would shrink with every one, until nothing is left of it.
      return this.#send(text, values).catch(() => {
        void this.end().catch(() => undefined);
        return NO_ROWS;
      });
    }
    this.#onlyReads &&= isRead(text);
    return this.#send(text, values);
  }

  #send(text: string, values: unknown[] | undefined): Promise<Result> {
    this.#onStatement?.(text);
    if (!text.startsWith(PREPARED)) return super.query(text, values as never) as unknown as Promise<Result>;
    let statement = prepared.get(text);
    if (!statement) prepared.set(text, (statement = { number: prepared.size, runs: 0 }));
    statement.runs += 1;
    const name = `prepared ${statement.number}.${Math.trunc(Math.log2(statement.runs) / 2)}`;
    return super.query({ name, text, values: values ?? [] }) as unknown as Promise<Result>;
  }
}

/**
 * Begins statements that PostgreSQL should parse and plan once per connection; that is most of what a small batch
 * costs. Only for statements of one text that append, or that reach tables which have one index to reach them by. Among
 * several, a plan made while a table was small takes any: 0.6 ms became 500 ms a call, and agents waited for seconds.
 * Even so, they are planned anew when this process has run them 4 times, 16 times, and so on, because tables grow.
 */
const PREPARED = '/* prepared */';
const prepared = new Map<string, { number: number; runs: number }>();
/** Begins a prepared statement after which there is nothing left to do but commit. */
const LAST = `${PREPARED} /* last */`;
/** Begins a statement of a transaction whose answer nobody needs: if it fails, the next one does. */
const AHEAD = /^(\/\* prepared \*\/ )?\/\* ahead \*\//;

function isRead(text: string): boolean {
  return /^(\/\* prepared \*\/)?\s*select\b/i.test(text) && !/\bfor (no key )?(update|share)\b/i.test(text);
}
