import { allows } from '@fenster/auth';
import { array, auditRead, sql } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { invalidInput, isId, notFound, type PersonMark } from '@fenster/runtime';
import type { Address } from '../contacts/contact.rule.js';
import { contactsById, type FoundContact } from '../contacts/contact.queries.js';
import { abilityOf, type ContactsContext } from '../context.js';
import { holdStatement } from '../legal-holds/holds-in-force.js';
import { conflictsOf, type Conflict } from './merge.rule.js';
import { UNDO_DAYS } from './merge.types.js';
import { sidesStatement, type SideRow } from './read-sides.js';

export interface Pair {
  kept: FoundContact;
  merged: FoundContact;
}

/** By any ids of theirs. @throws DomainError NOT_FOUND naming the field */
export async function findPair(
  ctx: ContactsContext,
  { keptId, mergedId }: { keptId: string; mergedId: string },
  [keptField, mergedField]: readonly [string, string] = ['keptId', 'mergedId'],
): Promise<Pair> {
  const find = async (id: string, field: string) => {
    const contact = isId(id) ? await ctx.loader(contactsById).load(id) : undefined;
    if (!contact) throw notFound('Contact', field);
    return { ...contact, id: contact.contactId };
  };
  const [kept, merged] = await Promise.all([find(keptId, keptField), find(mergedId, mergedField)]);
  return { kept, merged };
}

export function refuseSame({ kept, merged }: Pair, field = 'mergedId'): void {
  if (kept.id === merged.id) throw invalidInput(field, 'must be somebody else.');
}

/** Of what people decide by. Keyed, so that nobody learns from it what they may not see. */
export function versionOf(markOf: PersonMark, workspaceId: string, rows: readonly SideRow[]): string {
  return markOf(workspaceId, JSON.stringify(rows.toSorted((one, other) => (one.id < other.id ? -1 : 1))));
}

/** @throws DomainError NOT_FOUND, INVALID_INPUT */
export async function previewMerge(ctx: ContactsContext, ids: { keptId: string; mergedId: string }) {
  const pair = await findPair(ctx, ids);
  refuseSame(pair);
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sidesStatement(workspaceId, [pair.kept.id, pair.merged.id]),
  );
  const [kept, merged] = [pair.kept, pair.merged].map(({ id }) => rows.find((row) => row.id === id));
  if (!kept || !merged) throw notFound('Contact', kept ? 'mergedId' : 'keptId');
  for (const { id } of rows) auditRead(ctx, 'contact.read', id);
  const holds = await ctx.database.readForTenant(
    workspaceId,
    holdStatement({ workspaceId }, [pair.kept.id, pair.merged.id]),
  );
  return {
    ...pair,
    isHeld: holds.length > 0,
    conflicts: conflictsOf(kept.side, merged.side).map((conflict) => shown(ctx, pair, conflict)),
    version: versionOf(ctx.app.markOf, workspaceId, rows),
  };
}

/** What reaches a person is for those who may see that. */
function shown(ctx: ContactsContext, { kept, merged }: Pair, conflict: Conflict) {
  const reaches = conflict.field === 'email' || conflict.field === 'address';
  const show = (contact: FoundContact, value: string | Address) => {
    if (!reaches) return value as string;
    if (!allows(abilityOf(ctx), 'read_phone', 'Contact', contact)) return null;
    auditRead(ctx, 'contact.read_phone', contact.contactId);
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  return { field: conflict.field, kept: show(kept, conflict.kept), merged: show(merged, conflict.merged) };
}

export interface ShownMerge {
  id: string;
  mergedId: string;
  mergedAt: Date;
  mergedBy: { id: string } | null;
  undoneAt: Date | null;
  isUndoable: boolean;
}

/** Of which a contact came to be, by its own id; the latest first. One query. */
export const mergesOfContacts: BatchLoad<string, ShownMerge[]> = async (ctx, contactIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Omit<ShownMerge, 'mergedBy'> & { contactId: string; byKind: string; byId: string | null }>`
      select merge.contact_id as "contactId", merge.id, merge.merged_id as "mergedId", merge.merged_at as "mergedAt",
        merge.merged_by_kind as "byKind", merge.merged_by_id as "byId", merge.undone_at as "undoneAt",
        merge.kept is not null and merge.merged_at > ${undoableSince(ctx.now())} and not exists (
          select from contact_merge later where later.workspace_id = merge.workspace_id
            and later.contact_id = merge.contact_id and later.undone_at is null and later.seq > merge.seq
        ) as "isUndoable"
      from contact_merge merge
      where merge.workspace_id = ${workspaceId} and merge.contact_id = any(${array('uuid', contactIds)})
      order by merge.seq desc
    `,
  );
  return Map.groupBy(
    rows.map(({ byKind, byId, ...row }) => ({ ...row, mergedBy: byKind === 'member' && byId ? { id: byId } : null })),
    ({ contactId }) => contactId,
  );
};

const DAY_MS = 86_400_000;

export function undoableSince(now: Date): Date {
  return new Date(now.getTime() - UNDO_DAYS * DAY_MS);
}
