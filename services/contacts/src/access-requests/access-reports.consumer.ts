import {
  accessCodeTold,
  accessCodeWritten,
  accessCollected,
  accessPartFound,
  COLLECTED_SERVICES,
  type AccessPart,
  type Envelope,
  type ErasingService,
} from '@fenster/contracts';
import { causedBy, defineConsumer, on, sql, type ConsumerDefinition, type Tx } from '@fenster/database';
import { announceFile } from '@fenster/jobs';
import { newId } from '@fenster/runtime';
import { AccessRequest, type AccessState } from './access-request.entity.js';
import { startCollecting } from './access-request.commands.js';

export interface AccessConsumerOptions {
  secretKey: Buffer;
  wakePacker: () => void;
}

/** One for each service that tells what it has, because a consumer reads one stream. */
export function accessReportsConsumers({ secretKey, wakePacker }: AccessConsumerOptions): ConsumerDefinition[] {
  return COLLECTED_SERVICES.map((service) =>
    defineConsumer({
      name: `contacts-access-of-${service}`,
      filter: `${service}.access.>`,
      subscriptions: [
        ...(service === 'conversation' ? identitySubscriptions(secretKey) : []),
        on(accessPartFound.get(service)!, async (tx, events) => {
          for (const event of events) await keepPart(tx, service, event);
        }),
        on(accessCollected.get(service)!, async (tx, events) => {
          for (const { workspaceId, data } of events)
            await noteCollected(tx, service, { workspaceId, ...data }, wakePacker);
        }),
      ],
    }),
  );
}

function identitySubscriptions(secretKey: Buffer) {
  return [
    on(accessCodeTold, async (tx, events) => {
      for (const { workspaceId, data } of events) {
        const request = await lock(tx, workspaceId, data.requestId, 'AWAITING_IDENTITY');
        if (!request) continue;
        if (data.refusal === null) request.codeToldAt = tx.now();
        else request.codeRefusal = data.refusal;
        await tx.em.flush();
      }
    }),
    on(accessCodeWritten, async (tx, events) => {
      for (const event of events) {
        const request = await lock(tx, event.workspaceId, event.data.requestId, 'AWAITING_IDENTITY');
        if (!request) continue;
        const origin = causedBy(event, 'contacts-access-of-conversation');
        await startCollecting(tx, request, secretKey, { confirmedBy: 'CODE_WORD' }, origin);
      }
    }),
  ];
}

/** In this state; in another one, what is told comes too late. */
async function lock(tx: Tx, workspaceId: string, id: string, state: AccessState): Promise<AccessRequest | null> {
  await sql`select from access_request where workspace_id = ${workspaceId} and id = ${id} for update`.execute(tx.sql);
  return tx.em.findOne(AccessRequest, { workspaceId, id, state });
}

async function keepPart(
  tx: Tx,
  service: ErasingService,
  { workspaceId, seq, data }: Envelope<AccessPart>,
): Promise<void> {
  const { requestId, publicKey, kind, count, sealed } = data;
  await sql`
    insert into access_part (workspace_id, request_id, service, seq, kind, count, sealed, public_key)
    select workspace_id, id, ${service}, ${seq}, ${kind}, ${count}, ${Buffer.from(sealed, 'base64')}, public_key
    from access_request
    where workspace_id = ${workspaceId} and id = ${requestId} and state = 'COLLECTING'
      and public_key = ${publicKey ?? sql.ref('public_key')}
    on conflict do nothing
  `.execute(tx.sql);
}

/** With the last service the archive can be written. */
async function noteCollected(
  tx: Tx,
  service: ErasingService,
  { workspaceId, requestId, publicKey }: { workspaceId: string; requestId: string; publicKey?: string | undefined },
  wakePacker: () => void,
): Promise<void> {
  // Two services may end at once; the second one sees what the first has said.
  const request = await lock(tx, workspaceId, requestId, 'COLLECTING');
  if (!request || request.publicKey !== (publicKey ?? request.publicKey)) return;
  await sql`
    insert into access_collected (workspace_id, request_id, service, public_key)
    values (${workspaceId}, ${requestId}, ${service}, ${request.publicKey})
    on conflict do nothing
  `.execute(tx.sql);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from access_collected
    where workspace_id = ${workspaceId} and request_id = ${requestId} and public_key = ${request.publicKey}
  `.execute(tx.sql);
  if (rows[0]!.count < COLLECTED_SERVICES.length) return;
  const fileId = newId();
  const name = `data-copy-${request.reference}.zip`;
  await announceFile(tx, { workspaceId, id: fileId, name });
  Object.assign(request, { state: 'PACKING', fileId });
  await tx.em.flush();
  tx.afterCommit(wakePacker);
}
