import { retentionRepairStatements, retentionStatements, type MigrationStep } from '@fenster/database';

export const retentionMigration: MigrationStep = {
  name: '202611221955-retention',
  statements: [
    ...retentionStatements('conversation'),
    // A rule of retention took what it said; that it was there, and what it cost, stays.
    // Files that we sent outlive the message's content.
    `alter table message add column content_removed_at timestamptz, add column sent_files uuid[]`,
    // All that was said up to then is gone: a run does not look again.
    `alter table conversation add column messages_removed_up_to timestamptz`,
  ],
};

export const retentionRepairMigration: MigrationStep = {
  name: '202611222330-retention-repairs',
  statements: [
    ...retentionRepairStatements(),
    // What an erasure looks for elsewhere, of reactions and versions that went with the content.
    `alter table message add column traced_keys text[]`,
  ],
};
