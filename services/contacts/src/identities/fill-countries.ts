import { sql, transact, unnest, type Ctx, type MigrationStep } from '@fenster/database';
import { countryOf } from '../contacts/phone.js';

export const countryMigration: MigrationStep = {
  name: '202611221745-identity-countries',
  statements: [
    // Where it is at home; null until that was looked up, ZZ where it cannot be told.
    `alter table contact_identity add column country text`,
    `create index contact_identity_countryless on contact_identity (workspace_id, id)
       where country is null and kind in ('PHONE', 'BSUID')`,
  ],
};

/** As ISO 3166-1 leaves it to everybody. */
const UNKNOWN = 'ZZ';
const AT_ONCE = 1_000;

/** Where a name is at home, as it is stored; null for what is at home nowhere. Written with the name, so that no segment misses it. */
export function homeOf({ kind, value }: { kind: string; value: string }): string | null {
  if (kind !== 'PHONE' && kind !== 'BSUID') return null;
  return (kind === 'PHONE' ? countryOf(value, undefined) : countryOf(undefined, value)) ?? UNKNOWN;
}

/**
 * Looks up where the numbers and user ids are at home that were stored before countries were: SQL has no tables of numbers.
 * Any number of processes may do so. Returns whether there may be more.
 */
export async function fillCountries(ctx: Ctx): Promise<boolean> {
  return transact(ctx, async (tx) => {
    const { rows } = await sql<{ workspace_id: string; id: string; kind: string; value: string }>`
      select workspace_id, id, kind, value from contact_identity
      where country is null and kind in ('PHONE', 'BSUID') limit ${AT_ONCE} for update skip locked
    `.execute(tx.sql);
    if (rows.length === 0) return false;
    const countries = rows.map(({ kind, value, ...key }) => ({
      ...key,
      country: homeOf({ kind, value }),
    }));
    await sql`
      update contact_identity identity set country = looked_up.country
      from ${unnest('looked_up', { workspace_id: 'uuid', id: 'uuid', country: 'text' }, countries)}
      where identity.workspace_id = looked_up.workspace_id and identity.id = looked_up.id
    `.execute(tx.sql);
    return rows.length === AT_ONCE;
  });
}
