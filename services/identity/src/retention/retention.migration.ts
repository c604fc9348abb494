import { refusingChanges, retentionRepairStatements, retentionStatements, type MigrationStep } from '@fenster/database';

/** Rows of the table may be deleted if, for `old`, this condition holds. */
function refusingDeletesUnless(table: string, condition: string): string[] {
  return [
    `create function refuse_unless_pruned_${table}() returns trigger language plpgsql as $$
       begin
         if ${condition} then return old; end if;
         raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
       end
     $$`,
    `create trigger pruned_only before delete on "${table}"
       for each row execute function refuse_unless_pruned_${table}()`,
    `alter table "${table}" enable always trigger pruned_only`,
    `drop trigger append_only on "${table}"`,
    ...refusingChanges(table, 'update or truncate'),
  ];
}

export const retentionMigration: MigrationStep = {
  name: '202611221957-retention',
  statements: [
    ...retentionStatements('identity'),
    // The last entry of each workspace that is gone: the first one that is left is tied to it. Entries go from the
    // beginning alone, not before the anchor is behind them, and none that is young, wherever the anchor is.
    `create table audit_anchor (
       workspace_id uuid primary key,
       seq bigint not null,
       hash bytea not null,
       pruned_at timestamptz not null
     )`,
    `grant select, insert, update on audit_anchor to identity_system`,
    ...refusingDeletesUnless(
      'audit_entry',
      `greatest(old.occurred_at, old.recorded_at) < now() - interval '24 months'
       and exists (select from audit_anchor where workspace_id = old.workspace_id and seq >= old.seq)`,
    ),
    ...refusingDeletesUnless(
      'audit_entry_object',
      `exists (
         select from audit_entry e join audit_anchor a on a.workspace_id = e.workspace_id and a.seq >= e.seq
         where e.workspace_id = old.workspace_id and e.occurred_at = old.occurred_at and e.id = old.entry_id
           and greatest(e.occurred_at, e.recorded_at) < now() - interval '24 months'
       )`,
    ),
    `grant delete on audit_entry, audit_entry_object to identity_system`,
  ],
};

export const retentionRepairMigration: MigrationStep = {
  name: '202611222330-retention-repairs',
  statements: retentionRepairStatements(),
};
