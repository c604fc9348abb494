import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SimulatedTime } from './time.js';

const DAY_MS = 24 * 3_600_000;
/** Uploaded by a business, and received by one (since 2025-10-09). */
const LIFE_MS = { uploaded: 30 * DAY_MS, received: 7 * DAY_MS };
const LINK_MS = 5 * 60_000;

export interface Media {
  id: string;
  phoneNumberId: string;
  mimeType: string;
  fileName?: string;
  bytes: Buffer;
  /** Base64, as Meta writes it. */
  sha256: string;
  expiresAt: number;
}

export interface MediaStore {
  add(media: Pick<Media, 'phoneNumberId' | 'mimeType' | 'fileName' | 'bytes'>, origin: keyof typeof LIFE_MS): Media;
  /** Undefined when it was deleted, has expired, or made room for others. */
  get(id: string): Media | undefined;
  delete(id: string): boolean;
  /** Path and query of a link that works for five minutes, with the token of the number. */
  linkTo(media: Media): string;
  /** What such a link leads to; undefined when it is forged or old. */
  follow(query: URLSearchParams): Media | undefined;
  clear(): void;
}

/** @param maxBytes of all together; the oldest make room. */
export function createMediaStore(time: SimulatedTime, maxBytes: number): MediaStore {
  const secret = randomBytes(32);
  const all = new Map<string, Media>();
  let bytes = 0;

  const remove = (media: Media) => {
    all.delete(media.id);
    bytes -= media.bytes.length;
  };
  const get = (id: string) => {
    const media = all.get(id);
    if (media && media.expiresAt <= time.now().getTime()) {
      remove(media);
      return undefined;
    }
    return media;
  };
  const sign = (id: string, expires: string) => createHmac('sha256', secret).update(`${id} ${expires}`).digest();

  return {
    add(input, origin) {
      const media: Media = {
        ...input,
        id: newId(),
        sha256: createHash('sha256').update(input.bytes).digest('base64'),
        expiresAt: time.now().getTime() + LIFE_MS[origin],
      };
      all.set(media.id, media);
      bytes += media.bytes.length;
      for (const oldest of all.values()) {
        if (bytes <= maxBytes || oldest === media) break;
        remove(oldest);
      }
      return media;
    },
    get,
    delete(id) {
      const media = get(id);
      if (media) remove(media);
      return media !== undefined;
    },
    linkTo({ id }) {
      const expires = String(Math.floor((time.now().getTime() + LINK_MS) / 1_000));
      const query = new URLSearchParams({ mid: id, ext: expires, hash: sign(id, expires).toString('base64url') });
      return `/whatsapp_business/attachments/?${query.toString()}`;
    },
    follow(query) {
      const [id, expires, hash] = [query.get('mid') ?? '', query.get('ext') ?? '', query.get('hash') ?? ''];
      const given = Buffer.from(hash, 'base64url');
      const expected = sign(id, expires);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      return Number(expires) * 1_000 <= time.now().getTime() ? undefined : get(id);
    },
    clear() {
      all.clear();
      bytes = 0;
    },
  };
}

/** Ids of the Graph API are numbers of up to 17 digits. */
export function newId(): string {
  return String(1e15 + Math.floor(Math.random() * 8e15));
}
