import { tenantTable, type MigrationStep } from '@fenster/database';
import { checkedFileColumns } from '@fenster/jobs';

const SERVICE = 'contacts';

export const contactFileMigration: MigrationStep = {
  name: '202611222355-contact-files',
  statements: [
    ...checkedFileColumns(),
    // Milliseconds, as the page cursor has them.
    `create table contact_file (
       workspace_id uuid not null,
       -- Of its content, too.
       id uuid not null,
       contact_id uuid not null,
       name text not null,
       mime_type text not null,
       size_bytes bigint not null,
       purpose text not null,
       retention_class text not null,
       added_by_kind text not null,
       added_by_id text,
       added_at timestamptz(3) not null,
       primary key (workspace_id, id),
       foreign key (workspace_id, contact_id) references contact (workspace_id, id),
       -- No content goes while it is a contact's.
       foreign key (workspace_id, id) references stored_file (workspace_id, id)
     )`,
    `create index contact_file_recent on contact_file (workspace_id, contact_id, added_at desc, id desc)`,
    ...tenantTable(SERVICE, 'contact_file'),
  ],
};
