import { tenantTable, type MigrationStep } from '@fenster/database';

export const newsletterMigration: MigrationStep = {
  name: '202611221710-newsletters',
  statements: [
    // What is sent, as contacts told: its messages become due one by one.
    `create table newsletter (
       workspace_id uuid not null,
       id uuid not null,
       channel_id uuid not null,
       content jsonb not null,
       created_by_id text not null,
       primary key (workspace_id, id)
     )`,
    ...tenantTable('conversation', 'newsletter'),
    `alter table message add column newsletter_id uuid`,
    // The newsletter's message that what the customer writes next is the reply to.
    `alter table thread add column newsletter_message_id uuid`,
  ],
};

export const newsletterPurposeMigration: MigrationStep = {
  name: '202611222005-newsletter-purposes',
  statements: [`alter table newsletter add column purpose text not null default 'marketing'`],
};

export const newsletterSlotMigration: MigrationStep = {
  name: '202611222345-newsletter-slots',
  statements: [`alter table newsletter add column slots jsonb not null default '[]'`],
};

export const newsletterApprovalMigration: MigrationStep = {
  name: '202611222358-newsletter-approvals',
  statements: [`alter table newsletter add column is_approved boolean not null default false`],
};
