import {
  channelMessageChanged,
  channelMessageImported,
  channelMessageReceived,
  channelStatusReceived,
} from '@fenster/contracts';
import { array, sql, type Origin, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { ZodError } from 'zod';
import { breakByStatus } from '../channels/broken-channels.js';
import { settleByStatus, type KnownStatus } from '../delivery/settle-by-status.js';
import { LATE_DAYS, lateElements, withoutPerson } from '../erasures/late-elements.js';
import { receiveMedia, type ReceivedMedia } from '../media/receive-media.js';
import type { ChannelKind } from '../providers/channel-kind.js';
import type { InboundStatus } from '../providers/provider.js';
import { capabilitiesOf } from '../providers/providers.js';
import {
  toMessageChanged,
  toMessageImported,
  toMessageReceived,
  toStatusReceived,
  whyUnfit,
  type ChannelFacts,
} from './event-data.js';
import { isOnlyKept, type Problem, type ReceivedElement, type ReceivedWebhook } from './received-webhook.js';
import { tellPreferences } from './tell-preferences.js';
import { tellVolumeTiers } from './tell-volume-tiers.js';
import { storeTemplateNews } from '../templates/store-template-news.js';
import { storeNews } from './store-news.js';
import type { WebhookOutcome } from './webhook-event.entity.js';

const DAY_MS = 86_400_000;

interface ReceivedIn extends ReceivedElement {
  webhook: ReceivedWebhook;
}

/** An element that is here for the first time, and the channel it is for. */
interface FreshElement extends ReceivedIn {
  workspaceId: string;
  channel: ChannelFacts;
}

export interface StoreOptions {
  secretKey: Buffer;
  /** There may be something to send again. */
  wakeSender: () => void;
  /** There are files to fetch. */
  wakeFetcher: () => void;
  /** There are templates to read. */
  wakeTemplateReader: () => void;
}

/**
 * Stores a group of webhooks as one: raw bodies, an event for each element that was never here before, and a dead
 * letter for what has no effect. The number of statements does not depend on the size of the group.
 */
export async function storeWebhooks(tx: Tx, group: readonly ReceivedWebhook[], options: StoreOptions): Promise<void> {
  const elements = group.flatMap((webhook) => webhook.elements.map((element) => ({ webhook, ...element })));
  const stored = await withoutErased(tx, elements, await insertWebhooks(tx, group, elements));
  const deadLetters = new DeadLetters(stored.repeated);
  await handle(tx, group, stored, deadLetters, options);
  await forgetClosed(
    tx,
    group.filter((webhook) => webhook.wasOpened && stored.repeated.has(webhook)),
  );
}

/** What could not be decrypted when it came first has its effect now. */
async function forgetClosed(tx: Tx, opened: readonly ReceivedWebhook[]): Promise<void> {
  if (opened.length === 0) return;
  await sql`
    with event as (
      update webhook_event set outcome = 'HANDLED'
      where body_hash = any(${array('bytea', opened, (webhook) => Buffer.from(webhook.bodyHash, 'hex'))})
        and outcome = 'DEAD_LETTER'
      returning workspace_id, id
    )
    update dead_letter d set replayed_at = ${tx.now()} from event
    where d.workspace_id = event.workspace_id and d.event_id = event.id and d.source = 'webhook' and d.replayed_at is null
  `.execute(tx.sql);
}

/** The same for one that is stored already. Whoever calls has locked it. */
export async function storeAgain(tx: Tx, webhook: ReceivedWebhook, options: StoreOptions): Promise<void> {
  const elements = webhook.elements.map((element) => ({ webhook, ...element }));
  const stored = await withoutErased(tx, elements, await insertWebhooks(tx, [webhook], elements));
  const deadLetters = new DeadLetters(new Set());
  await sql`
    update webhook_event set outcome = ${outcomeOf(webhook)}
    where workspace_id = ${webhook.app.workspaceId} and id = ${webhook.id}
  `.execute(tx.sql);
  await handle(tx, [webhook], stored, deadLetters, options);
}

async function handle(
  tx: Tx,
  group: readonly ReceivedWebhook[],
  stored: Stored,
  deadLetters: DeadLetters,
  { secretKey, wakeSender, wakeFetcher, wakeTemplateReader }: StoreOptions,
): Promise<void> {
  for (const webhook of group)
    for (const problem of webhook.problems) deadLetters.add(webhook, webhook.app.workspaceId, problem);
  for (const { webhook, item } of stored.unknown) {
    deadLetters.add(webhook, webhook.app.workspaceId, {
      path: item.path,
      reason: 'no channel has this number and app',
    });
  }
  const media: ReceivedMedia[] = [];
  await emitElements(tx, stored.fresh, deadLetters, media, wakeSender);
  await receiveMedia(tx, media, secretKey);
  if (media.length > 0) tx.afterCommit(wakeFetcher);
  await storeNews(tx, group);
  const first = group.filter((webhook) => !deadLetters.isRepeated(webhook));
  await tellPreferences(tx, first);
  await tellVolumeTiers(tx, first);
  await storeTemplateNews(tx, group, wakeTemplateReader);
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
  /** Workspaces in which somebody was erased lately, and when last. */
  erasures: ReadonlyMap<string, string>;
}

interface StoredRow {
  outcome: 'number' | 'fresh' | 'repeated' | 'erased';
  ordinal: string | null;
  hash: string | null;
  workspace_id: string;
  channel_id: string;
  kind: ChannelKind;
  currency: string | null;
  time_zone: string | null;
  portfolio: string | null;
}

async function insertWebhooks(
  tx: Tx,
  group: readonly ReceivedWebhook[],
  elements: readonly ReceivedIn[],
): Promise<Stored> {
  const numbers = new Map(elements.map(({ webhook, item }) => [numberKey(webhook, item), { webhook, item }]));
  const ordinals = new Map([...numbers.keys()].map((key, index) => [key, index + 1]));
  const since = new Date(tx.now().getTime() - LATE_DAYS * DAY_MS);
  const { rows } = await sql<StoredRow>`/* prepared */
    with webhook as (
      select * from unnest(
        ${array('bytea', group, (webhook) => Buffer.from(webhook.bodyHash, 'hex'))},
        ${array('text', group, (webhook) => webhook.app.appId)},
        ${array('bytea', group, (webhook) => webhook.sealedBody)},
        ${array('int', group, (webhook) => webhook.itemCount)},
        ${array('uuid', group, (webhook) => webhook.id)},
        ${array('uuid', group, (webhook) => webhook.app.workspaceId)},
        ${array('text', group, (webhook) => [...webhook.fields].join(','))},
        ${array('text', group, (webhook) => [...webhook.subjects].join(','))},
        ${array('text', group, outcomeOf)},
        ${array('text', group, (webhook) => webhook.query)}
      ) with ordinality as t(body_hash, app_id, body, item_count, id, workspace_id, fields, subjects, outcome, query, ordinal)
    ), stored as (
      insert into webhook_event (body_hash, received_at, app_id, body, item_count, id, workspace_id, fields, subjects, outcome, query)
      select distinct on (body_hash) body_hash, ${tx.now()}, app_id, body, item_count, id, workspace_id,
        string_to_array(fields, ','), string_to_array(subjects, ','), outcome, query
      from webhook order by body_hash, ordinal
      on conflict do nothing returning body_hash
    ), number as materialized (
      select n.ordinal, c.workspace_id, c.id as channel_id, c.kind, c.currency, c.time_zone,
        coalesce((
          select f.value #>> '{}' from channel_fact f
          where f.workspace_id = c.workspace_id and f.channel_id = c.id and f.name = 'portfolioId'
        ), c.account) as portfolio
      from unnest(
        ${array('text', [...numbers.values()], ({ item }) => item.address)},
        ${array('text', [...numbers.values()], ({ webhook }) => webhook.app.appId)}
      ) with ordinality as n(address, app_id, ordinal)
      join channel c on c.address = n.address and c.app_id = n.app_id
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
    select 'number' as outcome, ordinal, null as hash, workspace_id, channel_id, kind, currency, time_zone, portfolio from number
    union all
    select 'fresh', null, encode(dedupe_hash, 'hex'), null, channel_id, null, null, null, null from fresh
    union all
    select 'repeated', ordinal, null, null, null, null, null, null, null from webhook
    where not exists (select from stored where stored.body_hash = webhook.body_hash)
    union all
    select 'erased', null, erasure.erased_at::text, workspace.workspace_id, null, null, null, null, null
    from (select distinct workspace_id from webhook) workspace
    cross join lateral (
      select erased_at from erasure_task
      where erasure_task.workspace_id = workspace.workspace_id and erased_at > ${since}
      order by erased_at desc limit 1
    ) erasure
  `.execute(tx.sql);

  const repeated = new Set<ReceivedWebhook>();
  const channels = new Map<number, { workspaceId: string; channel: ChannelFacts }>();
  const freshKeys = new Set<string>();
  const erasures = new Map<string, string>();
  for (const row of rows) {
    if (row.outcome === 'fresh') freshKeys.add(`${row.channel_id} ${row.hash}`);
    else if (row.outcome === 'erased') erasures.set(row.workspace_id, row.hash!);
    else if (row.outcome === 'repeated') repeated.add(group[Number(row.ordinal) - 1]!);
    else {
      const { channel_id: id, kind, currency, time_zone: timeZone, portfolio } = row;
      const channel = { id, capabilities: capabilitiesOf(kind), currency, timeZone, portfolio };
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
  return { fresh, unknown, repeated, erasures };
}

/** What comes late about people who have been erased brings nobody back; the body that told it is not kept. */
async function withoutErased(tx: Tx, elements: readonly ReceivedIn[], stored: Stored): Promise<Stored> {
  if (stored.erasures.size === 0) return stored;
  const late = await lateElements(tx, elements, stored.erasures);
  if (late.size === 0) return stored;
  const items = new Set([...late].map(({ item }) => item));
  const bodies = [...new Set([...late].map(({ webhook }) => webhook.bodyHash))];
  await sql`
    update webhook_event set body = null, query = null
    where body_hash = any(${array('bytea', bodies, (hash) => Buffer.from(hash, 'hex'))})
  `.execute(tx.sql);
  const fresh = stored.fresh.flatMap((element) => {
    if (!items.has(element.item)) return [element];
    const item = withoutPerson(element.item);
    return item ? [{ ...element, item }] : [];
  });
  return { ...stored, fresh };
}

/** A webhook signed by one app never reaches a number of another. */
function numberKey(webhook: ReceivedWebhook, item: ReceivedElement['item']): string {
  return `${item.address} ${webhook.app.appId}`;
}

async function emitElements(
  tx: Tx,
  fresh: readonly FreshElement[],
  deadLetters: DeadLetters,
  media: ReceivedMedia[],
  wakeSender: () => void,
): Promise<void> {
  const statuses = fresh.filter(
    (element): element is FreshElement & { item: InboundStatus } => element.item.kind === 'status',
  );
  await breakByStatus(
    tx,
    statuses.map(({ webhook, item, workspaceId, channel }) => ({
      workspaceId,
      channelId: channel.id,
      error: item.status === 'failed' ? item.errors[0] : undefined,
      occurredAt: item.occurredAt,
      origin: originOf(webhook),
    })),
  );
  const messageIds = await settleByStatus(tx, statuses.map(toKnownStatus), wakeSender);
  const idOf = new Map(statuses.map((element, index) => [element as FreshElement, messageIds[index]]));
  for (const element of fresh) {
    const reason = whyUnfit(element.item) ?? emitElement(tx, element, idOf.get(element), media);
    if (reason) deadLetters.add(element.webhook, element.workspaceId, { path: element.item.path, reason });
  }
}

/** Returns why there is no event, if there is none. Adds the file that it brings to `media`. */
function emitElement(
  tx: Tx,
  { webhook, item, workspaceId, channel }: FreshElement,
  messageId: string | undefined,
  media: ReceivedMedia[],
): string | undefined {
  const origin = originOf(webhook);
  const mediaId = item.kind === 'message' && item.media ? newId() : undefined;
  try {
    if (item.kind === 'message' && item.changes) {
      const data = toMessageChanged({ ...item, changes: item.changes }, channel, mediaId);
      tx.emit(channelMessageChanged, { entityId: channel.id, workspaceId, occurredAt: item.sentAt, origin, data });
    } else if (item.kind === 'message' && item.imported) {
      const data = toMessageImported({ ...item, imported: item.imported }, channel, mediaId);
      tx.emit(channelMessageImported, { entityId: channel.id, workspaceId, occurredAt: item.sentAt, origin, data });
    } else if (item.kind === 'message') {
      const data = toMessageReceived(item, channel, mediaId);
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
    if (item.kind === 'message' && item.media && mediaId !== undefined) {
      media.push({
        workspaceId,
        id: mediaId,
        channelId: channel.id,
        // Of an edit, the message that has the file from now on.
        providerMessageId: item.changes?.providerMessageId ?? item.providerMessageId,
        kind: item.media.kind,
        media: item.media,
        correlationId: webhook.bodyHash,
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

function outcomeOf(webhook: ReceivedWebhook): WebhookOutcome {
  if (webhook.problems.length > 0) return 'DEAD_LETTER';
  return isOnlyKept(webhook) ? 'KEPT' : 'HANDLED';
}

interface Letter {
  workspaceId: string;
  reason: string;
  /** The hash of its body. */
  webhookEvent: string;
  eventId: string;
  paths: string[];
}

/** One per webhook, workspace and reason, however many elements it concerns. */
class DeadLetters {
  readonly #repeated: ReadonlySet<ReceivedWebhook>;
  readonly #byKey = new Map<string, Letter>();

  /** @param repeated those whose dead letters are there already. */
  constructor(repeated: ReadonlySet<ReceivedWebhook>) {
    this.#repeated = repeated;
  }

  isRepeated(webhook: ReceivedWebhook): boolean {
    return this.#repeated.has(webhook);
  }

  add(webhook: ReceivedWebhook, workspaceId: string, { path, reason }: Problem): void {
    if (this.isRepeated(webhook)) return;
    const webhookEvent = webhook.bodyHash;
    const key = `${webhookEvent} ${workspaceId} ${reason}`;
    const letter = this.#byKey.get(key);
    if (!letter) this.#byKey.set(key, { workspaceId, reason, webhookEvent, eventId: webhook.id, paths: [path] });
    else if (!letter.paths.includes(path)) letter.paths.push(path);
  }

  async insert(tx: Tx): Promise<void> {
    const letters = [...this.#byKey.values()];
    if (letters.length === 0) return;
    await sql`
      insert into dead_letter (id, workspace_id, source, event_id, payload, reason, occurred_at)
      select id, workspace_id, 'webhook', event_id, payload, reason, ${tx.now()} from unnest(
        ${array('uuid', letters, () => newId())}, ${array('uuid', letters, (letter) => letter.workspaceId)},
        ${array('text', letters, ({ webhookEvent, paths }) => JSON.stringify({ webhookEvent, paths }))},
        ${array('text', letters, (letter) => letter.reason)}, ${array('uuid', letters, (letter) => letter.eventId)}
      ) as t(id, workspace_id, payload, reason, event_id)
    `.execute(tx.sql);
    await sql`
      update webhook_event set outcome = 'DEAD_LETTER'
      where body_hash = any(${array('bytea', letters, (letter) => Buffer.from(letter.webhookEvent, 'hex'))})
        and outcome <> 'DEAD_LETTER'
    `.execute(tx.sql);
  }
}
