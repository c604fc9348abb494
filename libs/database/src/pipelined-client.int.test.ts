import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PipelinedClient } from './pipelined-client.js';
import { createProbe, type Probe } from './testing/probe.js';

let probe: Probe;
let client: pg.Client;

beforeAll(async () => {
  probe = await createProbe();
  client = new PipelinedClient({ connectionString: probe.url, pipeline: true });
  await client.connect();
  await client.query('create temp table number (n int primary key)');
});
afterAll(async () => {
  await client.end();
  await probe.close();
});

const scoped = async (...statements: string[]) => {
  await client.query('begin');
  await client.query('select set_config($1, $2, true)', ['app.workspace_id', 'here']);
  let result: pg.QueryResult | undefined;
  for (const statement of statements) result = await client.query(statement, []);
  await client.query('commit', []);
  return result!.rows;
};

describe('the pipelined client', () => {
  it('runs the held-back opening before the statement, in one transaction', async () => {
    expect(await scoped(`select current_setting('app.workspace_id') as scope`)).toEqual([{ scope: 'here' }]);
  });

  it('leaves no scope behind', async () => {
    await scoped('select 1');
    const { rows } = await client.query(`select coalesce(current_setting('app.workspace_id', true), '') as scope`, []);
    expect(rows).toEqual([{ scope: '' }]);
  });

  it('commits writes before it says so', async () => {
    await scoped('insert into number values (1)');
    expect((await client.query('select n from number where n = 1', [])).rows).toEqual([{ n: 1 }]);
  });

  it('reports the failing statement itself, and a rollback undoes all of it', async () => {
    await client.query('begin', []);
    await client.query('insert into number values (2)', []);
    await expect(client.query('insert into number values (2)', [])).rejects.toMatchObject({ code: '23505' });
    await client.query('rollback', []);
    expect((await client.query('select n from number where n = 2', [])).rows).toEqual([]);
  });

  it('reports a failure of the very first statement, and the connection stays usable', async () => {
    await client.query('begin', []);
    await expect(client.query('select * from missing', [])).rejects.toMatchObject({ code: '42P01' });
    await client.query('rollback', []);
    expect(await scoped('select 3 as n')).toEqual([{ n: 3 }]);
  });

  it('reports a broken opening as such', async () => {
    await client.query('begin', []);
    await client.query('select set_config($1, $2, true)', ['no such setting', 'x']);
    await expect(client.query('select 1', [])).rejects.toMatchObject({ code: expect.not.stringContaining('25P02') });
    await client.query('rollback', []);
  });

  it('prepares marked statements once for each connection, and again after a failure', async () => {
    const insert = '/* prepared */ insert into number select n from unnest($1::int[]) as n returning n';
    const run = (...numbers: number[]) => client.query(insert, [numbers]);
    await client.query('begin', []);
    await expect(run(50, 50)).rejects.toMatchObject({ code: '23505' });
    await client.query('rollback', []);
    const answers = await Promise.all([run(51), run(52, 53)]);
    expect(answers.map(({ rows }) => rows)).toEqual([[{ n: 51 }], [{ n: 52 }, { n: 53 }]]);
    const { rows } = await client.query(
      `select name from pg_prepared_statements where statement like '/* prepared */%'`,
      [],
    );
    expect(rows).toHaveLength(1);
  });

  it('plans a marked statement anew when it has run four times as often', async () => {
    const insert = '/* prepared */ insert into number values ($1)';
    const versions = async () => {
      const { rows } = await client.query(
        'select count(*)::int as n from pg_prepared_statements where statement = $1',
        [insert] as never,
      );
      return (rows as { n: number }[])[0]!.n;
    };
    for (let n = 1; n <= 3; n++) await client.query(insert, [100 + n]);
    expect(await versions()).toBe(1);
    await client.query(insert, [104]);
    expect(await versions()).toBe(2);
    for (let n = 5; n <= 15; n++) await client.query(insert, [100 + n]);
    expect(await versions()).toBe(2);
    await client.query(insert, [116]);
    expect(await versions()).toBe(3);
  });

  it('reads points in time as dates', async () => {
    expect(await scoped(`select timestamptz '2026-11-21 12:00:00.123+01' as at`)).toEqual([
      { at: new Date('2026-11-21T11:00:00.123Z') },
    ]);
  });

  it('needs no round trip for a transaction in which nothing happened', async () => {
    await client.query('begin', []);
    await client.query('commit', []);
    expect(await scoped('select 4 as n')).toEqual([{ n: 4 }]);
  });

  describe('given a statement that goes ahead of the next one', () => {
    const ahead = (n: number) => client.query('/* ahead */ insert into number values ($1)', [n]);
    const numbers = async (least: number) => {
      const { rows } = await client.query('select n from number where n between $1 and $1 + 9 order by n', [least]);
      return (rows as { n: number }[]).map(({ n }) => n);
    };

    it('runs before it, wherever in the transaction', async () => {
      await client.query('begin', []);
      await ahead(200);
      expect(await numbers(200)).toEqual([200]);
      await ahead(201);
      expect(await numbers(200)).toEqual([200, 201]);
      await ahead(202);
      await client.query('/* prepared */ /* last */ insert into number values ($1)', [203]);
      await client.query('commit', []);
      await client.query('rollback', []);
      expect(await numbers(200)).toEqual([200, 201, 202, 203]);
    });

    it('is committed also when nothing follows, and undone when the transaction is', async () => {
      await client.query('begin', []);
      await ahead(210);
      await client.query('commit', []);
      await client.query('begin', []);
      await ahead(211);
      await client.query('rollback', []);
      await client.query('begin', []);
      await numbers(210);
      await ahead(212);
      await client.query('rollback', []);
      await client.query('begin', []);
      await numbers(210);
      await ahead(213);
      await client.query('commit', []);
      await client.query('rollback', []);
      expect(await numbers(210)).toEqual([210, 213]);
    });

    it('fails the next one, and nothing of the transaction stays', async () => {
      for (const next of ['select 1', 'commit', '/* prepared */ /* last */ select 1']) {
        await client.query('begin', []);
        await client.query('insert into number values (220)', []);
        await ahead(220);
        await expect(client.query(next, [])).rejects.toMatchObject({ code: '23505' });
        await client.query('rollback', []);
        expect(await numbers(220)).toEqual([]);
      }
    });

    it('waits for nothing outside of a transaction', async () => {
      await ahead(230);
      expect(await numbers(230)).toEqual([230]);
    });
  });

  describe('given a statement that is marked as the last one', () => {
    const insertLast = (n: number) => client.query('/* prepared */ /* last */ insert into number values ($1)', [n]);
    const insert = (n: number) => client.query('insert into number values ($1)', [n]);
    const numbersFrom = async (least: number) => {
      const { rows } = await client.query('select n from number where n between $1 and $1 + 9 order by n', [least]);
      return (rows as { n: number }[]).map(({ n }) => n);
    };

    it('commits with it, whether something came before it or not', async () => {
      await client.query('begin', []);
      await insert(60);
      await insertLast(61);
      await client.query('commit', []);
      await client.query('begin', []);
      await insertLast(62);
      await client.query('commit', []);
      // Would undo what is not committed.
      await client.query('rollback', []);
      expect(await numbersFrom(60)).toEqual([60, 61, 62]);
    });

    it('reports its failure, and nothing of the transaction stays', async () => {
      await client.query('begin', []);
      await insert(70);
      await expect(insertLast(70)).rejects.toMatchObject({ code: '23505' });
      await client.query('rollback', []);
      expect(await numbersFrom(70)).toEqual([]);
    });

    it('reports a failure of the commit itself', async () => {
      await client.query('create temp table late (n int unique deferrable initially deferred)');
      await client.query('begin', []);
      await client.query('insert into late values (1)', []);
      const twice = client.query('/* prepared */ /* last */ insert into late values ($1)', [1]);
      await expect(twice).rejects.toMatchObject({ code: '23505' });
      await client.query('rollback', []);
      expect((await client.query('select * from late', [])).rows).toEqual([]);
    });

    it('refuses another statement after it', async () => {
      await client.query('begin', []);
      await insertLast(80);
      await expect(insert(81)).rejects.toThrow('was not the last');
      await client.query('rollback', []);
      expect(await numbersFrom(80)).toEqual([80]);
    });
  });
});
