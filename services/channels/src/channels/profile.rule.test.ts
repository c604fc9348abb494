import { describe, expect, it } from 'vitest';
import { checkPicture, checkProfile, PICTURE_LIMITS } from './profile.rule.js';

describe('the picture of a business profile', () => {
  const picture = { mimeType: 'image/jpeg', sizeBytes: PICTURE_LIMITS.maxBytes };

  it.each([picture, { ...picture, mimeType: 'image/png', sizeBytes: 1 }])(
    'may be $mimeType of $sizeBytes bytes',
    (file) => {
      expect(checkPicture(file)).toBe(file);
    },
  );

  it.each([
    ['what is not there', undefined],
    ['another type', { ...picture, mimeType: 'image/webp' }],
    ['more than 5 MB', { ...picture, sizeBytes: 5 * 1_048_576 + 1 }],
  ])('is not %s', (_, file) => {
    expect(() => checkPicture(file)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field: 'pictureMediaId' }),
    );
  });

  it('is a change of its own, and no text', () => {
    expect(checkProfile({ pictureMediaId: 'a' })).toEqual({});
    expect(() => checkProfile({ pictureMediaId: null })).toThrow(expect.objectContaining({ field: 'channelId' }));
  });
});
