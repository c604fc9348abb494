import { describe, expect, it } from 'vitest';
import { baseType } from '@fenster/object-store';
import { checkHead, kindOf, maxBytesOf, providerTypeOf, SENDABLE_TYPES } from './media.limits.js';

const head = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));
const zeros = (count: number) => Array.from({ length: count }, () => 0);
const webp = (flags: number) => head('RIFF', zeros(4), 'WEBP', 'VP8X', zeros(4), [flags]);

const BEGINNINGS: Record<string, Buffer> = {
  'image/jpeg': head([0xff, 0xd8, 0xff, 0xe0]),
  'image/png': head([0x89], 'PNG\r\n\x1a\n'),
  'image/webp': webp(0),
  'audio/aac': head([0xff, 0xf1]),
  'audio/amr': head('#!AMR\n'),
  'audio/mpeg': head([0xff, 0xfb]),
  'audio/mp4': head(zeros(4), 'ftypM4A '),
  'audio/ogg': head('OggS', zeros(24), 'OpusHead'),
  'video/mp4': head(zeros(4), 'ftypisom'),
  'video/3gpp': head(zeros(4), 'ftyp3gp4'),
  'text/plain': head('Grüß Gott'),
  'application/pdf': head('%PDF-1.7'),
  'application/msword': head([0xd0, 0xcf, 0x11, 0xe0]),
  'application/vnd.ms-excel': head([0xd0, 0xcf, 0x11, 0xe0]),
  'application/vnd.ms-powerpoint': head([0xd0, 0xcf, 0x11, 0xe0]),
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': head('PK\x03\x04'),
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': head('PK\x03\x04'),
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': head('PK\x03\x04'),
};

describe('what WhatsApp takes', () => {
  it('is the table of whatsapp.md §B2', () => {
    expect(SENDABLE_TYPES).toEqual(Object.keys(BEGINNINGS));
    const limits = Object.fromEntries(
      ['image/png', 'video/3gpp', 'audio/ogg', 'text/plain', 'image/webp'].map((type) => [
        kindOf(type),
        maxBytesOf(kindOf(type)!),
      ]),
    );
    expect(limits).toEqual({
      IMAGE: 5_242_880,
      VIDEO: 16_777_216,
      AUDIO: 16_777_216,
      DOCUMENT: 104_857_600,
      STICKER: 512_000,
    });
    for (const other of ['image/gif', 'text/html', 'image/svg+xml', 'audio/wav', 'video/webm', ''])
      expect(kindOf(other)).toBeUndefined();
  });

  it('is found by the type, however it is written', () => {
    expect(baseType(' Audio/OGG; codecs=opus')).toBe('audio/ogg');
    expect(kindOf('Image/JPEG')).toBe('IMAGE');
  });

  it('is called as Meta wants it', () => {
    expect(providerTypeOf('audio/ogg')).toBe('audio/ogg; codecs=opus');
    expect(providerTypeOf('image/png')).toBe('image/png');
  });
});

describe('the first bytes', () => {
  it.each(Object.keys(BEGINNINGS))('of %s say that it is one', (type) => {
    expect(checkHead(type, BEGINNINGS[type]!).isAsCalled).toBe(true);
  });

  it.each(SENDABLE_TYPES)('of a page or of nothing are no %s', (type) => {
    const page = type === 'text/plain' ? head('<html>', [0]) : head('<html><script>');
    expect(checkHead(type, page)).toEqual({ isAsCalled: false, maxBytes: 0 });
    if (type !== 'text/plain') expect(checkHead(type, Buffer.alloc(0)).isAsCalled).toBe(false);
  });

  it('of Ogg that is not Opus are none that may be sent', () => {
    expect(checkHead('audio/ogg', head('OggS', zeros(24), '\x01vorbis')).isAsCalled).toBe(false);
  });

  it('of a sticker say whether it moves, and so how large it may be', () => {
    expect(checkHead('image/webp', webp(0x02)).maxBytes).toBe(512_000);
    expect(checkHead('image/webp', webp(0x10)).maxBytes).toBe(102_400);
    expect(checkHead('image/webp', head('RIFF', zeros(4), 'WEBP', 'VP8L', zeros(4), [0x02])).maxBytes).toBe(102_400);
  });
});
