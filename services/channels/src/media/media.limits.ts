import type { FileKind } from '@fenster/contracts';

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

interface FileType {
  kind: FileKind;
  /** Whether a file may begin so. */
  begins(head: Buffer): boolean;
}

const startsWith =
  (...bytes: number[]) =>
  (head: Buffer) =>
    bytes.every((byte, at) => head[at] === byte);
const holds = (text: string, at: number) => (head: Buffer) =>
  head.subarray(at, at + text.length).equals(Buffer.from(text));
const isIsoMedia = holds('ftyp', 4);
const isZip = startsWith(0x50, 0x4b, 0x03, 0x04);
const isOldOffice = startsWith(0xd0, 0xcf, 0x11, 0xe0);
const isWebp = (head: Buffer) => holds('RIFF', 0)(head) && holds('WEBP', 8)(head);

const FILE_TYPES: ReadonlyMap<string, FileType> = new Map<string, FileType>([
  ['image/jpeg', { kind: 'IMAGE', begins: startsWith(0xff, 0xd8, 0xff) }],
  ['image/png', { kind: 'IMAGE', begins: startsWith(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) }],
  ['image/webp', { kind: 'STICKER', begins: isWebp }],
  [
    'audio/aac',
    { kind: 'AUDIO', begins: (head) => isFrame(head, 0xf0) || holds('ADIF', 0)(head) || holds('ID3', 0)(head) },
  ],
  ['audio/amr', { kind: 'AUDIO', begins: holds('#!AMR', 0) }],
  ['audio/mpeg', { kind: 'AUDIO', begins: (head) => isFrame(head, 0xe0) || holds('ID3', 0)(head) }],
  ['audio/mp4', { kind: 'AUDIO', begins: isIsoMedia }],
  // Opus alone of what Ogg can carry.
  ['audio/ogg', { kind: 'AUDIO', begins: (head) => holds('OggS', 0)(head) && holds('OpusHead', 28)(head) }],
  ['video/mp4', { kind: 'VIDEO', begins: isIsoMedia }],
  ['video/3gpp', { kind: 'VIDEO', begins: isIsoMedia }],
  ['text/plain', { kind: 'DOCUMENT', begins: (head) => !head.includes(0) }],
  ['application/pdf', { kind: 'DOCUMENT', begins: holds('%PDF-', 0) }],
  ['application/msword', { kind: 'DOCUMENT', begins: isOldOffice }],
  ['application/vnd.ms-excel', { kind: 'DOCUMENT', begins: isOldOffice }],
  ['application/vnd.ms-powerpoint', { kind: 'DOCUMENT', begins: isOldOffice }],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', { kind: 'DOCUMENT', begins: isZip }],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', { kind: 'DOCUMENT', begins: isZip }],
  ['application/vnd.openxmlformats-officedocument.presentationml.presentation', { kind: 'DOCUMENT', begins: isZip }],
]);

/** What may be sent. */
export const SENDABLE_TYPES: readonly string[] = [...FILE_TYPES.keys()];

/** How much of a file `checkHead` wants to see, if there is as much. */
export const HEAD_BYTES = 64;

/** `Audio/OGG; codecs=opus` is `audio/ogg`. */
export function baseType(mimeType: string): string {
  return mimeType.split(';')[0]!.trim().toLowerCase();
}

/** Undefined for what may not be sent. */
export function kindOf(mimeType: string): FileKind | undefined {
  return FILE_TYPES.get(baseType(mimeType))?.kind;
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
  const type = FILE_TYPES.get(mimeType);
  if (!type || !type.begins(head)) return { isAsCalled: false, maxBytes: 0 };
  const isStill = type.kind === 'STICKER' && !isAnimatedWebp(head);
  return { isAsCalled: true, maxBytes: isStill ? MAX_STILL_STICKER_BYTES : MAX_BYTES[type.kind] };
}

/** Of the extended format, whose flags stand after its name and size. */
function isAnimatedWebp(head: Buffer): boolean {
  return holds('VP8X', 12)(head) && ((head[20] ?? 0) & 0x02) !== 0;
}

/** MPEG audio and ADTS frames begin with as many set bits as are in 0xff and the mask. */
function isFrame(head: Buffer, mask: number): boolean {
  return head[0] === 0xff && ((head[1] ?? 0) & mask) === mask;
}
