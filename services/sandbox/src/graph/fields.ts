import { parameterError, refuse } from './graph-error.js';

/** One of `fields=a,b{c,d},pricing_analytics.start(1).end(2)`. */
export interface Field {
  name: string;
  arguments: ReadonlyMap<string, string>;
  fields: Field[];
}

const MAX_LENGTH = 4_096;
const MAX_DEPTH = 5;

/** @throws GraphRefusal for what is no list of fields. */
export function parseFields(text: string): Field[] {
  if (text.length > MAX_LENGTH) refuse(parameterError('The parameter fields is too long.'));
  const parser = new FieldParser(text);
  const fields = parser.list(0);
  if (!parser.isAtEnd()) parser.fail();
  return fields;
}

class FieldParser {
  #at = 0;
  constructor(private readonly text: string) {}

  isAtEnd(): boolean {
    return this.#at >= this.text.length;
  }
  fail(): never {
    return refuse({ status: 400, code: 2500, message: `Syntax error in the field expansion at position ${this.#at}` });
  }
  list(depth: number): Field[] {
    if (depth > MAX_DEPTH) this.fail();
    const fields: Field[] = [];
    do fields.push(this.#field(depth));
    while (this.#take(','));
    return fields;
  }
  #field(depth: number): Field {
    const name = this.#word();
    const args = new Map<string, string>();
    while (this.#take('.')) {
      const argument = this.#word();
      if (!this.#take('(')) this.fail();
      const end = this.text.indexOf(')', this.#at);
      if (end === -1) this.fail();
      args.set(argument, this.text.slice(this.#at, end));
      this.#at = end + 1;
    }
    let fields: Field[] = [];
    if (this.#take('{')) {
      fields = this.list(depth + 1);
      if (!this.#take('}')) this.fail();
    }
    return { name, arguments: args, fields };
  }
  #word(): string {
    const [word] = /^\s*[a-z0-9_]+\s*/i.exec(this.text.slice(this.#at)) ?? this.fail();
    this.#at += word.length;
    return word.trim();
  }
  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }
}

/** `id` is always there; what an object does not have is left out, as the Graph API does for optional fields. */
export function pick(object: Record<string, unknown>, fields: readonly Field[]): Record<string, unknown> {
  const picked = fields.flatMap(({ name }) => (object[name] === undefined ? [] : [[name, object[name]]]));
  return { ...(object['id'] !== undefined && { id: object['id'] }), ...Object.fromEntries(picked) };
}

export interface Page<T> {
  data: T[];
  paging?: { cursors: { before: string; after: string }; next?: string; previous?: string };
}

/** Cursors name the item they stand at, so that what is added or deleted meanwhile skips and repeats nothing. */
export function paginate<T>(
  items: readonly T[],
  { query, keyOf, url }: { query: URLSearchParams; keyOf: (item: T) => string; url: string },
): Page<T> {
  const limit = Number(query.get('limit') ?? 25);
  if (!Number.isInteger(limit) || limit < 1) refuse(parameterError('Param limit must be a positive integer.'));
  const after = query.get('after');
  const before = query.get('before');
  const size = Math.min(limit, 1_000);
  let from = 0;
  if (after !== null) from = positionOf(items, after, keyOf) + 1;
  else if (before !== null) from = Math.max(0, positionOf(items, before, keyOf) - size);
  const data = items.slice(from, from + size);
  const [first] = data;
  const last = data.at(-1);
  if (first === undefined || last === undefined) return { data };
  const link = (name: string, cursor: string) => {
    const parameters = new URLSearchParams(query);
    parameters.delete('after');
    parameters.delete('before');
    parameters.delete('access_token');
    parameters.set(name, cursor);
    return `${url}?${parameters.toString()}`;
  };
  const cursors = { before: cursorOf(keyOf(first)), after: cursorOf(keyOf(last)) };
  return {
    data,
    paging: {
      cursors,
      ...(from + data.length < items.length && { next: link('after', cursors.after) }),
      ...(from > 0 && { previous: link('before', cursors.before) }),
    },
  };
}

function cursorOf(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function positionOf<T>(items: readonly T[], cursor: string, keyOf: (item: T) => string): number {
  const key = Buffer.from(cursor, 'base64url').toString();
  const position = items.findIndex((item) => keyOf(item) === key);
  return position === -1 ? refuse(parameterError('The cursor is not valid any more.')) : position;
}
