import { describe, expect, it } from 'vitest';
import { mergeRemembered } from './reapply-erasures.js';

const erasure = {
  workspaceId: 'w',
  erasureId: 'e',
  contactIds: ['c1'],
  personMarks: ['m1'],
  erasedAt: '2026-11-22T12:00:00.000Z',
};

describe('what services remember of erasures', () => {
  it('is one of each, with all that any of them knows, as of the last', () => {
    const later = { ...erasure, contactIds: ['c1', 'c2'], personMarks: [], erasedAt: '2026-11-22T12:00:05.000Z' };
    const other = { ...erasure, erasureId: 'f' };
    expect(mergeRemembered([later, erasure, other])).toEqual([{ ...later, personMarks: ['m1'] }, other]);
  });
});
