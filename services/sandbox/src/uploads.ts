import { randomBytes } from 'node:crypto';
import type { SimulatedTime } from './time.js';

/** Meta's resumable uploads: files that a template or a profile shows, told by a handle. */
export interface Uploads {
  start(file: { mimeType: string; size: number; fileName?: string }): string;
  /** How much of it is there. */
  offsetOf(id: string): number | undefined;
  /** @returns the handle once all is there, and the number of bytes until then. */
  append(id: string, offset: number, bytes: Buffer): { handle: string } | { offset: number } | undefined;
  /** What a handle stands for. */
  file(handle: string): { mimeType: string; bytes: Buffer } | undefined;
  clear(): void;
}

interface Upload {
  mimeType: string;
  size: number;
  bytes: Buffer;
  startedAt: number;
}

const MAX_UPLOADS = 100;
const LIFE_MS = 24 * 3_600_000;

export function createUploads(time: SimulatedTime): Uploads {
  const uploads = new Map<string, Upload>();
  const handles = new Map<string, { mimeType: string; bytes: Buffer }>();
  const makeRoom = (store: Map<string, unknown>) => {
    if (store.size > MAX_UPLOADS) store.delete(store.keys().next().value!);
  };
  const get = (id: string) => {
    const upload = uploads.get(id);
    return upload && time.now().getTime() - upload.startedAt < LIFE_MS ? upload : undefined;
  };
  return {
    start({ mimeType, size }) {
      const id = `upload:${randomBytes(18).toString('base64url')}`;
      uploads.set(id, { mimeType, size, bytes: Buffer.alloc(0), startedAt: time.now().getTime() });
      makeRoom(uploads);
      return id;
    },
    offsetOf: (id) => get(id)?.bytes.length,
    append(id, offset, bytes) {
      const upload = get(id);
      if (!upload || offset !== upload.bytes.length || offset + bytes.length > upload.size) return undefined;
      upload.bytes = Buffer.concat([upload.bytes, bytes]);
      if (upload.bytes.length < upload.size) return { offset: upload.bytes.length };
      uploads.delete(id);
      const handle = `4:${randomBytes(24).toString('base64url')}`;
      handles.set(handle, { mimeType: upload.mimeType, bytes: upload.bytes });
      makeRoom(handles);
      return { handle };
    },
    file: (handle) => handles.get(handle),
    clear() {
      uploads.clear();
      handles.clear();
    },
  };
}
