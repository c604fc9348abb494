import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { array } from './array-parameter.js';
import { sql } from './database.js';
import { createProbe, type Probe } from './testing/probe.js';

let probe: Probe;
beforeAll(async () => {
  probe = await createProbe();
});
afterAll(() => probe.close());

/** What PostgreSQL understood, in its own text form. */
async function received(type: string, values: readonly unknown[]) {
  const { rows } = await sql<{ text: string | null }>`
    select value::text as text from unnest(${array(type, values)}) with ordinality as t(value, ordinal) order by ordinal
  `.execute(probe.database.system().getKysely());
  return rows.map((row) => row.text);
}

describe('an array as a parameter', () => {
  const id = newId();

  it.each([
    ['uuid', [id, null, id.toUpperCase()], [id, null, id]],
    ['int', [0, -1, 2_147_483_647], ['0', '-1', '2147483647']],
    ['bigint', [2n ** 62n, '-9007199254740993', 5, undefined], ['4611686018427387904', '-9007199254740993', '5', null]],
    ['text', ['', '{"a,\\"}', 'NULL', null, 'Grüß 🙂 \n\t'], ['', '{"a,\\"}', 'NULL', null, 'Grüß 🙂 \n\t']],
    ['bytea', [Buffer.of(0, 255, 92), Buffer.of()], ['\\x00ff5c', '\\x']],
    ['jsonb', [{ a: ['ü', null] }, 'text', undefined], ['{"a": ["ü", null]}', '"text"', null]],
    ['numeric', ['12.50', null], ['12.50', null]],
  ])('of type %s means the same to PostgreSQL', async (type, values, expected) => {
    expect(await received(type, values)).toEqual(expected);
    expect(await received(type, [])).toEqual([]);
  });

  it('keeps times to the millisecond, before and after the year 2000', async () => {
    const times = ['1969-07-20T20:17:40.123Z', '1999-12-31T23:59:59.999Z', '2026-11-21T12:00:00.001Z'];
    const { rows } = await sql<{ at: Date }>`
      select at from unnest(${array('timestamptz', [...times, new Date(times[2]!)])}) as at order by at
    `.execute(probe.database.system().getKysely());
    expect(rows.map(({ at }) => at.toISOString())).toEqual([...times, times[2]]);
  });

  it.each([
    ['uuid', `${id.slice(0, -1)}x`],
    ['uuid', `${id}0`],
    ['uuid', ''],
    ['int', 2 ** 31],
    ['bigint', 0.5],
    ['timestamptz', 'yesterday'],
  ])('refuses what is no %s: %j', (type, value) => {
    expect(() => array(type, [value])).toThrow();
  });

  it('leaves it to PostgreSQL to refuse a text that it cannot store', async () => {
    await expect(received('text', ['a\0b'])).rejects.toMatchObject({ code: '22021' });
  });
});
