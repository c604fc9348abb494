import { sql, type Renewal } from '@fenster/database';
import { TEMPLATE_COLUMNS, tellTemplate } from './change-templates.js';
import type { Template } from './template.row.js';

const MAX_AT_ONCE = 100;

/** Keeps every template in the stream. */
export const templateRenewal: Renewal = {
  name: 'announcing the templates',
  async workspaces({ database }, before) {
    const { rows } = await sql<{ id: string }>`
      select distinct workspace_id as id from template where told_at < ${before}
    `.execute(database.system().getKysely());
    return rows.map(({ id }) => id);
  },
  async renew(tx, workspaceId, before) {
    const { rows } = await sql<Template>`
      update template set told_at = ${tx.now()} where workspace_id = ${workspaceId} and id = any(array(
        select id from template where workspace_id = ${workspaceId} and told_at < ${before}
        order by told_at limit ${MAX_AT_ONCE} for update skip locked
      )) returning ${TEMPLATE_COLUMNS}
    `.execute(tx.sql);
    for (const template of rows) tellTemplate(tx, template);
    return rows.length >= MAX_AT_ONCE;
  },
};
