import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

/**
 * Rows as a table in SQL, one array parameter per column whatever their number:
 * `sql\`insert into t (id, at) select id, at from ${unnest('input', { id: 'uuid', at: 'timestamptz' }, rows)}\``.
 * Values of `jsonb` columns are objects; undefined becomes null.
 */
export function unnest<const Columns extends Record<string, string>>(
  alias: string,
  columns: Columns,
  rows: readonly { [K in keyof Columns]: unknown }[],
): RawBuilder<unknown> {
  const names = Object.keys(columns);
  const arrays = names.map((name) => {
    const type = columns[name]!;
    const values = rows.map((row) => {
      const value = row[name as keyof Columns] ?? null;
      return type === 'jsonb' && value !== null ? JSON.stringify(value) : value;
    });
    return sql`${values}::${sql.raw(type)}[]`;
  });
  return sql`unnest(${sql.join(arrays)}) as ${sql.ref(alias)}(${sql.join(names.map((name) => sql.ref(name)))})`;
}
