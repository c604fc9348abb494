import { describe, expect, it } from 'vitest';
import { VICTIMS } from './plant.js';
import { runFaults } from './run.js';

/** 1,000 a second need a machine to themselves: `npm run fault`. */
const WEBHOOKS_PER_SECOND = 80;

describe('when each process is killed under load', () => {
  it(
    'nothing acknowledged is lost, doubled or out of order, and every subscriber is complete',
    { timeout: 400_000 },
    async ({ signal }) => {
      const report = await runFaults({
        seed: 20_261_121,
        webhooksPerSecond: WEBHOOKS_PER_SECOND,
        customers: 100,
        // Each once.
        durationMs: 0,
        pauseMs: [100, 600],
        settleMs: 90_000,
        signal,
      });
      expect(report.problems).toEqual([]);
      expect(report).toMatchObject({ lost: 0, doubled: 0, reordered: 0 });
      expect(report.kills.map((kill) => kill.victim).toSorted()).toEqual(VICTIMS.toSorted());
      // It was not quiet.
      expect(report.tally.messages).toBeGreaterThan(1_000);
      expect(report.tally.attempts).toBeGreaterThan(report.tally.webhooks + report.tally.repeats);
      expect(report.replies).toBeGreaterThan(10);
      expect(report.interrupted).toBeGreaterThan(0);
    },
  );
});
