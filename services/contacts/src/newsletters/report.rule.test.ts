import { describe, expect, it } from 'vitest';
import { reportOf, type CountedState } from './report.rule.js';

const row = (state: string, count: number, of: Partial<CountedState> = {}): CountedState => ({
  state,
  reason: null,
  count,
  queued: 0,
  replied: 0,
  optedOut: 0,
  ...of,
});

describe('the report of a newsletter', () => {
  it('counts whoever has read it among those who were sent it', () => {
    const report = reportOf([
      row('PENDING', 5),
      row('HANDED_OVER', 2),
      row('QUEUED', 1, { queued: 1 }),
      row('SENT', 3, { queued: 3 }),
      row('DELIVERED', 10, { queued: 10, replied: 1 }),
      row('READ', 20, { queued: 20, replied: 4, optedOut: 2 }),
      row('UNCONFIRMED', 1, { queued: 1 }),
    ]);
    expect(report).toMatchObject({ recipients: 42, waiting: 7, queued: 35, sent: 33, delivered: 30, read: 20 });
    expect(report).toMatchObject({ replied: 5, optedOut: 2, unconfirmed: 1, failed: 0, refused: 0 });
  });

  it('tells reasons apart, the most frequent first', () => {
    const report = reportOf([
      row('REFUSED', 1, { reason: 'OPTED_OUT' }),
      row('REFUSED', 7, { reason: 'CONSENT_MISSING' }),
      row('FAILED', 2, { reason: 'undeliverable', queued: 2 }),
      row('FAILED', 2, { reason: 'experiment', queued: 2 }),
    ]);
    expect(report.refused).toBe(8);
    expect(report.refusals).toEqual([
      { reason: 'CONSENT_MISSING', count: 7 },
      { reason: 'OPTED_OUT', count: 1 },
    ]);
    expect(report.failures.map(({ reason }) => reason)).toEqual(['experiment', 'undeliverable']);
  });

  it('is all zeros before it began', () => {
    expect(reportOf([])).toMatchObject({ recipients: 0, failures: [], refusals: [] });
  });
});
