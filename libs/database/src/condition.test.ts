import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { matching, type Condition } from './condition.js';

const dialect = {
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
};
const textOf = (condition: Condition) => sql`${matching(condition, 'c')}`.compile(new Kysely({ dialect })).sql;

describe('a condition as SQL', () => {
  it('names the columns of its table as MikroORM does', () => {
    expect(textOf({ teamId: 't', assigneeId: null })).toBe('("c"."team_id" = $1 and "c"."assignee_id" is null)');
    expect(textOf({ id: { $in: ['a', 'b'] } })).toBe('"c"."id" = any($1)');
  });

  it('lets nothing pass where there is no alternative, and everything where nothing is asked', () => {
    expect(textOf({ $or: [] })).toBe('(true and false)');
    expect(textOf({ $and: [] })).toBe('true');
    expect(textOf({ $or: [{ teamId: 't' }, {}] })).toBe('(true and ("c"."team_id" = $1 or true))');
  });

  it('says once what all alternatives have in common', () => {
    const alternatives = [
      { workspaceId: 'w', teamId: 't' },
      { workspaceId: 'w', assigneeId: null },
    ];
    expect(textOf({ $or: alternatives })).toBe(
      '("c"."workspace_id" = $1 and ("c"."team_id" = $2 or "c"."assignee_id" is null))',
    );
  });

  it('refuses what it cannot say', () => {
    expect(() => textOf({ teamId: { $ne: 't' } })).toThrow('teamId');
    expect(() => textOf({ teamId: { $in: ['t'], $ne: 't' } })).toThrow('teamId');
  });
});
