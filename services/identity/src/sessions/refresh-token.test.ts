import { describe, expect, it } from 'vitest';
import { decideRenewal, formatRefreshToken, hashSecret, newSecret, parseRefreshToken } from './refresh-token.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const LATER = new Date('2026-11-21T10:00:01Z');

describe('a refresh token', () => {
  it('is read as it was written', () => {
    const token = { family: newSecret(), current: newSecret() };
    expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token);
  });

  it.each([
    '',
    '.',
    'a.b',
    `${newSecret()}`,
    `${newSecret()}.${newSecret()}.${newSecret()}`,
    `${newSecret()}.${newSecret()}=`,
  ])('is not %j', (text) => {
    expect(parseRefreshToken(text)).toBeUndefined();
  });
});

describe('a renewal', () => {
  const latest = newSecret();
  const session = { refreshHash: hashSecret(latest), expiresAt: LATER, endedAt: null };

  it('given the latest token, then the session goes on', () => {
    expect(decideRenewal(session, { current: latest }, NOW)).toBe('RENEW');
  });

  it('given an older token of the family, then the session ends', () => {
    expect(decideRenewal(session, { current: newSecret() }, NOW)).toBe('END');
  });

  it('given an ended session, then it is refused whatever the token', () => {
    expect(decideRenewal({ ...session, endedAt: NOW }, { current: latest }, NOW)).toBe('REFUSE');
    expect(decideRenewal({ ...session, endedAt: NOW }, { current: newSecret() }, NOW)).toBe('REFUSE');
  });

  it('given an expired session, then it is refused from that very moment', () => {
    expect(decideRenewal(session, { current: latest }, LATER)).toBe('REFUSE');
  });
});
