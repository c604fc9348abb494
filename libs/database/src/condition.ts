import { sql, type RawBuilder } from 'kysely';

/** A condition on columns as CASL's rules make it: equal, null, one of several, and any or all of such conditions. */
export type Condition = Readonly<Record<string, unknown>>;

/**
 * The condition as SQL, for statements that do without MikroORM: `where ${matching(accessibleWhere(…), 'c')}`. Properties
 * stand for columns of `table` as entities name them: `teamId` is `team_id`. One that cannot be translated throws,
 * rather than let rows pass.
 */
export function matching(condition: Condition, table: string): RawBuilder<boolean> {
  const parts = Object.entries(condition).map(([key, expected]) => {
    if (key === '$and' || key === '$or') return combined(key, expected as readonly Condition[], table);
    const column = sql.ref(`${table}.${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`);
    if (expected === null) return sql<boolean>`${column} is null`;
    if (typeof expected !== 'object') return sql<boolean>`${column} = ${expected}`;
    const { $in: values, ...others } = expected as { $in?: readonly unknown[] };
    if (!values || Object.keys(others).length > 0) throw new Error(`No SQL for the condition on ${key}.`);
    return sql<boolean>`${column} = any(${values})`;
  });
  return joined(parts, 'and');
}

function combined(key: '$and' | '$or', parts: readonly Condition[], table: string): RawBuilder<boolean> {
  if (key === '$and')
    return joined(
      parts.map((part) => matching(part, table)),
      'and',
    );
  // What all alternatives have in common is said once, such as the workspace: PostgreSQL plans it in half the time.
  const [first, ...others] = parts.map((part) => Object.entries(part));
  const isCommon = ([column, value]: [string, unknown]) =>
    typeof value === 'string' &&
    others.every((entries) => entries.some(([key, own]) => key === column && own === value));
  const common = Object.fromEntries((first ?? []).filter(isCommon));
  const alternatives = parts.map((part) =>
    matching(Object.fromEntries(Object.entries(part).filter(([column]) => !(column in common))), table),
  );
  return joined([matching(common, table), joined(alternatives, 'or')], 'and');
}

/** All of nothing holds, any of nothing does not. */
function joined(parts: readonly RawBuilder<boolean>[], word: 'and' | 'or'): RawBuilder<boolean> {
  if (parts.length === 0) return word === 'and' ? sql`true` : sql`false`;
  if (parts.length === 1) return parts[0]!;
  return sql`(${sql.join(parts, sql.raw(` ${word} `))})`;
}
