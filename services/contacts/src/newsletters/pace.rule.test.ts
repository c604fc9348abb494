import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowanceOf, shareOut, type ChannelPace } from './pace.rule.js';

const NOW = new Date('2026-11-23T09:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);
const pace = (of: Partial<ChannelPace> = {}): ChannelPace => ({
  now: NOW,
  handedAt: ago(1),
  messagesPerSecond: 80,
  recipientsPerDay: null,
  handedInDay: 0,
  underWay: 0,
  ...of,
});

describe('the pace of newsletters', () => {
  it('given a second, is half of what the number carries: agents have the rest', () => {
    expect(allowanceOf(pace())).toBe(40);
    expect(allowanceOf(pace({ handedAt: ago(0.5) }))).toBe(20);
  });

  it('given a long rest, or the first time, is not more than two seconds of it', () => {
    expect(allowanceOf(pace({ handedAt: ago(3_600) }))).toBe(80);
    expect(allowanceOf(pace({ handedAt: null }))).toBe(80);
  });

  it('given a number of which nothing was told, is slow', () => {
    expect(allowanceOf(pace({ messagesPerSecond: null }))).toBe(5);
  });

  it('given a limit of persons a day, leaves what is left of it', () => {
    expect(allowanceOf(pace({ recipientsPerDay: 250, handedInDay: 240 }))).toBe(10);
    expect(allowanceOf(pace({ recipientsPerDay: 250, handedInDay: 260 }))).toBe(0);
  });

  it('given messages that do not leave, waits', () => {
    expect(allowanceOf(pace({ underWay: 390 }))).toBe(10);
    expect(allowanceOf(pace({ underWay: 400 }))).toBe(0);
  });

  it('given a slow number, gets on: its messages wait until one is due', () => {
    expect(allowanceOf(pace({ messagesPerSecond: 1, handedAt: ago(1.9) }))).toBe(0);
    expect(allowanceOf(pace({ messagesPerSecond: 1, handedAt: ago(2) }))).toBe(1);
  });

  it('never hands over more in any stretch of time than that stretch allows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 1_000 }),
        (rests, messagesPerSecond) => {
          let [time, handed] = [0, 0];
          let handedAt: Date | null = null;
          for (const rest of rests) {
            time += rest;
            const now = new Date(NOW.getTime() + time);
            const allowed = allowanceOf(pace({ now, handedAt, messagesPerSecond }));
            if (allowed > 0) handedAt = now;
            handed += allowed;
          }
          expect(handed).toBeLessThanOrEqual((messagesPerSecond / 2) * (2 + time / 1_000));
        },
      ),
    );
  });

  it('is shared by the newsletters of a channel', () => {
    expect(shareOut(10, 3)).toEqual([4, 3, 3]);
    expect(shareOut(1, 2)).toEqual([1, 0]);
    expect(shareOut(0, 1)).toEqual([0]);
  });
});
