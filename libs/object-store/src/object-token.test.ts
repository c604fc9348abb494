import { randomBytes } from 'node:crypto';
import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { objectToken, readObjectToken, stableExpiry, type ObjectGrant } from './object-token.js';

const key = randomBytes(32);
const now = new Date('2026-11-22T10:00:00Z');
const grant: ObjectGrant = {
  purpose: 'media download',
  workspaceId: newId(),
  id: newId(),
  expiresAt: new Date('2026-11-22T10:15:00Z'),
};
const token = objectToken(key, grant);

describe('a token for an object', () => {
  it('says what it is for, until its time has come', () => {
    const { purpose, ...about } = grant;
    expect(readObjectToken(key, purpose, token, now)).toEqual(about);
    expect(readObjectToken(key, purpose, token, new Date('2026-11-22T10:14:59.999Z'))).toEqual(about);
    expect(readObjectToken(key, purpose, token, grant.expiresAt)).toBeUndefined();
  });

  it('is for one purpose, and of one key', () => {
    expect(readObjectToken(key, 'media upload', token, now)).toBeUndefined();
    expect(readObjectToken(randomBytes(32), 'media download', token, now)).toBeUndefined();
  });

  it('is nothing any more with any of its bits changed, or cut, or lengthened', () => {
    const bytes = Buffer.from(token, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(readObjectToken(key, 'media download', changed.toString('base64url'), now)).toBeUndefined();
    }
    for (const other of ['', token.slice(1), `${token}A`, token.replace(/.$/, '='), 'x'.repeat(94)]) {
      expect(readObjectToken(key, 'media download', other, now)).toBeUndefined();
    }
  });
});

describe('how long a URL holds', () => {
  it('is the same for all who ask within a while, and never less than was asked for', () => {
    const at = (text: string) =>
      stableExpiry(new Date(`2026-11-22T${text}Z`), 15)
        .toISOString()
        .slice(11, 19);
    expect([at('10:00:00'), at('10:14:59.999'), at('10:15:00')]).toEqual(['10:30:00', '10:30:00', '10:45:00']);
  });
});
