import { templateChanged, type Envelope, type TemplateChanged } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** Which templates a newsletter can be made of. */
export const newsletterTemplatesConsumer = defineConsumer({
  name: 'contacts-newsletter-templates',
  filter: 'channels.template.changed.>',
  subscriptions: [on(templateChanged, storeTemplates)],
});

/** Each event says all of its template, so only the last one of a batch counts. */
async function storeTemplates(tx: Tx, events: readonly Envelope<TemplateChanged>[]): Promise<void> {
  const latest = new Map(events.map((event) => [`${event.workspaceId} ${event.data.templateId}`, event]));
  await sql`
    insert into newsletter_template (workspace_id, id, account_id, status, category, parameter_format, definition)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        account_id: 'text',
        status: 'text',
        category: 'text',
        parameter_format: 'text',
        definition: 'jsonb',
      },
      [...latest.values()].map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        id: data.templateId,
        account_id: data.accountId,
        status: data.status,
        category: data.category,
        parameter_format: data.parameterFormat,
        definition: data.definition,
      })),
    )}
    on conflict (workspace_id, id) do update set account_id = excluded.account_id, status = excluded.status,
      category = excluded.category, parameter_format = excluded.parameter_format, definition = excluded.definition
  `.execute(tx.sql);
}
