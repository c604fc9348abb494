import { sql, unnest, type Tx } from '@fenster/database';
import type { InboundOther } from '../providers/provider.js';
import type { ReceivedWebhook } from '../webhooks/received-webhook.js';
import { changeTemplates } from './change-templates.js';
import { wantTemplates } from './read-templates.js';
import { applyNews } from './template-news.rule.js';

type Told = InboundOther & Required<Pick<InboundOther, 'template' | 'account'>>;

/**
 * What webhooks say of templates becomes known state. What they do not say, as of a template that was not known or whose
 * words are new, is read from the provider. Others have none, and no statement.
 */
export async function storeTemplateNews(
  tx: Tx,
  group: readonly ReceivedWebhook[],
  wakeTemplateReader: () => void,
): Promise<void> {
  const told = group.flatMap((webhook) =>
    webhook.others
      .filter((item): item is Told => item.template !== undefined && item.account !== undefined)
      .map((item) => ({ webhook, item })),
  );
  if (told.length === 0) return;
  const { rows } = await sql<{ ordinal: number; workspace_id: string }>`
    select distinct input.ordinal, c.workspace_id
    from ${unnest(
      'input',
      { ordinal: 'int', app_id: 'text', account_id: 'text' },
      told.map(({ webhook, item }, ordinal) => ({
        ordinal,
        app_id: webhook.app.appId,
        account_id: item.account,
      })),
    )}
    join channel c on c.app_id = input.app_id and c.account = input.account_id
  `.execute(tx.sql);
  const known = rows.map(({ ordinal, workspace_id: workspaceId }) => ({ workspaceId, ...told[ordinal]! }));
  const templates = await changeTemplates(
    tx,
    known.map(({ workspaceId, webhook, item }) => ({
      workspaceId,
      accountId: item.account,
      name: item.template.name,
      language: item.template.language,
      change: (state) => applyNews(state, item.template, item.occurredAt ?? tx.now()),
      origin: { actor: { kind: 'provider' }, correlationId: webhook.bodyHash },
    })),
  );
  const reworded = known.filter(({ item }) => item.template.isReworded);
  const unread = [
    ...reworded.map(({ workspaceId, item }) => ({ workspaceId, accountId: item.account })),
    ...templates.filter(({ definition, status }) => !definition && status !== 'DELETED'),
  ];
  if (unread.length === 0) return;
  await wantTemplates(tx, unread);
  tx.afterCommit(wakeTemplateReader);
}
