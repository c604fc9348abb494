import { z } from 'zod';

/** What may be said about the consent of one identity to one purpose. */
export const consentEventKind = z.enum([
  /** Somebody asked the person, or the person filled in a form: nothing is agreed yet. */
  'REQUESTED',
  'CONFIRMED',
  'REFUSED',
  'WITHDRAWN',
  /** A request that nobody answered is over. */
  'EXPIRED',
  /** The provider says that the person has stopped, or resumed, marketing of this business there. */
  'PLATFORM_STOPPED',
  'PLATFORM_RESUMED',
  /** It came from elsewhere without proof. */
  'IMPORTED_UNKNOWN',
]);
export type ConsentEventKind = z.infer<typeof consentEventKind>;

export const consentSource = z.enum(['FORM', 'KEYWORD', 'QR', 'IMPORT', 'AGENT', 'PLATFORM']);
export type ConsentSource = z.infer<typeof consentSource>;

/** How things stand after all that was said. */
export const consentState = z.enum([
  'UNKNOWN',
  'REQUESTED',
  'CONFIRMED',
  'REFUSED',
  'WITHDRAWN',
  'EXPIRED',
  'PLATFORM_STOPPED',
]);
export type ConsentState = z.infer<typeof consentState>;

/** `SERVICE` needs no consent, `UTILITY` is lawful until somebody objects, `MARKETING` only with consent. */
export const purposeKind = z.enum(['SERVICE', 'UTILITY', 'MARKETING']);
export type PurposeKind = z.infer<typeof purposeKind>;

/** Of the workspace's own purposes, and of those that every workspace has. */
export const purposeKey = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);

/** Purposes that every workspace has, by kind. */
export const BUILT_IN_PURPOSES = {
  service: 'SERVICE',
  order_updates: 'UTILITY',
  marketing: 'MARKETING',
} as const satisfies Record<string, PurposeKind>;

/** By what somebody can be reached. Usernames are none: anybody can take a free one. */
export const consentIdentityKind = z.enum(['PHONE', 'BSUID', 'THREEMA_ID']);
export type ConsentIdentityKind = z.infer<typeof consentIdentityKind>;

/** By what a channel calls somebody; see `channelIdentity`. */
export const consentIdentity = z.object({ kind: consentIdentityKind, value: z.string().max(160) });
