import { describe, expect, it } from 'vitest';
import { checkPageSize, decodePage, encodePage, olderThan } from './page.js';

const POSITION = { at: new Date('2026-11-21T10:00:00.123Z'), id: '019d0000-0000-7000-8000-000000000001' };

describe('a page', () => {
  it('is read as it was written', () => {
    expect(decodePage(encodePage(POSITION), 'after')).toEqual(POSITION);
  });

  it.each([
    '',
    'x',
    '2026-11-21',
    Buffer.from('2026-11-21T10:00:00.123Z no-id').toString('base64url'),
    `${encodePage(POSITION)}=`,
  ])('is not %j, and the answer names the field', (page) => {
    expect(() => decodePage(page, 'after')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: 'after' }));
  });

  it('has 1 to 100 entries', () => {
    expect([1, 100].map((size) => checkPageSize(size))).toEqual([1, 100]);
    for (const first of [0, -1, 101]) {
      expect(() => checkPageSize(first)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: 'first' }));
    }
  });

  it('goes on behind the last entry, in a range of the index', () => {
    const { at, id } = POSITION;
    expect(olderThan('sentAt', POSITION)).toEqual({
      sentAt: { $lte: at },
      $or: [{ sentAt: { $lt: at } }, { id: { $lt: id } }],
    });
    expect(olderThan('sentAt', undefined)).toEqual({});
  });
});
