import { describe, expect, it } from 'vitest';
import { createSimulatedTime, type Schedule } from './time.js';

const START = new Date('2026-11-21T10:00:00Z');
const HOUR_MS = 3_600_000;

/** A machine whose clock and timers a test moves. */
function machine() {
  let now = START.getTime();
  const timers = new Set<{ at: number; task: () => void }>();
  const realTimer: Schedule = (delayMs, task) => {
    const timer = { at: now + delayMs, task };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  return {
    realClock: () => new Date(now),
    realTimer,
    timers,
    pass(ms: number) {
      now += ms;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        timers.delete(timer);
        timer.task();
      }
    },
  };
}

describe('simulated time', () => {
  it('given nothing, runs with the real one', () => {
    const computer = machine();
    const time = createSimulatedTime(computer);
    const seen: string[] = [];
    time.schedule(1_000, () => seen.push(time.now().toISOString()));
    computer.pass(999);
    expect(seen).toEqual([]);
    computer.pass(1);
    expect(seen).toEqual(['2026-11-21T10:00:01.000Z']);
    expect(computer.timers.size).toBe(0);
  });

  it('when it is moved forward, then everything on the way happens at its own time and in order', () => {
    const time = createSimulatedTime(machine());
    const seen: [string, string][] = [];
    const note = (name: string) => () => seen.push([name, time.now().toISOString().slice(11, 16)]);
    time.schedule(2 * HOUR_MS, note('second'));
    time.schedule(HOUR_MS, () => {
      note('first')();
      time.schedule(30 * 60_000, note('between'));
      time.schedule(9 * HOUR_MS, note('later'));
    });
    time.schedule(2 * HOUR_MS, note('third'));
    time.advance(3 * HOUR_MS);
    expect(seen).toEqual([
      ['first', '11:00'],
      ['between', '11:30'],
      ['second', '12:00'],
      ['third', '12:00'],
    ]);
    expect(time.now().toISOString()).toBe('2026-11-21T13:00:00.000Z');
    expect(time.waiting()).toEqual([7 * HOUR_MS]);
  });

  it('when it is moved back, then what waits keeps its distance', () => {
    const computer = machine();
    const time = createSimulatedTime(computer);
    let runs = 0;
    time.schedule(1_000, () => runs++);
    time.moveTo(new Date('2023-06-30T12:00:00Z'));
    expect(time.now().toISOString()).toBe('2023-06-30T12:00:00.000Z');
    expect(time.waiting()).toEqual([1_000]);
    computer.pass(1_000);
    expect(runs).toBe(1);
  });

  it('when it is frozen, then nothing happens until it is moved or let go', () => {
    const computer = machine();
    const time = createSimulatedTime(computer);
    const seen: number[] = [];
    time.freeze();
    time.schedule(10, () => seen.push(10));
    time.schedule(20, () => seen.push(20));
    computer.pass(HOUR_MS);
    expect(seen).toEqual([]);
    expect(time.now()).toEqual(START);
    time.advance(10);
    expect(seen).toEqual([10]);
    time.resume();
    expect(time.now().getTime() - START.getTime()).toBe(10);
    computer.pass(10);
    expect(seen).toEqual([10, 20]);
  });

  it('starts at the date that is asked for', () => {
    const computer = machine();
    // However late it is asked again.
    const realClock = () => {
      computer.pass(1);
      return computer.realClock();
    };
    const startAt = new Date('2025-01-01T00:00:00Z');
    const time = createSimulatedTime({ ...computer, realClock, startAt, isFrozen: true });
    expect(time.now().toISOString()).toBe('2025-01-01T00:00:00.000Z');
    expect(time.isFrozen).toBe(true);
  });

  it('does not run what was cancelled, and nothing after its end', () => {
    const computer = machine();
    const time = createSimulatedTime(computer);
    let runs = 0;
    time.schedule(1, () => runs++)();
    time.schedule(2, () => runs++);
    expect(time.waiting()).toEqual([2]);
    time.stop();
    time.schedule(0, () => runs++);
    computer.pass(100);
    expect(runs).toBe(0);
    expect(time.waiting()).toEqual([]);
    expect(computer.timers.size).toBe(0);
  });

  it('keeps the order of many', () => {
    const time = createSimulatedTime({ ...machine(), isFrozen: true });
    const delays = Array.from({ length: 2_000 }, (_, index) => (index * 7_919) % 2_003);
    const seen: number[] = [];
    for (const delay of delays) time.schedule(delay, () => seen.push(delay));
    time.advance(2_003);
    expect(seen).toEqual(delays.toSorted((a, b) => a - b));
  });
});
