/** Somebody wrote a word that asks for marketing, or the code of a link that stands for a consent; its subject is the thread. See consent-request.timers.ts. */
export const OPT_IN_WISHED = { kind: 'opt-in-wished' } as const;
