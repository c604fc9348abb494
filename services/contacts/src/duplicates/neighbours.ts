import { sql, type RawBuilder } from '@fenster/database';
import type { DuplicateReason } from './duplicate.types.js';

/**
 * Of a contact, with its keys, by the name of its row: of those who have something in common with it, the first, the one right before
 * and the one right after it, for each `reason`. By indexes, however many there are; of a number there is one for each channel.
 * In steps (`offset 0`), because a planner that has not counted them yet may read all numbers for each contact.
 */
export function neighboursOf(contact: 'due' | 'walked'): RawBuilder<unknown> {
  const row = (column: string) => sql.ref(`${contact}.${column}`);
  const by = (key: 'email_key' | 'name_key', reason: DuplicateReason) => {
    const [ws, own] = [row('workspace_id'), row(key)];
    const of = sql.ref(`contact.${key}`);
    const here = sql`(${of}, contact.created_at, contact.id)`;
    const place = sql`(${own}, ${row('created_at')}, ${row('id')})`;
    // The next in the order of the index, whatever its key is: of the same key, a planner may read all contacts by their age.
    const next = (where: RawBuilder<unknown>, order: RawBuilder<unknown>) => sql`(
      select next.id, next.created_at, ${reason}::text as reason from (
        select ${of} as key, contact.created_at, contact.id from contact
        where contact.workspace_id = ${ws} and ${of} is not null and ${where} order by ${order} limit 1
      ) next where next.key = ${own} and next.id <> ${row('id')}
    )`;
    const ahead = sql`${of}, contact.created_at, contact.id`;
    return [
      next(sql`${of} >= ${own}`, ahead),
      next(sql`${here} < ${place}`, sql`${of} desc, contact.created_at desc, contact.id desc`),
      next(sql`${here} > ${place}`, ahead),
    ];
  };
  return sql.join(
    [
      ...by('email_key', 'SAME_EMAIL'),
      ...by('name_key', 'SAME_NAME_AND_POSTAL_CODE'),
      sql`(
        select other.id, other.created_at, ${'SAME_PHONE' satisfies DuplicateReason}::text as reason
        from (
          select kind, value from (
            select kind, value, valid_to from contact_identity
            where workspace_id = ${row('workspace_id')} and contact_id = ${row('id')} offset 0
          ) name where kind = 'PHONE' and valid_to is null
        ) own cross join lateral (
          select contact_id from contact_identity where workspace_id = ${row('workspace_id')} and kind = own.kind
            and value = own.value and valid_to is null and contact_id <> ${row('id')} offset 0
        ) theirs cross join lateral (
          select id, created_at from contact where workspace_id = ${row('workspace_id')} and id = theirs.contact_id offset 0
        ) other
      )`,
    ],
    sql` union all `,
  );
}
