import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeWordOf, codeWordText } from './code-word.rule.js';

describe('a code word', () => {
  it.each(['K7QX-2MNP', ' k7qx-2mnp ', 'K7QX – 2MNP', 'K7QX—2MNP.', 'k7qx −2mnp!'])('given %j, is one', (text) => {
    expect(codeWordOf(text)).toBe('K7QX-2MNP');
  });

  it.each(['Mein Code: K7QX-2MNP', 'K7QX2MNP', 'K7QX-2MN', 'K7QX-2MNP K7QX-2MNP', 'O0I1-2MNP', '', undefined])(
    'given %j, is none',
    (text) => expect(codeWordOf(text)).toBeUndefined(),
  );

  it('given any text, is decided at once', () => {
    fc.assert(fc.property(fc.string(), (text) => (codeWordOf(text) ?? 'AAAA-AAAA').length === 9));
  });

  it('is not in the text that tells it in such a way that the text is one', () => {
    for (const language of ['de', 'en'] as const) {
      expect(codeWordText('K7QX-2MNP', language)).toContain('K7QX-2MNP');
      expect(codeWordOf(codeWordText('K7QX-2MNP', language))).toBeUndefined();
    }
  });
});
