import type { FileKind } from '@fenster/contracts';
import { baseType, beginsAs, isAnimatedWebp } from '@fenster/object-store';

/** What WhatsApp takes (whatsapp.md §B2). Everything that knows a limit of media asks here. */

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Of files that we send. Meta writes MB and counts in powers of two. */
const MAX_BYTES: Record<FileKind, number> = {
  IMAGE: 5 * MEBIBYTE,
  VIDEO: 16 * MEBIBYTE,
  AUDIO: 16 * MEBIBYTE,
  DOCUMENT: 100 * MEBIBYTE,
  STICKER: 500 * KIBIBYTE,
};
/** Those that move may have five times as much. */
const MAX_STILL_STICKER_BYTES = 100 * KIBIBYTE;

/** Of files that customers send, whatever they are. */
export const MAX_RECEIVED_BYTES = 100 * MEBIBYTE;

const KINDS: ReadonlyMap<string, FileKind> = new Map<string, FileKind>([
  ['image/jpeg', 'IMAGE'],
  ['image/png', 'IMAGE'],
  ['image/webp', 'STICKER'],
  ['audio/aac', 'AUDIO'],
  ['audio/amr', 'AUDIO'],
  ['audio/mpeg', 'AUDIO'],
  ['audio/mp4', 'AUDIO'],
  // Opus alone of what Ogg can carry.
  ['audio/ogg', 'AUDIO'],
  ['video/mp4', 'VIDEO'],
  ['video/3gpp', 'VIDEO'],
  ['text/plain', 'DOCUMENT'],
  ['application/pdf', 'DOCUMENT'],
  ['application/msword', 'DOCUMENT'],
  ['application/vnd.ms-excel', 'DOCUMENT'],
  ['application/vnd.ms-powerpoint', 'DOCUMENT'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'DOCUMENT'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'DOCUMENT'],
  ['application/vnd.openxmlformats-officedocument.presentationml.presentation', 'DOCUMENT'],
]);

/** What may be sent. */
export const SENDABLE_TYPES: readonly string[] = [...KINDS.keys()];

/** Undefined for what may not be sent. */
export function kindOf(mimeType: string): FileKind | undefined {
  return KINDS.get(baseType(mimeType));
}

/** Of a file of which nothing but its type is known. */
export function maxBytesOf(kind: FileKind): number {
  return MAX_BYTES[kind];
}

/** How Meta wants a type to be called: the bare `audio/ogg` it refuses. */
export function providerTypeOf(mimeType: string): string {
  return mimeType === 'audio/ogg' ? 'audio/ogg; codecs=opus' : mimeType;
}

/** What the first bytes say: whether this is what it is called, and how large it may be. */
export function checkHead(mimeType: string, head: Buffer): { isAsCalled: boolean; maxBytes: number } {
  const kind = KINDS.get(mimeType);
  if (!kind || !beginsAs(mimeType, head)) return { isAsCalled: false, maxBytes: 0 };
  const isStill = kind === 'STICKER' && !isAnimatedWebp(head);
  return { isAsCalled: true, maxBytes: isStill ? MAX_STILL_STICKER_BYTES : MAX_BYTES[kind] };
}
