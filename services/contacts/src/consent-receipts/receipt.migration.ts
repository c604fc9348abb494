import { immutableTenantTable, type MigrationStep } from '@fenster/database';

export const receiptMigration: MigrationStep = {
  name: '202611221325-consent-receipts',
  statements: [
    // Proof: pseudonymous like the ledger, and kept like it. Its id cannot be guessed, for it is the right to see it.
    `create table consent_receipt (
       workspace_id uuid not null,
       id uuid not null,
       contact_id uuid not null,
       identity_id uuid not null,
       purpose text not null,
       channel_id uuid not null,
       -- Of the last entry that is in it: with nothing new it is the same receipt.
       last_seq bigint not null,
       key_id uuid not null references consent_signing_key (id),
       jws text not null,
       issued_at timestamptz not null,
       primary key (workspace_id, id),
       unique (workspace_id, identity_id, purpose, last_seq)
     )`,
    `create unique index consent_receipt_id on consent_receipt (id)`,
    `create index consent_receipt_of_contact on consent_receipt (workspace_id, contact_id, issued_at desc, id)`,
    ...immutableTenantTable('contacts', 'consent_receipt', { requestsAppend: true }),
  ],
};
