import { retentionRunOrdered, retentionRunReported } from '@fenster/contracts';
import { readLog, retentionOrdersConsumer, sql, workOnRetention } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { billingUnderTest, NOW, type BillingUnderTest } from '../testing/billing-under-test.js';
import { envelope, testMessage } from '../testing/events.js';
import { alertsStep } from './alerts-step.js';

const BEFORE = '2026-01-01T00:00:00.000Z';
const OLD = '2025-06-01T00:00:00.000Z';
const YOUNG = '2026-02-01T00:00:00.000Z';

let billing: BillingUnderTest;
let workspaceId: string;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());
beforeEach(() => {
  workspaceId = newId();
});

const db = () => billing.database.system().getKysely();

async function destination(removedAt: string | null = null): Promise<string> {
  const id = newId();
  await sql`
    insert into alert_destination (workspace_id, id, kind, address, alerts, language, created_by, created_at, removed_at)
    values (${workspaceId}, ${id}, 'EMAIL', 'finance@example.org', '[]', 'de', ${newId()}, ${OLD}, ${removedAt})
  `.execute(db());
  return id;
}

interface Told {
  raisedAt?: string;
  acknowledgedAt?: string;
  conversationId?: string;
  to?: string;
  state?: string;
}

async function alert({ raisedAt = OLD, acknowledgedAt, conversationId, to, state = 'DELIVERED' }: Told = {}) {
  const id = newId();
  const facts = conversationId === undefined ? { channelId: newId() } : { conversationId };
  await sql`
    insert into alert (workspace_id, id, kind, cause, facts, raised_at, acknowledged_at)
    values (${workspaceId}, ${id}, 'ALLOWANCE_USED_UP', ${id}, ${JSON.stringify(facts)}::json, ${raisedAt},
      ${acknowledgedAt ?? null})
  `.execute(db());
  if (to === undefined) return id;
  await sql`
    insert into alert_delivery (workspace_id, destination_id, alert_id, state) values (${workspaceId}, ${to}, ${id}, ${state})
  `.execute(db());
  return id;
}

const left = async (table: string) => {
  const { rows } = await sql<{ id: string }>`
    select id from ${sql.table(table)} where workspace_id = ${workspaceId}
  `.execute(db());
  return new Set(rows.map(({ id }) => id));
};

/** As contacts orders it, to its report. */
async function run({ isDryRun = false, heldContactIds = [] as string[], rules = true } = {}) {
  const runId = newId();
  const order = {
    runId,
    isDryRun,
    rules: rules ? [{ retentionClass: 'ALERTS' as const, before: BEFORE }] : [],
    heldContactIds,
    expiresAt: new Date(NOW.getTime() + 3_600_000).toISOString(),
  };
  await billing.handle(
    retentionOrdersConsumer('billing', () => {}),
    envelope(retentionRunOrdered, { ...testMessage(), workspaceId }, order),
  );
  while (await workOnRetention({ service: 'billing', ctx: billing.ctx, steps: [alertsStep] }));
  const log = await readLog(billing.database.forTenant(workspaceId), 0, 1_000);
  const { name } = retentionRunReported.get('billing')!;
  const report = log.find((each) => each.name === name && each.entityId === runId)!;
  const { counts } = report.data as { counts: { what: string; count: number }[] };
  return Object.fromEntries(counts.map(({ what, count }) => [what, count]));
}

describe('retention of alerts', () => {
  it('takes what is old with its deliveries, and addresses of destinations that were removed, as the dry run says', async () => {
    const [present, removed] = [await destination(), await destination(OLD)];
    const lately = await destination(YOUNG);
    await alert({ to: removed });
    await alert({ to: present, acknowledgedAt: OLD });
    await alert();
    const kept = [
      await alert({ raisedAt: YOUNG, to: present }),
      await alert({ acknowledgedAt: YOUNG }),
      await alert({ to: present, state: 'PENDING' }),
      await alert({ to: lately, raisedAt: YOUNG }),
    ];
    const ours = workspaceId;
    workspaceId = newId();
    const elsewhere = await alert();
    const theirs = workspaceId;
    workspaceId = ours;
    const expected = { alerts: 3, alert_deliveries: 2, alert_destinations: 1 };
    expect(await run({ isDryRun: true })).toEqual(expected);
    expect((await left('alert')).size).toBe(7);
    expect(await run()).toEqual(expected);
    expect(await left('alert')).toEqual(new Set(kept));
    expect(await left('alert_destination')).toEqual(new Set([present, lately]));
    expect(await run()).toEqual({});
    workspaceId = theirs;
    expect(await left('alert')).toEqual(new Set([elsewhere]));
  });

  it('goes on where a part ended, and keeps the address to which something is still sent or was of late', async () => {
    const removed = await destination(OLD);
    const young = await alert({ raisedAt: YOUNG, to: removed });
    await sql`
      insert into alert (workspace_id, id, kind, cause, facts, raised_at)
      select ${workspaceId}, gen_random_uuid(), 'BUDGET_WARNING', n::text, '{}', ${OLD}::timestamptz
      from generate_series(1, 1001) n
    `.execute(db());
    expect(await run({ isDryRun: true })).toEqual({ alerts: 1_001 });
    expect(await run()).toEqual({ alerts: 1_001 });
    expect(await left('alert')).toEqual(new Set([young]));
    expect(await left('alert_destination')).toEqual(new Set([removed]));
  });

  it('leaves what is about conversations while anybody is held, and everything without a rule', async () => {
    const ofConversation = await alert({ conversationId: newId() });
    const other = await alert();
    expect(await run({ rules: false })).toEqual({});
    expect(await run({ heldContactIds: [newId()], isDryRun: true })).toEqual({ alerts: 1 });
    expect(await left('alert')).toEqual(new Set([ofConversation, other]));
    expect(await run({ heldContactIds: [newId()] })).toEqual({ alerts: 1 });
    expect(await left('alert')).toEqual(new Set([ofConversation]));
    expect(await run()).toEqual({ alerts: 1 });
  });
});
