import { gzipSync } from 'node:zlib';
import {
  accessCollected,
  accessPartFound,
  accessTraced,
  type AccessTraced,
  type ErasingService,
} from '@fenster/contracts';
import { sealTo } from '@fenster/runtime';
import type { RawBuilder } from 'kysely';
import { causedBy, defineConsumer, on, type ConsumerDefinition } from '../consumer.js';
import type { Origin, Tx } from '../transact.js';

/** Whose copy it is, as far as a service has to know. */
export interface TracedPerson extends Pick<AccessTraced, 'contactIds' | 'threadIds' | 'mediaIds'> {
  workspaceId: string;
}

/** Something that a service knows about a person: its row, without ids of colleagues and without what is of others. */
export interface FoundRecord {
  kind: string;
  record: object;
}

export type FindRecords = (tx: Tx, person: TracedPerson) => AsyncIterable<FoundRecord>;

/** Of the records of one event, before they are compressed: far below what the broker takes. */
const MAX_PART_BYTES = 256 * 1024;
const PAGE = 1_000;

/** What a part is sealed to, so that it opens nowhere else. */
export function accessPartContext({ requestId, kind }: { requestId: string; kind: string }): string {
  return `access part ${requestId} ${kind}`;
}

/** All rows of a statement that has `id` and is in the order of it; `pageAfter` gets the last one seen. */
export async function* findPaged(
  tx: Tx,
  kind: string,
  pageAfter: (after: string | null, limit: number) => RawBuilder<{ id: string; record: object }>,
): AsyncGenerator<FoundRecord, void> {
  for (let after: string | null = null; ;) {
    const { rows }: { rows: { id: string; record: object }[] } = await pageAfter(after, PAGE).execute(tx.sql);
    for (const { record } of rows) yield { kind, record };
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

/** Tells what was found, in parts of one kind each, readable to nobody but contacts. */
export async function tellFound(
  tx: Tx,
  records: AsyncIterable<FoundRecord>,
  about: { service: ErasingService; workspaceId: string; requestId: string; publicKey: string; origin: Origin },
): Promise<void> {
  const { service, workspaceId, requestId, publicKey, origin } = about;
  let kind = '';
  let lines: string[] = [];
  let bytes = 0;
  const tell = () => {
    if (lines.length === 0) return;
    const content = gzipSync(lines.join('\n'));
    tx.emit(accessPartFound.get(service)!, {
      entityId: requestId,
      workspaceId,
      origin,
      data: {
        requestId,
        publicKey,
        kind,
        count: lines.length,
        sealed: sealTo(publicKey, content, accessPartContext({ requestId, kind })).toString('base64'),
      },
    });
    lines = [];
    bytes = 0;
  };
  for await (const found of records) {
    const line = JSON.stringify(found.record);
    if (found.kind !== kind || bytes + line.length > MAX_PART_BYTES) tell();
    kind = found.kind;
    lines.push(line);
    bytes += line.length;
  }
  tell();
}

/** That a service has told everything. */
export function tellCollected(
  tx: Tx,
  {
    service,
    workspaceId,
    requestId,
    publicKey,
    origin,
  }: { service: ErasingService; workspaceId: string; requestId: string; publicKey: string; origin: Origin },
): void {
  tx.emit(accessCollected.get(service)!, { entityId: requestId, workspaceId, origin, data: { requestId, publicKey } });
}

/** Tells what a service has about whom conversation has traced: all of it in the transaction that takes the event in. */
export function accessTracedConsumer(service: ErasingService, find: FindRecords): ConsumerDefinition {
  const name = `${service}-access-traced`;
  return defineConsumer({
    name,
    filter: 'conversation.access.traced.>',
    subscriptions: [
      on(accessTraced, async (tx, events) => {
        for (const event of events) {
          const { workspaceId, data } = event;
          const { requestId, publicKey, isLast } = data;
          const about = { service, workspaceId, requestId, publicKey, origin: causedBy(event, name) };
          await tellFound(tx, find(tx, { workspaceId, ...data }), about);
          if (isLast) tellCollected(tx, about);
        }
      }),
    ],
  });
}
