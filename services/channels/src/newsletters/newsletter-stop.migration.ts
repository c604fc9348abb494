import { systemTable, type MigrationStep } from '@fenster/database';

export const newsletterStopMigration: MigrationStep = {
  name: '202611222000-newsletter-stops',
  statements: [
    `alter table outbound_message add column newsletter_id uuid`,
    `create index outbound_message_newsletter on outbound_message (workspace_id, newsletter_id)
       where newsletter_id is not null and state = 'QUEUED'`,
    // Where in conversation's log a newsletter was stopped last, as in \`marketing_stop\`.
    `create table newsletter_stop (
       workspace_id uuid not null,
       newsletter_id uuid not null,
       seq bigint not null,
       primary key (workspace_id, newsletter_id)
     )`,
    ...systemTable('channels', 'newsletter_stop'),
  ],
};
