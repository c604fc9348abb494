import { describe, expect, it } from 'vitest';
import { isAwaited, MAX_COMMENT_LENGTH, ratingOf } from './survey.rule.js';

describe('the answer to a survey', () => {
  it.each([
    ['5', 5],
    [' 4 ', 4],
    ['1!', 1],
    ['3.', 3],
    ['4/5', 4],
    ['5 / 5', 5],
    ['2 Sterne', 2],
    ['1 star', 1],
    ['5️⃣', 5],
    ['5⭐', 5],
    ['⭐⭐⭐', 3],
    ['★★★★★', 5],
  ])('%s is a rating of %d', (text, score) => {
    expect(ratingOf(text)).toEqual({ score, comment: null });
  });

  it.each([
    ['4, aber lange gewartet', 4, 'aber lange gewartet'],
    ['5 – danke!', 5, 'danke!'],
    ['2: zu teuer', 2, 'zu teuer'],
    ['1\nNie wieder', 1, 'Nie wieder'],
  ])('%j is a rating with a comment', (text, score, comment) => {
    expect(ratingOf(text)).toEqual({ score, comment });
  });

  it.each([
    '',
    undefined,
    '0',
    '6',
    '10',
    '5 Fragen habe ich noch',
    '3 Stück bitte',
    'Danke',
    'Nummer 5',
    '15:30',
    '⭐⭐⭐⭐⭐⭐',
  ])('%j is none, and somebody has to read it', (text) => {
    expect(ratingOf(text)).toBeNull();
  });

  it('has a bound', () => {
    expect(ratingOf(`5, ${'x'.repeat(5_000)}`)?.comment).toHaveLength(MAX_COMMENT_LENGTH);
  });

  it('is awaited until the survey expires', () => {
    const expiresAt = new Date('2026-11-23T10:00:00Z');
    expect(isAwaited(expiresAt, new Date('2026-11-23T09:59:59.999Z'))).toBe(true);
    expect(isAwaited(expiresAt, expiresAt)).toBe(false);
    expect(isAwaited(null, expiresAt)).toBe(false);
  });
});
