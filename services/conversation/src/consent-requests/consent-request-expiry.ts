/** Of the one question that is open in a thread; its subject is the thread. See consent-request.timers.ts. */
export const CONSENT_REQUEST_EXPIRY = { kind: 'consent-request-expiry' } as const;
