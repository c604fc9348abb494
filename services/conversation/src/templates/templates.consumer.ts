import {
  templateCategoryChanged,
  templateCategoryTold,
  templateChanged,
  type Envelope,
  type TemplateCategoryChanged,
  type TemplateChanged,
} from '@fenster/contracts';
import { causedBy, defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

const NAME = 'conversation-templates';

/** Which templates there are, and whether they can be sent. */
export const templatesConsumer = defineConsumer({
  name: NAME,
  filter: 'channels.template.>',
  subscriptions: [on(templateChanged, storeTemplates), on(templateCategoryChanged, tellDrifts)],
});

async function storeTemplates(tx: Tx, events: readonly Envelope<TemplateChanged>[]): Promise<void> {
  // Each event says all of its subject, so only the last one of a batch counts.
  const latest = new Map(events.map((event) => [`${event.workspaceId} ${event.data.templateId}`, event]));
  await sql`
    insert into template (workspace_id, id, account_id, name, language, status, category, parameter_format, definition)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        account_id: 'text',
        name: 'text',
        language: 'text',
        status: 'text',
        category: 'text',
        parameter_format: 'text',
        definition: 'jsonb',
      },
      [...latest.values()].map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        id: data.templateId,
        account_id: data.accountId,
        name: data.name,
        language: data.language,
        status: data.status,
        category: data.category,
        parameter_format: data.parameterFormat,
        definition: data.definition,
      })),
    )}
    on conflict (workspace_id, id) do update set status = excluded.status, category = excluded.category,
      parameter_format = excluded.parameter_format, definition = excluded.definition
  `.execute(tx.sql);
}

/** Into the log that subscribers follow. */
async function tellDrifts(tx: Tx, events: readonly Envelope<TemplateCategoryChanged>[]): Promise<void> {
  for (const event of events) {
    const { workspaceId, data } = event;
    const origin = causedBy(event, NAME);
    tx.emit(templateCategoryTold, { entityId: data.templateId, workspaceId, origin, data });
  }
}
