/** What WhatsApp takes as media (whatsapp.md §B2). Pure. */

export type MediaKind = 'audio' | 'document' | 'image' | 'sticker' | 'video';

const KB = 1_024;
const MB = 1_024 * KB;

/** An animated sticker may have 500 KB, and nothing tells it from one that stands still but its bytes: {@link isAnimatedWebp}. */
const LIMITS: Record<MediaKind, { bytes: number; types: readonly string[] }> = {
  audio: { bytes: 16 * MB, types: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg', 'audio/opus'] },
  document: {
    bytes: 100 * MB,
    types: [
      'text/plain',
      'application/pdf',
      'application/msword',
      'application/vnd.ms-excel',
      'application/vnd.ms-powerpoint',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    ],
  },
  image: { bytes: 5 * MB, types: ['image/jpeg', 'image/png'] },
  sticker: { bytes: 100 * KB, types: ['image/webp'] },
  video: { bytes: 16 * MB, types: ['video/mp4', 'video/3gpp'] },
};
const ANIMATED_STICKER_BYTES = 500 * KB;
/** A customer may send files that a business may not: any type, up to 100 MB. */
export const LARGEST_MEDIA_BYTES = 100 * MB;

export const MIME_TYPES: readonly string[] = Object.values(LIMITS).flatMap(({ types }) => types);

export function baseType(mimeType: string): string {
  return mimeType.split(';', 1)[0]!.trim().toLowerCase();
}

/** What a file of this type is sent as; undefined for what WhatsApp does not take from a business. */
export function kindOf(mimeType: string): MediaKind | undefined {
  const type = baseType(mimeType);
  return (Object.keys(LIMITS) as MediaKind[]).find((kind) => LIMITS[kind].types.includes(type));
}

export function largestOf(kind: MediaKind, bytes: Buffer): number {
  return kind === 'sticker' && isAnimatedWebp(bytes) ? ANIMATED_STICKER_BYTES : LIMITS[kind].bytes;
}

/** A RIFF file whose extended header (VP8X) has the animation flag. */
export function isAnimatedWebp(bytes: Buffer): boolean {
  return (
    bytes.length > 20 &&
    bytes.toString('latin1', 0, 4) === 'RIFF' &&
    bytes.toString('latin1', 8, 16) === 'WEBPVP8X' &&
    (bytes[20]! & 0x02) !== 0
  );
}
