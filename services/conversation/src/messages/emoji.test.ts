import { describe, expect, it } from 'vitest';
import { isEmoji } from './emoji.js';

describe('an emoji', () => {
  it.each(['👍', '👍🏽', '❤️', '❤', '🇩🇪', '👩‍👩‍👧', '1️⃣', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'])('is %s', (text) => {
    expect(isEmoji(text)).toBe(true);
  });

  it.each(['', ' ', 'a', '1', '#', ':)', '👍👍', '👍 ', 'ok 👍', '\u0000'])('is not %j', (text) => {
    expect(isEmoji(text)).toBe(false);
  });
});
