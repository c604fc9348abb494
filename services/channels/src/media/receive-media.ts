import type { FileKind } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';
import { seal } from '@fenster/runtime';
import type { InboundMedia } from '../providers/provider.js';
import { sourceContext, type MediaSource } from './media.row.js';

export interface ReceivedMedia {
  workspaceId: string;
  id: string;
  channelId: string;
  providerMessageId: string;
  kind: FileKind;
  media: InboundMedia;
  correlationId: string;
}

/** How long a provider keeps what it received (whatsapp.md §B2). */
const KEPT_FOR_MS = 7 * 86_400_000;

/** Queues files to be fetched. One statement, and none where there is no file. */
export async function receiveMedia(tx: Tx, received: readonly ReceivedMedia[], secretKey: Buffer): Promise<void> {
  if (received.length === 0) return;
  const now = tx.now();
  await sql`
    insert into media (workspace_id, id, channel_id, origin, kind, state, mime_type, file_name, sha256, source, due_at,
      expires_at, actor_kind, correlation_id, created_at)
    select workspace_id, id, channel_id, 'RECEIVED', kind, 'PENDING', mime_type, file_name, sha256, source, ${now},
      ${new Date(now.getTime() + KEPT_FOR_MS)}, 'provider', correlation_id, ${now}
    from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        id: 'uuid',
        channel_id: 'uuid',
        kind: 'text',
        mime_type: 'text',
        file_name: 'text',
        sha256: 'bytea',
        source: 'bytea',
        correlation_id: 'text',
      },
      received.map(({ workspaceId, id, channelId, providerMessageId, kind, media, correlationId }) => {
        const source: MediaSource = { providerMediaId: media.providerMediaId, providerMessageId };
        return {
          workspace_id: workspaceId,
          id,
          channel_id: channelId,
          kind,
          mime_type: media.mimeType,
          file_name: media.fileName,
          sha256: media.sha256,
          source: seal(secretKey, JSON.stringify(source), sourceContext(id)),
          correlation_id: correlationId,
        };
      }),
    )}
  `.execute(tx.sql);
}
