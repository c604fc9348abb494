import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * A refresh token has two halves of 256 random bits: the family stays for the session's life, the other half
 * changes at each renewal. Who knows the family without knowing the latest half holds a token that was used
 * before, so somebody has a copy; who does not know the family is guessing, and cannot end anybody's session.
 */
export interface RefreshToken {
  family: string;
  current: string;
}

const SECRET = /^[\w-]{43}$/;

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function formatRefreshToken({ family, current }: RefreshToken): string {
  return `${family}.${current}`;
}

export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [family = '', current = '', ...rest] = text.split('.');
  return SECRET.test(family) && SECRET.test(current) && rest.length === 0 ? { family, current } : undefined;
}

/** Without salt or cost: there is nothing to guess in 256 random bits. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

export type Renewal = 'RENEW' | 'END' | 'REFUSE';

/** What happens when a token of this session's family is presented: the session goes on, ends, or had ended. */
export function decideRenewal(
  session: { refreshHash: Buffer; expiresAt: Date; endedAt?: Date | null },
  presented: Pick<RefreshToken, 'current'>,
  now: Date,
): Renewal {
  if (session.endedAt || session.expiresAt <= now) return 'REFUSE';
  return timingSafeEqual(session.refreshHash, hashSecret(presented.current)) ? 'RENEW' : 'END';
}
