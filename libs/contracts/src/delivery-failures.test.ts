import { describe, expect, it } from 'vitest';
import { deliveryError } from './common.js';
import { AGENT_LOCALES, FAILURE_CLASSES, FAILURE_REASONS, failureClass, failureText } from './delivery-failures.js';

describe('why messages fail', () => {
  it.each(FAILURE_REASONS)('%s is said to agents in each language', (reason) => {
    const [en, de] = AGENT_LOCALES.map((locale) => failureText(reason, locale));
    for (const { title, text } of [en!, de!]) {
      expect(title).toMatch(/^\p{Lu}.{2,39}[^.]$/u);
      expect(text).toMatch(/^\p{Lu}.{10,200}\.$/u);
    }
    expect(de!.text).not.toBe(en!.text);
    expect(de!.title).not.toBe(en!.title);
  });

  it('has a reason of every class', () => {
    expect(new Set(FAILURE_REASONS.map(failureClass))).toEqual(new Set(FAILURE_CLASSES));
  });

  it('is a refusal where a later version says more', () => {
    const error = { code: 7, title: 'No.' };
    expect(deliveryError.parse({ ...error, reason: 'of_tomorrow' })).toEqual({ ...error, reason: 'refused' });
    expect(deliveryError.parse(error)).toEqual(error);
  });
});
