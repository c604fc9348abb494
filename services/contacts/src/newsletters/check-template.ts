import type { WordChoice } from '@fenster/contracts';
import { sql, type RawBuilder, type Tx } from '@fenster/database';
import type { DomainError } from '@fenster/runtime';
import { templateProblem, type ToldTemplate } from './newsletter-template.rule.js';
import type { Newsletter } from './newsletter.js';

type Checked = Pick<Newsletter, 'workspaceId' | 'channelId' | 'content'>;

interface TemplateRow extends ToldTemplate {
  channelAccountId: string | null;
  words: WordChoice[];
}

/** Why nobody could get it. What channels has not told of yet is left to the send gate, as is what it tells later. */
export async function findTemplateProblem(tx: Tx, newsletter: Checked): Promise<DomainError | undefined> {
  const { rows } = await toldTemplate(newsletter).execute(tx.sql);
  return problemOf(rows, newsletter, tx.now());
}

/** No row if channels has not told of it. */
export function toldTemplate({ workspaceId, channelId, content }: Checked): RawBuilder<TemplateRow> {
  return sql<TemplateRow>`
    select template.id, template.account_id as "accountId", '' as name, '' as language, template.status, template.category,
      template.parameter_format as "parameterFormat", template.definition, channel.account_id as "channelAccountId",
      coalesce(chosen.words, '[]') as words
    from newsletter_template template
    left join sending_channel channel on channel.workspace_id = ${workspaceId} and channel.id = ${channelId}
    left join newsletter_opt_out_words chosen on chosen.workspace_id = ${workspaceId}
    where template.workspace_id = ${workspaceId} and template.id = ${content.templateId}
  `;
}

export function problemOf(
  [template]: readonly TemplateRow[],
  { content }: Pick<Newsletter, 'content'>,
  now: Date,
): DomainError | undefined {
  if (!template) return undefined;
  const { channelAccountId: accountId, words } = template;
  return templateProblem(template, { content, accountId, words, now });
}
