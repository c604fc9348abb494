import { segmentChanged } from '@fenster/contracts';
import { array, sql, unnest, type ErasureTask, type Tx } from '@fenster/database';
import { askedValues, withoutValues, type AskedValue, type SegmentFilter } from './segment-filter.js';

type Person = Pick<ErasureTask, 'workspaceId' | 'contactIds'>;

interface Asking {
  table: 'segment' | 'newsletter';
  id: string;
  filter: SegmentFilter;
}

/** Segments, and newsletters that were sent to them, which ask for a value that nobody but the person has. */
export async function segmentsAbout(tx: Tx, person: Person): Promise<{ asking: Asking[]; values: AskedValue[] }> {
  const { workspaceId, contactIds } = person;
  const { rows } = await sql<Asking>`
    select 'segment' as table, id, filter from segment
    where workspace_id = ${workspaceId} and filter @? '$.**.attribute' union all
    select 'newsletter', id, filter from newsletter
    where workspace_id = ${workspaceId} and filter @? '$.**.attribute'
  `.execute(tx.sql);
  const asked = rows.flatMap(({ filter }) => askedValues(filter));
  if (asked.length === 0) return { asking: [], values: [] };
  const has = sql`stored.workspace_id = ${workspaceId} and stored.key = input.key and (
    stored.value = input.value
    or (input.is_part and strpos(lower(stored.value collate "default"), lower(input.value)) > 0)
  )`;
  const theirs = sql`stored.contact_id = any(${array('uuid', contactIds)})`;
  const { rows: own } = await sql<{ ordinal: number }>`
    select input.ordinal from ${unnest(
      'input',
      { ordinal: 'int', key: 'text', value: 'text', is_part: 'boolean' },
      asked.map(({ key, value, isPart }, ordinal) => ({ ordinal, key, value, is_part: isPart })),
    )}
    where exists (select from contact_attribute_value stored where ${has} and ${theirs})
      and not exists (select from contact_attribute_value stored where ${has} and not ${theirs})
  `.execute(tx.sql);
  const values = own.map(({ ordinal }) => asked[ordinal]!);
  return { values, asking: rows.filter(({ filter }) => askedValues(filter).some((each) => isAmong(values, each))) };
}

/** Takes these values out; a condition that asked for nothing else is met by nobody then. */
export async function forgetInSegments(tx: Tx, person: Person): Promise<void> {
  const { workspaceId } = person;
  await lockFilters(tx, workspaceId, (await segmentsAbout(tx, person)).asking);
  const { asking, values } = await segmentsAbout(tx, person);
  for (const { table, id, filter } of asking) {
    const without = withoutValues(filter, (each) => isAmong(values, each));
    await sql`
      update ${sql.table(table)} set filter = ${JSON.stringify(without)}::jsonb
      where workspace_id = ${workspaceId} and id = ${id}
    `.execute(tx.sql);
    if (table === 'segment') tx.emit(segmentChanged, { workspaceId, entityId: id, data: { segmentId: id } });
  }
}

/** Whoever edits one just now is waited for: what is taken out, is taken out of what they wrote. */
async function lockFilters(tx: Tx, workspaceId: string, asking: readonly Asking[]): Promise<void> {
  for (const table of ['segment', 'newsletter'] as const) {
    const ids = asking.filter((each) => each.table === table).map(({ id }) => id);
    if (ids.length === 0) continue;
    await sql`
      select from ${sql.table(table)} where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
      order by id for no key update
    `.execute(tx.sql);
  }
}

function isAmong(values: readonly AskedValue[], { key, value, isPart }: AskedValue): boolean {
  return values.some((each) => each.key === key && each.value === value && each.isPart === isPart);
}
