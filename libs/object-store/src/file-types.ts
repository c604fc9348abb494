/** What the first bytes of a file have to be like, by its type. */

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

const BEGINNINGS: ReadonlyMap<string, (head: Buffer) => boolean> = new Map([
  ['image/jpeg', startsWith(0xff, 0xd8, 0xff)],
  ['image/png', startsWith(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['image/webp', isWebp],
  ['audio/aac', (head) => isFrame(head, 0xf0) || holds('ADIF', 0)(head) || holds('ID3', 0)(head)],
  ['audio/amr', holds('#!AMR', 0)],
  ['audio/mpeg', (head) => isFrame(head, 0xe0) || holds('ID3', 0)(head)],
  ['audio/mp4', isIsoMedia],
  // Opus alone of what Ogg can carry.
  ['audio/ogg', (head) => holds('OggS', 0)(head) && holds('OpusHead', 28)(head)],
  ['video/mp4', isIsoMedia],
  ['video/3gpp', isIsoMedia],
  ['text/plain', (head) => !head.includes(0)],
  ['application/pdf', holds('%PDF-', 0)],
  ['application/msword', isOldOffice],
  ['application/vnd.ms-excel', isOldOffice],
  ['application/vnd.ms-powerpoint', isOldOffice],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', isZip],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', isZip],
  ['application/vnd.openxmlformats-officedocument.presentationml.presentation', isZip],
]);

/** Of which it can be told whether a file is what it is called. */
export const KNOWN_TYPES: readonly string[] = [...BEGINNINGS.keys()];

/** How much of a file `beginsAs` wants to see, if there is as much. */
export const HEAD_BYTES = 64;

/** `Audio/OGG; codecs=opus` is `audio/ogg`. */
export function baseType(mimeType: string): string {
  return mimeType.split(';')[0]!.trim().toLowerCase();
}

/** Whether a file of this type, as `baseType` writes it, may begin so; of other types none may. */
export function beginsAs(mimeType: string, head: Buffer): boolean {
  return BEGINNINGS.get(mimeType)?.(head) ?? false;
}

/** Of the extended format of WebP, whose flags stand after its name and size. */
export function isAnimatedWebp(head: Buffer): boolean {
  return holds('VP8X', 12)(head) && ((head[20] ?? 0) & 0x02) !== 0;
}

/** MPEG audio and ADTS frames begin with as many set bits as are in 0xff and the mask. */
function isFrame(head: Buffer, mask: number): boolean {
  return head[0] === 0xff && ((head[1] ?? 0) & mask) === mask;
}
