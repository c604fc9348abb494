import { array, sql, type RawBuilder } from '@fenster/database';
import type { Side } from './merge.rule.js';

export interface SideRow {
  id: string;
  side: Side;
  /** What channels call them and what they have agreed to: a merge does not touch it, but people decide by it. */
  standing: unknown;
}

/** What there is of these contacts, by their own ids. */
export function sidesStatement(workspaceId: string, ids: readonly string[]): RawBuilder<SideRow> {
  const of = (table: string) =>
    sql`${sql.table(table)} part where part.workspace_id = contact.workspace_id and part.contact_id = contact.id`;
  return sql<SideRow>`
    select id, jsonb_build_object(
      'givenName', given_name, 'profileName', profile_name, 'email', email, 'address', address, 'language', language,
      'createdAt', created_at, 'updatedAt', updated_at,
      'attributes', (
        select coalesce(jsonb_object_agg(key, jsonb_build_object('value', value, 'number', number, 'changedAt', changed_at)), '{}')
        from ${of('contact_attribute_value')}
      ),
      'labels', (
        select coalesce(jsonb_object_agg(label_id, jsonb_build_object(
          'setByKind', set_by_kind, 'setById', set_by_id, 'setAt', set_at
        )), '{}') from ${of('labelled_contact')}
      ),
      'noteIds', (select coalesce(jsonb_agg(id order by id), '[]') from ${of('contact_note')}),
      'fileIds', (select coalesce(jsonb_agg(id order by id), '[]') from ${of('contact_file')})
    ) as side, jsonb_build_object(
      'identities', (
        select jsonb_agg(jsonb_build_array(id, valid_to) order by id) from ${of('contact_identity')}
      ),
      'consents', (
        select jsonb_agg(jsonb_build_array(identity_id, purpose, state) order by identity_id, purpose)
        from ${of('consent_state')}
      )
    ) as standing
    from contact where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
  `;
}
