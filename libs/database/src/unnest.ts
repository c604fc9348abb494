import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { array } from './array-parameter.js';

/**
 * Rows as a table in SQL, one array parameter per column whatever their number:
 * `sql\`insert into t (id, at) select id, at from ${unnest('input', { id: 'uuid', at: 'timestamptz' }, rows)}\``.
 * Values as for {@link array}.
 */
export function unnest<const Columns extends Record<string, string>>(
  alias: string,
  columns: Columns,
  rows: readonly { [K in keyof Columns]: unknown }[],
): RawBuilder<unknown> {
  const names = Object.keys(columns);
  const arrays = names.map((name) => array(columns[name]!, rows, (row) => row[name as keyof Columns]));
  return sql`unnest(${sql.join(arrays)}) as ${sql.ref(alias)}(${sql.join(names.map((name) => sql.ref(name)))})`;
}
