import { DomainError } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { checkCategory, outcomeOf } from './outcome.rule.js';

const refusal = (code: string) => new DomainError(code, `Because of ${code}.`);

describe('a message of a newsletter', () => {
  it('given no reason against it, is queued', () => {
    expect(outcomeOf([])).toEqual({ outcome: 'QUEUED' });
  });

  it.each(['OPTED_OUT', 'CONSENT_MISSING', 'PHONE_NEEDED'])('given %s, is refused', (code) => {
    expect(outcomeOf([refusal(code)])).toEqual({ outcome: 'REFUSED', reason: code, message: `Because of ${code}.` });
  });

  it.each(['CHANNEL_DOWN', 'TEMPLATE_NOT_USABLE', 'OPT_OUT_HINT_MISSING', 'INVALID_INPUT', 'A_LATER_ONE'])(
    'given %s, is held: it would be so for everybody',
    (code) => {
      expect(outcomeOf([refusal(code)])).toMatchObject({ outcome: 'HELD', reason: code });
    },
  );

  it('given both, is refused: to mend the one is of no use to who does not want it', () => {
    const reasons = [refusal('CHANNEL_DOWN'), refusal('OPTED_OUT')];
    expect(outcomeOf(reasons)).toMatchObject({ outcome: 'REFUSED', reason: 'OPTED_OUT' });
  });

  it('given a template that is not marketing, is none', () => {
    expect(checkCategory('MARKETING')).toBeUndefined();
    for (const category of ['UTILITY', 'AUTHENTICATION', 'OTHER'] as const) {
      expect(checkCategory(category)).toMatchObject({ code: 'TEMPLATE_NOT_MARKETING' });
    }
  });
});
