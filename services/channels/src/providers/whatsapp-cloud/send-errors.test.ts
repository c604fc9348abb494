import type { FailureClass } from '@fenster/contracts';
import { describe, expect, it } from 'vitest';
import { classifyError, reasonOf } from './send-errors.js';

/** All of whatsapp.md §B4, as it stands there. */
const DOCUMENTED: Record<Exclude<FailureClass, 'uncertain'>, readonly number[]> = {
  retry: [1, 2, 131000, 131016, 131057, 133004],
  wait: [4, 80007, 130429, 131056, 132015, 132069],
  window_closed: [131047],
  opt_out: [131050],
  never: [
    ...[131026, 131049, 130472, 131021, 131008, 131009, 100, 135000, 131051, 131052, 131053, 130497],
    ...[132000, 132001, 132005, 132007, 132012, 132016, 132068, 131062, 131061, 131063, 131064, 130403, 136024],
  ],
  channel_broken: [
    ...[131048, 131042, 131031, 368, 131005, 3, 10, 200, 250, 299, 190, 0, 131037, 33],
    ...[131045, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016],
  ],
};

describe('the codes that Meta documents', () => {
  it.each(Object.entries(DOCUMENTED).flatMap(([type, codes]) => codes.map((code) => [code, type] as const)))(
    '%i: %s',
    (code, type) => {
      expect(classifyError(code)).toMatchObject({ code, class: type });
      expect(reasonOf(code)).toBeDefined();
      // What Meta calls transient does not change what we know.
      expect(classifyError(code, true).class).toBe(type);
    },
  );

  it('and no others', () => {
    for (const code of [199, 300, 131046, 999_999]) {
      expect(reasonOf(code)).toBeUndefined();
      expect(classifyError(code)).toMatchObject({ class: 'never', reason: 'refused' });
      expect(classifyError(code, true)).toMatchObject({ class: 'retry', reason: 'temporary_problem' });
    }
  });
});
