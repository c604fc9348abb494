import { describe, expect, it } from 'vitest';
import { RevocationList } from './revocation-list.js';

const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 12, 0, second));
const token = (second: number | undefined, id = 'anna', sessionId = 'phone') => ({
  id,
  sessionId,
  issuedAt: second === undefined ? undefined : at(second),
});

describe('A token', () => {
  it.each([
    ['of before a change of its member is void', token(9), true],
    ['of the very moment is void, because nobody knows which came first', token(10), true],
    ['of after it is good', token(11), false],
    ['that does not say when it was made is void', token(undefined), true],
    ['of somebody else is good', token(9, 'ben', 'laptop'), false],
  ])('%s', (_, presented, isRevoked) => {
    const list = new RevocationList(60_000);
    list.add({ of: 'anna', at: at(10) });
    expect(list.isRevoked(presented)).toBe(isRevoked);
  });

  it('of an ended session is void, and of another session of the member good', () => {
    const list = new RevocationList(60_000);
    list.add({ of: 'phone', at: at(10) });
    expect(list.isRevoked(token(9))).toBe(true);
    expect(list.isRevoked(token(9, 'anna', 'laptop'))).toBe(false);
    expect(list.isRevoked({ ...token(9), sessionId: undefined })).toBe(false);
  });
});

describe('The list', () => {
  it('keeps the latest of several changes, in whatever order they come', () => {
    const list = new RevocationList(60_000);
    for (const second of [10, 30, 20]) list.add({ of: 'anna', at: at(second) });
    expect(list.isRevoked(token(30))).toBe(true);
    expect(list.isRevoked(token(31))).toBe(false);
  });

  it('forgets what no token can be old enough for, and nothing else', () => {
    const list = new RevocationList(60_000);
    for (const [index, of] of ['anna', 'ben', 'anna'].entries()) list.add({ of, at: at(10 * index) });
    list.prune(at(75));
    expect(list.size).toBe(1);
    expect(list.isRevoked(token(20))).toBe(true);
    expect(list.isRevoked(token(10, 'ben', 'laptop'))).toBe(false);
  });
});
