import { allows } from '@fenster/auth';
import { auditRead } from '@fenster/database';
import { checkPageSize, decodePage, pageOf } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import { abilityOf, type IdentityContext } from '../context.js';
import { AuditEntry } from './audit-entry.entity.js';
import type { AuditLogFilter } from './audit-log.types.js';

export interface AuditLogRequest {
  filter?: AuditLogFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}

/** A page of the log, the newest first. That somebody looked at it will be in it as well. */
export async function readAuditLog(
  ctx: IdentityContext,
  { filter, first, after }: AuditLogRequest,
): Promise<{ nodes: AuditEntry[]; nextPage: string | null }> {
  const size = checkPageSize(first);
  const { workspaceId } = ctx.requireActor();
  const { sql, values } = pageQuery(workspaceId, filter ?? {}, after, size + 1);
  const ability = abilityOf(ctx);
  const rows = (await ctx.em.execute<Record<string, unknown>[]>(sql, values))
    .map((row) => ctx.em.map(AuditEntry, row))
    .filter((entry) => allows(ability, 'read', 'AuditEntry', entry));
  auditRead(ctx, 'audit_log.read', workspaceId);
  return pageOf(rows, size, ({ occurredAt: at, id }) => ({ at, id }));
}

/** Whatever the filter, an index has its rows in the order of the page; by object it is that of `audit_entry_object`. */
function pageQuery(
  workspaceId: string,
  { actorId, action, objectType, objectId, from, to }: AuditLogFilter,
  after: string | null | undefined,
  limit: number,
): { sql: string; values: unknown[] } {
  if (objectId != null && !isId(objectId)) throw invalidInput('objectId', 'is not an id.');
  const position = after == null ? undefined : decodePage(after, 'after');
  const [by, id] = objectId == null ? ['entry', 'id'] : ['object', 'entry_id'];
  const conditions: [condition: string, ...values: unknown[]][] = [[`${by}.workspace_id = ?`, workspaceId]];
  if (objectId != null) conditions.push(['object.object_id = ?', objectId]);
  if (actorId != null) conditions.push(['entry.actor_id = ?', actorId]);
  if (action != null) conditions.push(['entry.action = ?', action]);
  if (objectType != null) conditions.push(['entry.object_type = ?', objectType]);
  if (from != null) conditions.push([`${by}.occurred_at >= ?`, from]);
  if (to != null) conditions.push([`${by}.occurred_at < ?`, to]);
  if (position) conditions.push([`(${by}.occurred_at, ${by}.${id}) < (?, ?)`, position.at, position.id]);
  return {
    sql: `select entry.* from ${objectId == null ? 'audit_entry entry' : OBJECTS_ENTRIES}
          where ${conditions.map(([condition]) => condition).join(' and ')}
          order by ${by}.occurred_at desc, ${by}.${id} desc limit ?`,
    values: [...conditions.flatMap(([, ...values]) => values), limit],
  };
}

const OBJECTS_ENTRIES = `audit_entry_object object
  join audit_entry entry on entry.workspace_id = object.workspace_id
    and entry.occurred_at = object.occurred_at and entry.id = object.entry_id`;
