import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMediaStore } from './media.js';
import { isAnimatedWebp, kindOf, largestOf } from './rules/media-limits.js';
import { createSimulatedTime } from './time.js';

const DAY_MS = 24 * 3_600_000;
const setUp = (maxBytes = 1_000) => {
  const time = createSimulatedTime({ startAt: new Date('2026-11-21T10:00:00Z'), isFrozen: true });
  return { time, store: createMediaStore(time, maxBytes) };
};
const file = (text: string) => ({ phoneNumberId: '1', mimeType: 'text/plain', bytes: Buffer.from(text) });
const queryOf = (link: string) => new URL(link, 'http://127.0.0.1').searchParams;

describe('media', () => {
  it('are kept with their hash, 30 days when uploaded and 7 when received', () => {
    const { time, store } = setUp();
    const uploaded = store.add(file('Rechnung'), 'uploaded');
    const received = store.add(file('Foto'), 'received');
    expect(uploaded.sha256).toBe(createHash('sha256').update('Rechnung').digest('base64'));
    expect(uploaded.id).toMatch(/^\d{16}$/);
    time.advance(7 * DAY_MS - 1);
    expect(store.get(received.id)).toBe(received);
    time.advance(1);
    expect(store.get(received.id)).toBeUndefined();
    time.advance(23 * DAY_MS - 1);
    expect(store.get(uploaded.id)).toBe(uploaded);
    time.advance(1);
    expect(store.get(uploaded.id)).toBeUndefined();
  });

  it('are reached by a link for five minutes', () => {
    const { time, store } = setUp();
    const media = store.add(file('Foto'), 'received');
    const link = store.linkTo(media);
    time.advance(5 * 60_000 - 1);
    expect(store.follow(queryOf(link))).toBe(media);
    time.advance(1);
    expect(store.follow(queryOf(link))).toBeUndefined();
    expect(store.follow(queryOf(store.linkTo(media)))).toBe(media);
  });

  it('are not reached by a link that was changed, nor once deleted', () => {
    const { store } = setUp();
    const media = store.add(file('Foto'), 'received');
    const other = store.add(file('Vertrag'), 'received');
    const query = queryOf(store.linkTo(media));
    for (const [name, value] of [
      ['mid', other.id],
      ['ext', '99999999999'],
      ['hash', ''],
      ['hash', 'AAAA'],
    ] as const) {
      const forged = new URLSearchParams(query);
      forged.set(name, value);
      expect(store.follow(forged)).toBeUndefined();
    }
    expect(store.delete(media.id)).toBe(true);
    expect(store.delete(media.id)).toBe(false);
    expect(store.follow(query)).toBeUndefined();
  });

  it('make room for newer ones', () => {
    const { store } = setUp(10);
    const [first, second] = [store.add(file('12345'), 'uploaded'), store.add(file('12345'), 'uploaded')];
    const third = store.add(file('1'), 'uploaded');
    expect(store.get(first.id)).toBeUndefined();
    expect(store.get(second.id)).toBe(second);
    expect(store.get(third.id)).toBe(third);
    const large = store.add(file('more than all of it'), 'uploaded');
    expect(store.get(large.id)).toBe(large);
    expect(store.get(third.id)).toBeUndefined();
  });
});

describe('what WhatsApp takes as media', () => {
  it('is told by the type, without its parameters', () => {
    expect(kindOf('audio/ogg; codecs=opus')).toBe('audio');
    expect(kindOf('IMAGE/JPEG')).toBe('image');
    expect(kindOf('image/webp')).toBe('sticker');
    expect(kindOf('application/zip')).toBeUndefined();
    expect(kindOf('constructor')).toBeUndefined();
  });

  it('may be larger for an animated sticker', () => {
    const still = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8X\0\0\0\0', 'latin1'), Buffer.alloc(10)]);
    const animated = Buffer.from(still);
    animated[20] = 0x02;
    expect(isAnimatedWebp(still)).toBe(false);
    expect(isAnimatedWebp(Buffer.alloc(3))).toBe(false);
    expect(largestOf('sticker', still)).toBe(102_400);
    expect(largestOf('sticker', animated)).toBe(512_000);
    expect(largestOf('document', animated)).toBe(104_857_600);
  });
});
