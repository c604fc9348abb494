import { describe, expect, it } from 'vitest';
import { summarise, type Step } from './bench.js';

const step = (contender: string, round: number, per_s: number, others = 0, lost = 0): Step => ({
  contender,
  round,
  figures: { per_s },
  verdict: { lost, duplicated: 0, reordered: 0 },
  notes: [],
  cpu: { cores: {}, others },
});
const bench = { headline: 'per_s' };

describe('summarise', () => {
  it('takes medians of figures, and of the ratios within rounds rather than of the medians', () => {
    const steps = [
      ...[step('us', 1, 10), step('floor', 1, 100)],
      ...[step('us', 2, 40), step('floor', 2, 80)],
      ...[step('us', 3, 20), step('floor', 3, 50)],
    ];
    expect(summarise(bench, steps)).toMatchObject({
      results: { us: { per_s: 20 }, floor: { per_s: 80 } },
      ratios: { us_over_floor: 0.4 },
      disturbed: [],
    });
  });

  it('leaves disturbed rounds out', () => {
    const steps = [step('us', 1, 10), step('floor', 1, 100), step('us', 2, 1), step('floor', 2, 100, 0.5)];
    expect(summarise(bench, steps)).toMatchObject({ results: { us: { per_s: 10 } }, disturbed: [2] });
  });

  it('keeps them when there is no other', () => {
    const steps = [step('us', 1, 10, 0.5), step('floor', 1, 100)];
    expect(summarise(bench, steps)).toMatchObject({ ratios: { us_over_floor: 0.1 }, disturbed: [1] });
  });

  it('counts what happened to ours in every round, and nothing that happened to others', () => {
    const steps = [
      step('us', 1, 10, 0.5, 2),
      step('plain', 1, 10, 0, 7),
      step('us', 2, 10, 0, 1),
      step('plain', 2, 10),
    ];
    expect(summarise(bench, steps).verdict).toEqual({ lost: 3, duplicated: 0, reordered: 0 });
  });

  it('has no ratios without us', () => {
    expect(summarise(bench, [step('floor', 1, 100)]).ratios).toEqual({});
  });
});
