import { sql, unnest, type Tx } from '@fenster/database';
import type { BillableMessage } from '../messages/billable-message.js';
import { BILLABLE_MESSAGE, toBillableMessage, type BillableMessageRow } from '../messages/facts.js';
import type { Meter } from '../ratings/rate.js';
import { isBefore, takeSlot, type Position, type SlotState } from './slots.rule.js';

/** A message and what it is to be counted with from now on; nothing, if nothing. */
export interface Metered {
  message: BillableMessage;
  meter: { key: string; sizes: Meter['sizes'] } | undefined;
}

interface MeterKey {
  workspace_id: string;
  meter: string;
}

const METER_KEY = { workspace_id: 'uuid', meter: 'text' } as const;
const SLOT_KEY = { ...METER_KEY, slot: 'int' } as const;
const PLACEMENT = { workspace_id: 'uuid', message_id: 'uuid', meter: 'text', meter_slot: 'int' } as const;

const nameOf = ({ workspace_id, meter }: MeterKey) => `${workspace_id} ${meter}`;

/**
 * Gives every message the slot that it has by the time of its delivery among all that are counted with it, whatever
 * the order in which they became known. What has another slot because of it is returned, to be rated again.
 *
 * The count of each slot is kept, so nothing is counted again: what comes in order costs four statements for its whole
 * batch, and what comes late moves one message for each slot behind it.
 */
export async function placeInMeters(tx: Tx, batch: readonly Metered[]): Promise<BillableMessage[]> {
  const leaving = batch.flatMap(({ message: { workspace_id, message_id, meter, meter_slot: slot } }) =>
    meter !== null && slot !== null ? [{ workspace_id, message_id, meter, slot }] : [],
  );
  const entering = batch
    .flatMap(({ message, meter }) =>
      meter ? [{ message, key: { workspace_id: message.workspace_id, meter: meter.key }, meter }] : [],
    )
    .toSorted((a, b) => (isBefore(positionOf(a.message), positionOf(b.message)) ? -1 : 1));
  if (leaving.length === 0 && entering.length === 0) return [];

  const meters = new Map<string, MeterKey & { sizes?: readonly number[] }>();
  for (const { workspace_id, meter } of leaving) meters.set(nameOf({ workspace_id, meter }), { workspace_id, meter });
  for (const { key, meter } of entering) meters.set(nameOf(key), { ...key, sizes: meter.sizes });
  await lockSlots(tx, [...meters.values()]);
  await storePlacements(
    tx,
    leaving.map(({ workspace_id, message_id }) => ({ workspace_id, message_id, meter: null, meter_slot: null })),
  );
  const states = await readSlots(tx, [...meters.values()]);
  for (const { slot, ...key } of leaving) states.get(nameOf(key))!.counts[slot]! -= 1;
  for (const { message, meter, key } of entering) {
    const slot = takeSlot(states.get(nameOf(key))!, positionOf(message));
    Object.assign(message, { meter: meter.key, meter_slot: slot });
  }
  for (const { message, meter } of batch) if (!meter) Object.assign(message, { meter: null, meter_slot: null });
  await storePlacements(
    tx,
    entering.map(({ message }) => message),
  );
  const moved = new Map<string, BillableMessage>();
  for (const key of meters.values()) {
    for (const message of await balance(tx, key, states.get(nameOf(key))!)) moved.set(message.message_id, message);
  }
  await storeCounts(tx, [...meters.values()], states);
  for (const { message } of batch) {
    const again = moved.get(message.message_id);
    if (again) Object.assign(message, { meter_slot: again.meter_slot });
    moved.delete(message.message_id);
  }
  return [...moved.values()];
}

function positionOf({ delivered_at, message_id }: BillableMessage): Position {
  return { deliveredAt: delivered_at!, messageId: message_id };
}

/** Whoever counts with the same meter takes turns, in one order for all. */
async function lockSlots(tx: Tx, meters: readonly (MeterKey & { sizes?: readonly number[] })[]): Promise<void> {
  const slots = meters.flatMap(({ workspace_id, meter, sizes }) =>
    sizes ? [...sizes, null].map((size, slot) => ({ workspace_id, meter, slot, size })) : [],
  );
  await sql`
    insert into meter_slot as known (workspace_id, meter, slot, size, messages)
    select workspace_id, meter, slot, size, 0 from ${unnest('input', { ...SLOT_KEY, size: 'int' }, slots)}
    order by workspace_id, meter, slot
    on conflict (workspace_id, meter, slot) do nothing
  `.execute(tx.sql);
  await sql`
    select from meter_slot join ${unnest('input', METER_KEY, meters)} using (workspace_id, meter)
    order by workspace_id, meter, slot for update of meter_slot
  `.execute(tx.sql);
}

