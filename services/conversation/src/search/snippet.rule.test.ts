import { describe, expect, it } from 'vitest';
import { cutSnippet } from './snippet.rule.js';

describe('a snippet', () => {
  const is =
    (...looked: string[]) =>
    ({ folded }: { folded: string }) =>
      looked.includes(folded);
  const marked = ({ text, highlights }: ReturnType<typeof cutSnippet>) =>
    highlights.map(({ start, length }) => text.slice(start, start + length));

  it('of a short text is the text, with all that was found, and markup is text', () => {
    const snippet = cutSnippet('Die <b>Rechnung</b>: rechnung 12', is('rechnung'));
    expect(snippet.text).toBe('Die <b>Rechnung</b>: rechnung 12');
    expect(marked(snippet)).toEqual(['Rechnung', 'rechnung']);
  });

  it('of a long text is what stands around the first match, in whole words', () => {
    const text = `${'davor '.repeat(50)}Größe ${'danach '.repeat(50)}`;
    const snippet = cutSnippet(text, is('große', 'grosse'));
    expect(marked(snippet)).toEqual(['Größe']);
    expect(snippet.text).toMatch(/^…davor .*Größe danach .*danach…$/);
    expect(snippet.text.length).toBeLessThanOrEqual(162);
  });

  it('is bounded whatever the text', () => {
    for (const text of ['x'.repeat(4_000), '👋'.repeat(2_000), `${'-'.repeat(400)}x`]) {
      const snippet = cutSnippet(text, is('x'));
      expect(snippet.text.length).toBeLessThanOrEqual(162);
      expect(snippet.text.isWellFormed()).toBe(true);
    }
  });
});
