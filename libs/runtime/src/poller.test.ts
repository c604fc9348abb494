import { describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { createLogger } from './logger.js';
import { createPoller } from './poller.js';

const NEVER_MS = 3_600_000;
const options = { everyMs: NEVER_MS, name: 'looking', log: createLogger('test', 'silent') };

describe('a poller', () => {
  it('works at once, and again when woken', async () => {
    let looks = 0;
    const poller = createPoller({ ...options, work: async () => void (looks += 1) });
    poller.start();
    await eventually(() => expect(looks).toBe(1));
    poller.wake();
    await eventually(() => expect(looks).toBe(2));
    await poller.stop();
  });

  it('looks by itself when the time has come', async () => {
    let looks = 0;
    const poller = createPoller({ ...options, everyMs: 1, work: async () => void (looks += 1) });
    poller.start();
    await eventually(() => expect(looks).toBeGreaterThan(2));
    await poller.stop();
  });

  it('looks sooner when what it did says so, and at the usual time after that', async () => {
    let looks = 0;
    const poller = createPoller({ ...options, work: async () => [0, 1][looks++] });
    poller.start();
    await eventually(() => expect(looks).toBe(3));
    poller.wake();
    await eventually(() => expect(looks).toBe(4));
    await poller.stop();
  });

  it('goes on after a failure', async () => {
    let looks = 0;
    const work = async () => {
      looks += 1;
      if (looks === 1) throw new Error('not this time');
    };
    const poller = createPoller({ ...options, work });
    poller.start();
    await eventually(() => expect(looks).toBe(1));
    poller.wake();
    await eventually(() => expect(looks).toBe(2));
    await poller.stop();
  });

  it('never works twice at a time, and stops when the work under way is done', async () => {
    const steps: string[] = [];
    const finish = Promise.withResolvers<void>();
    const work = async (isStopped: () => boolean) => {
      steps.push('begins');
      await finish.promise;
      steps.push(isStopped() ? 'ends, stopped' : 'ends');
    };
    const poller = createPoller({ ...options, work });
    poller.start();
    poller.start();
    poller.wake();
    const stopped = poller.stop().then(() => steps.push('is stopped'));
    finish.resolve();
    await stopped;
    expect(steps).toEqual(['begins', 'ends, stopped', 'is stopped']);
  });
});