/** With the lock, so that what others have committed meanwhile is seen. */
async function readSlots(tx: Tx, meters: readonly MeterKey[]): Promise<Map<string, SlotState>> {
  const { rows } = await sql<{
    workspace_id: string;
    meter: string;
    size: number | null;
    messages: number;
    delivered_at: string | null;
    message_id: string | null;
  }>`
    select s.workspace_id, s.meter, s.size, s.messages, last.delivered_at, last.message_id
    from meter_slot s join ${unnest('input', METER_KEY, meters)} using (workspace_id, meter)
    left join lateral (
      select delivered_at, message_id from billable_message b
      where b.workspace_id = s.workspace_id and b.meter = s.meter and b.meter_slot = s.slot
      order by delivered_at desc, message_id desc limit 1
    ) as last on true
    order by s.workspace_id, s.meter, s.slot
  `.execute(tx.sql);
  const states = new Map<string, SlotState>();
  for (const { size, messages, delivered_at, message_id, ...key } of rows) {
    const state = states.get(nameOf(key)) ?? { sizes: [], counts: [], last: [] };
    states.set(nameOf(key), state);
    state.sizes.push(size ?? Infinity);
    state.counts.push(messages);
    state.last.push(
      delivered_at !== null && message_id !== null
        ? { deliveredAt: new Date(delivered_at), messageId: message_id }
        : undefined,
    );
  }
  return states;
}

async function storePlacements(
  tx: Tx,
  placements: readonly Pick<BillableMessage, keyof typeof PLACEMENT>[],
): Promise<void> {
  if (placements.length === 0) return;
  await sql`
    update billable_message as known set meter = input.meter, meter_slot = input.meter_slot
    from ${unnest('input', PLACEMENT, placements)}
    where known.workspace_id = input.workspace_id and known.message_id = input.message_id
  `.execute(tx.sql);
}

/** Moves on what a slot has too many, and back to it what it has too few, from the first slot to the last. */
async function balance(tx: Tx, key: MeterKey, { counts, sizes }: SlotState): Promise<BillableMessage[]> {
  const moved: BillableMessage[] = [];
  const shift = async (from: number, to: number, messages: number) => {
    moved.push(...(await moveMessages(tx, key, { from, to, messages })));
    counts[from]! -= messages;
    counts[to]! += messages;
  };
  for (let slot = 0; slot < counts.length - 1; slot += 1) {
    if (counts[slot]! > sizes[slot]!) await shift(slot, slot + 1, counts[slot]! - sizes[slot]!);
    for (let behind = slot + 1; behind < counts.length && counts[slot]! < sizes[slot]!; behind += 1) {
      const messages = Math.min(sizes[slot]! - counts[slot]!, counts[behind]!);
      if (messages > 0) await shift(behind, slot, messages);
    }
  }
  return moved;
}

/** The last ones of a slot to a later one, or its first ones to an earlier one. */
async function moveMessages(
  tx: Tx,
  { workspace_id, meter }: MeterKey,
  { from, to, messages }: { from: number; to: number; messages: number },
): Promise<BillableMessage[]> {
  const direction = sql.raw(to > from ? 'desc' : 'asc');
  const { rows } = await sql<BillableMessageRow>`
    update billable_message set meter_slot = ${to}
    where workspace_id = ${workspace_id} and message_id = any(array(
      select message_id from billable_message
      where workspace_id = ${workspace_id} and meter = ${meter} and meter_slot = ${from}
      order by delivered_at ${direction}, message_id ${direction} limit ${messages}
    ))
    returning ${BILLABLE_MESSAGE}
  `.execute(tx.sql);
  return rows.map(toBillableMessage);
}

async function storeCounts(tx: Tx, meters: readonly MeterKey[], states: ReadonlyMap<string, SlotState>): Promise<void> {
  const rows = meters.flatMap((key) =>
    states.get(nameOf(key))!.counts.map((messages, slot) => ({
      workspace_id: key.workspace_id,
      meter: key.meter,
      slot,
      messages,
    })),
  );
  await sql`
    update meter_slot as known set messages = input.messages
    from ${unnest('input', { ...SLOT_KEY, messages: 'int' }, rows)}
    where known.workspace_id = input.workspace_id and known.meter = input.meter and known.slot = input.slot
      and known.messages <> input.messages
  `.execute(tx.sql);
}
