import { DELIVERY_FAILURES } from '@fenster/contracts';
import { array, sql, type Database } from '@fenster/database';
import type { Clock, Logger } from '@fenster/runtime';
import type { ObjectStore } from '@fenster/object-store';
import type { ChannelKind } from '../providers/channel-kind.js';
import type { ProviderCredentials, SendOutcome, UploadOutcome } from '../providers/provider.js';
import type { Providers } from '../providers/providers.js';
import { readContent, type StoredMedia } from './stored-content.js';

export interface ProviderMediaRequest {
  workspaceId: string;
  channelId: string;
  channelKind: ChannelKind;
  /** Ours. */
  mediaIds: readonly string[];
  credentials: ProviderCredentials;
}

export type ResolvedMedia =
  /** By our ids, the provider's. */
  | { kind: 'resolved'; providerIds: ReadonlyMap<string, string> }
  | Extract<SendOutcome, { kind: 'rejected' | 'not_sent' }>;

/** How the provider calls our files: what a message that leaves has to say. */
export interface ProviderMedia {
  /** Gives the provider what it does not have. Never rejects: every failure is an outcome, and nothing was sent. */
  resolve(request: ProviderMediaRequest): Promise<ResolvedMedia>;
}

/** The provider keeps a file for 30 days; a send may wait for a while after this was asked. */
const KEPT_FOR_MS = 29 * 86_400_000;

const GONE: ResolvedMedia = {
  kind: 'rejected',
  reason: 'file_gone',
  class: 'never',
  agentText: DELIVERY_FAILURES.file_gone.texts.en.text,
};

interface KnownMedia extends StoredMedia {
  mime_type: string;
  file_name: string | null;
  provider_media_id: string | null;
}

export function createProviderMedia(options: {
  database: Database;
  store: ObjectStore;
  providers: Providers;
  secretKey: Buffer;
  /** For one file. */
  timeoutMs: number;
  now: Clock;
  log: Logger;
}): ProviderMedia {
  const { database, store, providers, secretKey, timeoutMs, now, log } = options;
  /** What many messages wait for is uploaded once. */
  const underWay = new Map<string, Promise<UploadOutcome>>();

  /** Noting that they are used keeps them from being removed as files that nobody wanted. */
  async function lookUp({ workspaceId, channelId, mediaIds }: ProviderMediaRequest): Promise<KnownMedia[]> {
    const { rows } = await sql<KnownMedia>`
      with used as (
        update media set due_at = null
        where workspace_id = ${workspaceId} and id = any(${array('uuid', mediaIds)}) and origin = 'UPLOADED'
          and state = 'READY' and due_at is not null
      )
      select m.id, m.object_key, m.content_key, m.size_bytes, m.mime_type, m.file_name, p.provider_media_id
      from media m left join provider_media p on p.workspace_id = m.workspace_id and p.media_id = m.id
        and p.channel_id = ${channelId} and p.uploaded_at > ${new Date(now().getTime() - KEPT_FOR_MS)}
      where m.workspace_id = ${workspaceId} and m.id = any(${array('uuid', mediaIds)})
        and m.origin = 'UPLOADED' and m.state = 'READY'
    `.execute(database.system().getKysely());
    return rows;
  }

  function uploadOnce(request: ProviderMediaRequest, media: KnownMedia): Promise<UploadOutcome> {
    const key = `${media.id} ${request.channelId}`;
    let upload = underWay.get(key);
    if (!upload) {
      upload = uploadNow(request, media).finally(() => underWay.delete(key));
      underWay.set(key, upload);
    }
    return upload;
  }

  async function uploadNow(request: ProviderMediaRequest, media: KnownMedia): Promise<UploadOutcome> {
    const outcome = await providers[request.channelKind].uploadMedia(
      {
        mimeType: media.mime_type,
        fileName: media.file_name ?? 'file',
        sizeBytes: Number(media.size_bytes),
        content: readContent(store, secretKey, media),
      },
      request.credentials,
      AbortSignal.timeout(timeoutMs),
    );
    if (outcome.kind === 'uploaded') await remember(request, media.id, outcome.providerMediaId);
    return outcome;
  }

  async function remember({ workspaceId, channelId }: ProviderMediaRequest, mediaId: string, providerMediaId: string) {
    // What was deleted here meanwhile is deleted there, too.
    await sql`
      with known as (
        select workspace_id, id from media where workspace_id = ${workspaceId} and id = ${mediaId} for key share
      ), stored as (
        insert into provider_media (workspace_id, media_id, channel_id, provider_media_id, uploaded_at)
        select workspace_id, id, ${channelId}, ${providerMediaId}, ${now()} from known
        on conflict (workspace_id, media_id, channel_id) do update
          set provider_media_id = excluded.provider_media_id, uploaded_at = excluded.uploaded_at
      )
      insert into provider_media_removal (workspace_id, channel_id, provider_media_id, due_at)
      select ${workspaceId}, ${channelId}, ${providerMediaId}, ${now()} where not exists (select from known)
      on conflict do nothing
    `.execute(database.system().getKysely());
  }

  return {
    async resolve(request) {
      try {
        const known = new Map((await lookUp(request)).map((media) => [media.id, media]));
        const providerIds = new Map<string, string>();
        for (const id of request.mediaIds) {
          const media = known.get(id);
          if (!media) return GONE;
          if (media.provider_media_id !== null) providerIds.set(id, media.provider_media_id);
          else {
            const outcome = await uploadOnce(request, media);
            if (outcome.kind !== 'uploaded') return outcome;
            providerIds.set(id, outcome.providerMediaId);
          }
        }
        return { kind: 'resolved', providerIds };
      } catch (error) {
        log.warn({ err: error }, 'files of a message cannot be looked up');
        return { kind: 'not_sent', reason: 'files cannot be looked up' };
      }
    },
  };
}
