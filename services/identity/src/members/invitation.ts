import { createHmac } from 'node:crypto';
import { hashSecret } from '../sessions/refresh-token.js';

const INVITATION_DAYS = 7;
const DAY_MS = 86_400_000;
const TOKEN = /^[\w-]{43}$/;

/**
 * The token that lets an invited person set their first password. Derived, so that a repeated request gets the same
 * one although only its hash is stored.
 */
export function invitationToken(secretKey: Buffer, memberId: string): string {
  return createHmac('sha256', secretKey).update(`invitation:${memberId}`).digest('base64url');
}

/** Undefined for what cannot be one. */
export function invitationHash(token: string): Buffer | undefined {
  return TOKEN.test(token) ? hashSecret(token) : undefined;
}

export function invitationEnd(invitedAt: Date): Date {
  return new Date(invitedAt.getTime() + INVITATION_DAYS * DAY_MS);
}
