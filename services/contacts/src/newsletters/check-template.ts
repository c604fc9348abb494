import { sql, type Tx } from '@fenster/database';
import type { DomainError } from '@fenster/runtime';
import { templateProblem, type ToldTemplate } from './newsletter-template.rule.js';
import type { Newsletter } from './newsletter.js';

/** Why nobody could get it. What channels has not told of yet is left to the send gate, as is what it tells later. */
export async function findTemplateProblem(
  tx: Tx,
  { workspaceId, channelId, content }: Pick<Newsletter, 'workspaceId' | 'channelId' | 'content'>,
): Promise<DomainError | undefined> {
  const { rows } = await sql<ToldTemplate & { channelAccountId: string | null }>`
    select template.id, template.account_id as "accountId", '' as name, '' as language, template.status, template.category,
      template.parameter_format as "parameterFormat", template.definition, channel.account_id as "channelAccountId"
    from newsletter_template template
    left join sending_channel channel on channel.workspace_id = ${workspaceId} and channel.id = ${channelId}
    where template.workspace_id = ${workspaceId} and template.id = ${content.templateId}
  `.execute(tx.sql);
  const [template] = rows;
  return template && templateProblem(template, { content, accountId: template.channelAccountId, now: tx.now() });
}
