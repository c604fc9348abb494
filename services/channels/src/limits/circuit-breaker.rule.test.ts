import { describe, expect, it } from 'vitest';
import { afterSilence, isPaused, isProbing, type Circuit } from './circuit-breaker.rule.js';

const now = new Date('2026-11-22T12:00:00Z');
const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
const after = (failures: number): Circuit => ({ failures, pausedUntil: null });

describe('a circuit', () => {
  it('given up to four attempts without an answer, goes on', () => {
    for (const failures of [0, 1, 2, 3]) {
      const circuit = afterSilence(after(failures), now, false);
      expect(circuit).toEqual({ failures: failures + 1, pausedUntil: null });
      expect(isPaused(circuit, now) || isProbing(circuit, now)).toBe(false);
    }
  });

  it('given the fifth in a row, pauses for five seconds, and then lets one find out', () => {
    const circuit = afterSilence(after(4), now, false);
    expect(circuit).toEqual({ failures: 5, pausedUntil: inSeconds(5) });
    expect(isPaused(circuit, inSeconds(4.9))).toBe(true);
    expect(isProbing(circuit, inSeconds(4.9))).toBe(false);
    expect(isPaused(circuit, inSeconds(5))).toBe(false);
    expect(isProbing(circuit, inSeconds(5))).toBe(true);
  });

  it('given what was under way when the pause began, pauses no longer', () => {
    const paused = afterSilence(after(4), now, false);
    expect(afterSilence(paused, inSeconds(1), false)).toBe(paused);
  });

  it.each([
    [5, 10],
    [6, 20],
    [8, 80],
    [11, 300],
    [500, 300],
  ])('given another failure after %i, pauses for %i s', (failures, seconds) => {
    const probing = { failures, pausedUntil: inSeconds(30) };
    expect(afterSilence(probing, now, true)).toEqual({ failures: failures + 1, pausedUntil: inSeconds(seconds) });
  });
});
