import { array, sql } from '@fenster/database';
import { isId } from '@fenster/runtime';
import type { ChannelsContext } from '../context.js';
import type { OutgoingFile } from '../providers/provider.js';
import { readContent, type StoredMedia } from './stored-content.js';

/** For giving one of them to a provider while somebody waits. */
export const HANDOVER_TIMEOUT_MS = 120_000;

export interface UploadedFile {
  mimeType: string;
  sizeBytes: number;
  /** To be read once; it is opened when that begins. */
  open(): OutgoingFile;
}

interface UploadedRow extends StoredMedia {
  mime_type: string;
  file_name: string | null;
}

/** Those files of the workspace that somebody uploaded to send them, and that are READY, by their ids. */
export async function findUploadedFiles(
  { database, app: { store, secretKey } }: ChannelsContext,
  workspaceId: string,
  mediaIds: readonly string[],
): Promise<ReadonlyMap<string, UploadedFile>> {
  const ids = mediaIds.filter(isId);
  if (ids.length === 0) return new Map();
  const rows = await database.readForTenant(
    workspaceId,
    sql<UploadedRow>`
      select id, object_key, content_key, size_bytes, mime_type, file_name from media
      where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)})
        and origin = 'UPLOADED' and state = 'READY'
    `,
  );
  return new Map(
    rows.map((row): [string, UploadedFile] => {
      const known = { mimeType: row.mime_type, sizeBytes: Number(row.size_bytes) };
      const open = () => ({ ...known, fileName: row.file_name ?? 'file', content: readContent(store, secretKey, row) });
      return [row.id, { ...known, open }];
    }),
  );
}
