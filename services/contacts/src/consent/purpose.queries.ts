import { BUILT_IN_PURPOSES, type PurposeKind } from '@fenster/contracts';
import { array, sql, unnest, type EntityManager, type Tx } from '@fenster/database';
import { ConsentPurpose } from './consent.entity.js';

/** A purpose, whether or not there is a row for it. */
export interface Purpose {
  key: string;
  kind: PurposeKind;
  name: string;
  description: string | null;
  isBuiltIn: boolean;
  archivedAt: Date | null;
}

const BUILT_IN: readonly Purpose[] = [
  builtIn('service', 'Service', 'Answers to what the person wrote.'),
  builtIn('order_updates', 'Order updates', 'Notices about an order, a delivery or an appointment of the person.'),
  builtIn('marketing', 'Marketing', 'News and offers.'),
];

function builtIn(key: keyof typeof BUILT_IN_PURPOSES, name: string, description: string): Purpose {
  return { key, kind: BUILT_IN_PURPOSES[key], name, description, isBuiltIn: true, archivedAt: null };
}

export function builtInPurpose(key: string): Purpose | undefined {
  return BUILT_IN.find((purpose) => purpose.key === key);
}

/** All of the entity manager's workspace: those that every workspace has, then its own by key. */
export async function listPurposes(em: EntityManager): Promise<Purpose[]> {
  const rows = await em.find(ConsentPurpose, {}, { orderBy: { key: 'asc' } });
  const stored = new Map(rows.map((row) => [row.key, toPurpose(row)]));
  const builtIns = BUILT_IN.map((purpose) => stored.get(purpose.key) ?? purpose);
  return [...builtIns, ...[...stored.values()].filter(({ isBuiltIn }) => !isBuiltIn)];
}

export async function findPurpose(em: EntityManager, key: string): Promise<Purpose | undefined> {
  const row = await em.findOne(ConsentPurpose, { key });
  return row ? toPurpose(row) : builtInPurpose(key);
}

function toPurpose({ key, kind, name, description = null, archivedAt = null }: ConsentPurpose): Purpose {
  return { key, kind, name, description, isBuiltIn: builtInPurpose(key) !== undefined, archivedAt };
}

/** Of purposes in many workspaces, as `<workspace> <purpose>`. No statement where every workspace has them. */
export async function kindsOfPurposes(
  tx: Tx,
  purposes: readonly { workspaceId: string; purpose: string }[],
): Promise<Map<string, PurposeKind>> {
  const kinds = new Map<string, PurposeKind>();
  const own: { workspace_id: string; key: string }[] = [];
  for (const { workspaceId, purpose } of purposes) {
    const kind = builtInPurpose(purpose)?.kind;
    if (kind) kinds.set(`${workspaceId} ${purpose}`, kind);
    else own.push({ workspace_id: workspaceId, key: purpose });
  }
  if (own.length === 0) return kinds;
  const { rows } = await sql<{ workspace_id: string; key: string; kind: PurposeKind }>`
    select distinct workspace_id, key, kind from consent_purpose
    join ${unnest('input', { workspace_id: 'uuid', key: 'text' }, own)} using (workspace_id, key)
  `.execute(tx.sql);
  for (const { workspace_id, key, kind } of rows) kinds.set(`${workspace_id} ${key}`, kind);
  return kinds;
}

/** What "no marketing" means in each of these workspaces; archived purposes too, as nothing of them may leave either. */
export async function marketingPurposes(tx: Tx, workspaceIds: readonly string[]): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ workspace_id: string; key: string }>`
    select workspace_id, key from consent_purpose
    where workspace_id = any(${array('uuid', workspaceIds)}) and kind = 'MARKETING' and key <> 'marketing' order by key
  `.execute(tx.sql);
  const own = Map.groupBy(rows, (row) => row.workspace_id);
  return new Map(workspaceIds.map((id) => [id, ['marketing', ...(own.get(id) ?? []).map(({ key }) => key)]]));
}
