import { channelMessageReceived, channelStatusReceived } from '@fenster/contracts';
import { array, sql, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { ZodError } from 'zod';
import { settleByStatus, type KnownStatus } from '../delivery/settle-by-status.js';
import type { InboundStatus } from '../providers/provider.js';
import { toMessageReceived, toStatusReceived, whyUnfit, type ChannelFacts } from './event-data.js';
import type { Problem, ReceivedElement, ReceivedWebhook } from './received-webhook.js';

interface ReceivedIn extends ReceivedElement {
  webhook: ReceivedWebhook;
}

/** An element that is here for the first time, and the channel it is for. */
interface FreshElement extends ReceivedIn {
  workspaceId: string;
  channel: ChannelFacts;
}

/**
 * Stores a group of webhooks as one: raw bodies, an event for each element that was never here before, and a dead
 * letter for what has no effect. The number of statements does not depend on the size of the group.
 */
export async function storeWebhooks(tx: Tx, group: readonly ReceivedWebhook[], wakeSender: () => void): Promise<void> {
  const elements = group.flatMap((webhook) => webhook.elements.map((element) => ({ webhook, ...element })));
  const stored = await insertWebhooks(tx, group, elements);
  const deadLetters = new DeadLetters(stored.repeated);
  for (const webhook of group)
    for (const problem of webhook.problems) deadLetters.add(webhook, webhook.app.workspaceId, problem);
  for (const { webhook, item } of stored.unknown) {
    deadLetters.add(webhook, webhook.app.workspaceId, {
      path: item.path,
      reason: 'no channel has this number and app',
    });
  }
  await emitElements(tx, stored.fresh, deadLetters, wakeSender);
  await deadLetters.insert(tx);
}

/** Keeps a webhook that could not be handled: raw, and visible. */
export async function storeUnhandled(tx: Tx, webhook: ReceivedWebhook): Promise<void> {
  const { repeated } = await insertWebhooks(tx, [webhook], []);
  const deadLetters = new DeadLetters(repeated);
  deadLetters.add(webhook, webhook.app.workspaceId, { path: '$', reason: 'could not be handled' });
  await deadLetters.insert(tx);
}

interface Stored {
  fresh: FreshElement[];
  /** Elements whose number and app belong to no channel. */
  unknown: ReceivedIn[];
  /** Webhooks that were here before, byte for byte. */
  repeated: Set<ReceivedWebhook>;
}

interface StoredRow {
  outcome: 'number' | 'fresh' | 'repeated';
  ordinal: string | null;
  hash: string | null;
  workspace_id: string;
  channel_id: string;
  currency: string;
  time_zone: string;
}

async function insertWebhooks(
  tx: Tx,
  group: readonly ReceivedWebhook[],
  elements: readonly ReceivedIn[],
): Promise<Stored> {
  const numbers = new Map(elements.map(({ webhook, item }) => [numberKey(webhook, item), { webhook, item }]));
  const ordinals = new Map([...numbers.keys()].map((key, index) => [key, index + 1]));
  const { rows } = await sql<StoredRow>`/* prepared */
    with webhook as (
      select * from unnest(
        ${array('bytea', group, (webhook) => Buffer.from(webhook.bodyHash, 'hex'))},
        ${array('text', group, (webhook) => webhook.app.appId)},
        ${array('bytea', group, (webhook) => webhook.sealedBody)},
        ${array('int', group, (webhook) => webhook.itemCount)},
        ${array('text', group, (webhook) => webhook.unusedFields.join(','))}
      ) with ordinality as t(body_hash, app_id, body, item_count, unused_fields, ordinal)
    ), stored as (
      insert into webhook_event (body_hash, received_at, app_id, body, item_count, unused_fields)
      select body_hash, ${tx.now()}, app_id, body, item_count, string_to_array(unused_fields, ',')
      from webhook order by body_hash
      on conflict do nothing returning body_hash
    ), number as materialized (
      select n.ordinal, c.workspace_id, c.id as channel_id, c.currency, c.time_zone
      from unnest(
        ${array('text', [...numbers.values()], ({ item }) => item.phoneNumberId)},
        ${array('text', [...numbers.values()], ({ webhook }) => webhook.app.appId)}
      ) with ordinality as n(phone_number_id, app_id, ordinal)
      join channel c on c.phone_number_id = n.phone_number_id and c.app_id = n.app_id
    ), fresh as (
      insert into inbound_item (workspace_id, channel_id, dedupe_hash, received_at)
      select n.workspace_id, n.channel_id, e.hash, ${tx.now()}
      from unnest(
        ${array('int', elements, ({ webhook, item }) => ordinals.get(numberKey(webhook, item)))},
        ${array('bytea', elements, ({ dedupeHash }) => Buffer.from(dedupeHash, 'hex'))}
      ) as e(number, hash)
      join number n on n.ordinal = e.number
      order by 1, 2, 3
      on conflict do nothing returning channel_id, dedupe_hash
    )
    select 'number' as outcome, ordinal, null as hash, workspace_id, channel_id, currency, time_zone from number
    union all
    select 'fresh', null, encode(dedupe_hash, 'hex'), null, channel_id, null, null from fresh
    union all
    select 'repeated', ordinal, null, null, null, null, null from webhook
    where not exists (select from stored where stored.body_hash = webhook.body_hash)
  `.execute(tx.sql);

  const repeated = new Set<ReceivedWebhook>();
  const channels = new Map<number, { workspaceId: string; channel: ChannelFacts }>();
  const freshKeys = new Set<string>();
  for (const row of rows) {
    if (row.outcome === 'fresh') freshKeys.add(`${row.channel_id} ${row.hash}`);
    else if (row.outcome === 'repeated') repeated.add(group[Number(row.ordinal) - 1]!);
    else {
      const channel = { id: row.channel_id, currency: row.currency, timeZone: row.time_zone };
      channels.set(Number(row.ordinal), { workspaceId: row.workspace_id, channel });
    }
  }
  const fresh: FreshElement[] = [];
  const unknown: ReceivedIn[] = [];
  for (const element of elements) {
    const known = channels.get(ordinals.get(numberKey(element.webhook, element.item))!);
    if (!known) unknown.push(element);
    // `delete` leaves a second copy within the group without effect.
    else if (freshKeys.delete(`${known.channel.id} ${element.dedupeHash}`)) fresh.push({ ...element, ...known });
  }
  return { fresh, unknown, repeated };
}

/** A webhook signed by one app never reaches a number of another. */
function numberKey(webhook: ReceivedWebhook, item: ReceivedElement['item']): string {
  return `${item.phoneNumberId} ${webhook.app.appId}`;
}

async function emitElements(
  tx: Tx,
  fresh: readonly FreshElement[],
  deadLetters: DeadLetters,
  wakeSender: () => void,
): Promise<void> {
  const statuses = fresh.filter(
    (element): element is FreshElement & { item: InboundStatus } => element.item.kind === 'status',
  );
  const messageIds = await settleByStatus(tx, statuses.map(toKnownStatus), wakeSender);
  const idOf = new Map(statuses.map((element, index) => [element as FreshElement, messageIds[index]]));
  for (const element of fresh) {
    const reason = whyUnfit(element.item) ?? emitElement(tx, element, idOf.get(element));
    if (reason) deadLetters.add(element.webhook, element.workspaceId, { path: element.item.path, reason });
  }
}

/** Returns why there is no event, if there is none. */
function emitElement(
  tx: Tx,
  { webhook, item, workspaceId, channel }: FreshElement,
  messageId: string | undefined,
): string | undefined {
  const origin = originOf(webhook);
  try {
    if (item.kind === 'message') {
      const data = toMessageReceived(item, channel);
      tx.emit(channelMessageReceived, { entityId: channel.id, workspaceId, occurredAt: item.sentAt, origin, data });
    } else {
      const data = toStatusReceived(item, channel, messageId);
      tx.emit(channelStatusReceived, {
        entityId: messageId ?? channel.id,
        workspaceId,
        occurredAt: item.occurredAt,
        origin,
        data,
      });
    }
    return undefined;
  } catch (error) {
    if (error instanceof ZodError) return 'does not fit the schema of its event';
    throw error;
  }
}

function toKnownStatus({ webhook, item, workspaceId, channel }: FreshElement & { item: InboundStatus }): KnownStatus {
  const { callbackData, providerMessageId } = item;
  return { workspaceId, channelId: channel.id, callbackData, providerMessageId, origin: originOf(webhook) };
}

function originOf(webhook: ReceivedWebhook): Origin {
  return { actor: { kind: 'provider' }, correlationId: webhook.bodyHash };
}

/** One per webhook, workspace and reason, however many elements it concerns. */
class DeadLetters {
  readonly #repeated: ReadonlySet<ReceivedWebhook>;
  readonly #byKey = new Map<string, { workspaceId: string; reason: string; webhookEvent: string; paths: string[] }>();

  /** @param repeated those whose dead letters are there already. */
  constructor(repeated: ReadonlySet<ReceivedWebhook>) {
    this.#repeated = repeated;
  }

  add(webhook: ReceivedWebhook, workspaceId: string, { path, reason }: Problem): void {
    if (this.#repeated.has(webhook)) return;
    const webhookEvent = webhook.bodyHash;
    const key = `${webhookEvent} ${workspaceId} ${reason}`;
    const letter = this.#byKey.get(key);
    if (!letter) this.#byKey.set(key, { workspaceId, reason, webhookEvent, paths: [path] });
    else if (!letter.paths.includes(path)) letter.paths.push(path);
  }

  async insert(tx: Tx): Promise<void> {
    const letters = [...this.#byKey.values()];
    if (letters.length === 0) return;
    await sql`
      insert into dead_letter (id, workspace_id, source, payload, reason, occurred_at)
      select id, workspace_id, 'webhook', payload, reason, ${tx.now()} from unnest(
        ${array('uuid', letters, () => newId())}, ${array('uuid', letters, (letter) => letter.workspaceId)},
        ${array('text', letters, ({ webhookEvent, paths }) => JSON.stringify({ webhookEvent, paths }))},
        ${array('text', letters, (letter) => letter.reason)}
      ) as t(id, workspace_id, payload, reason)
    `.execute(tx.sql);
  }
}
