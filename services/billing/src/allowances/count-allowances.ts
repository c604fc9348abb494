import { allowanceChanged, type AllowanceChanged } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { alertOfAllowance } from '../alerts/alert.rule.js';
import { raiseAlerts, type RaisedAlert } from '../alerts/raise-alerts.js';
import type { LedgerRow } from '../charges/insert-entries.js';
import { firstDayAfter, firstInstantOf, monthOf } from '../ratings/local-date.js';
import { allowanceOn } from '../ratings/regimes.js';

const COUNTED = {
  workspace_id: 'uuid',
  channel_id: 'uuid',
  month: 'text',
  taken: 'bigint',
  expected: 'bigint',
  charged: 'bigint',
} as const;
const NEARLY = 0.8;

interface AllowanceMonthRow {
  workspace_id: string;
  channel_id: string;
  month: string;
  taken: string;
  charged: string;
  level: AllowanceChanged['level'];
}

/**
 * Adds entries to what is taken of the free messages of their numbers, and tells of each number that has few or none
 * left, or more again. Where the rules know no allowance, the first that is charged says that none is.
 */
export async function countInAllowances(tx: Tx, entered: readonly LedgerRow[]): Promise<void> {
  const counted = entered.flatMap(({ message, entry }) => {
    const { workspace_id, channel_id } = message;
    const { line, category, freeReason, localDate, messages, expectedMessages } = entry;
    if (line !== 'MESSAGE' || category !== 'service' || !channel_id) return [];
    const isFree = freeReason === 'SERVICE_ALLOWANCE';
    const taken = isFree ? messages + expectedMessages : 0;
    const expected = isFree ? expectedMessages : 0;
    const charged = freeReason === null ? messages : 0;
    return taken === 0 && expected === 0 && charged === 0
      ? []
      : [{ workspace_id, channel_id, month: monthOf(localDate), taken, expected, charged }];
  });
  if (counted.length === 0) return;
  const { rows } = await sql<AllowanceMonthRow>`
    insert into allowance_month as known (workspace_id, channel_id, month, taken, expected, charged)
    select workspace_id, channel_id, month, sum(taken), sum(expected), sum(charged)
    from ${unnest('input', COUNTED, counted)}
    group by 1, 2, 3 order by 1, 2, 3
    on conflict (workspace_id, channel_id, month) do update
      set taken = known.taken + excluded.taken, expected = known.expected + excluded.expected,
        charged = known.charged + excluded.charged
    returning workspace_id, channel_id, month, taken, charged, level
  `.execute(tx.sql);
  const changed = rows.flatMap((row) => {
    const size = allowanceSize(row.month);
    const level = levelOf(row, size);
    return level === row.level ? [] : [{ ...row, size, level }];
  });
  if (changed.length === 0) return;
  await sql`
    update allowance_month as known set level = input.level
    from ${unnest('input', { workspace_id: 'uuid', channel_id: 'uuid', month: 'text', level: 'text' }, changed)}
    where known.workspace_id = input.workspace_id and known.channel_id = input.channel_id and known.month = input.month
  `.execute(tx.sql);
  const timeZones = await timeZonesOf(tx, changed);
  const alerts: RaisedAlert[] = [];
  for (const { workspace_id: workspaceId, channel_id: channelId, month, taken, size, level } of changed) {
    const next = firstDayAfter(month);
    const end = firstInstantOf(next, timeZones.get(channelId) ?? 'UTC') ?? firstInstantOf(next, 'UTC')!;
    const data = { channelId, month, until: end.toISOString(), size, taken: Number(taken), level };
    tx.emit(allowanceChanged, { entityId: channelId, workspaceId, data });
    const alert = alertOfAllowance(data, tx.now());
    if (alert) alerts.push({ workspaceId, ...alert });
  }
  await raiseAlerts(tx, alerts);
}

async function timeZonesOf(tx: Tx, channels: readonly Pick<AllowanceMonthRow, 'workspace_id' | 'channel_id'>[]) {
  const { rows } = await sql<{ id: string; time_zone: string }>`
    select c.id, c.time_zone from charged_channel c
    join ${unnest('input', { workspace_id: 'uuid', channel_id: 'uuid' }, channels)}
      on input.workspace_id = c.workspace_id and input.channel_id = c.id
  `.execute(tx.sql);
  return new Map(rows.map(({ id, time_zone }) => [id, time_zone]));
}

function allowanceSize(month: string): number {
  const allowance = allowanceOn(`${month}-01`)?.allowance;
  return allowance?.per === 'NUMBER' ? allowance.size : 0;
}

function levelOf({ taken, charged }: AllowanceMonthRow, size: number): AllowanceChanged['level'] {
  if (Number(charged) > 0 || Number(taken) >= size) return 'USED_UP';
  return Number(taken) >= size * NEARLY ? 'NEARLY' : 'PLENTY';
}
