/** How long a customer message lets free-form replies through: 24 hours (whatsapp.md §C1). */
export const SERVICE_WINDOW_MS = 24 * 60 * 60_000;

/**
 * CUSTOMER_SERVICE lets free-form replies through. FREE_ENTRY_POINT, after a click on an ad, makes what is sent free and
 * lets nothing more through (whatsapp.md §C1).
 */
export const WINDOW_KINDS = ['CUSTOMER_SERVICE', 'FREE_ENTRY_POINT'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

export interface ServiceWindow {
  lastCustomerMessageAt: Date | null;
  expiresAt: Date | null;
  openedAt: Date | null;
  openedByMessageId: string | null;
}

export const NO_WINDOW: ServiceWindow = {
  lastCustomerMessageAt: null,
  expiresAt: null,
  openedAt: null,
  openedByMessageId: null,
};

export type WindowChange = 'opened' | 'extended';

export interface WindowMessage {
  id: string;
  sentAt: Date;
  opensWindow: boolean;
}

/**
 * The window after a customer message. Its end is counted by the provider's time, not by ours: late retries keep that,
 * so a message that arrives late neither opens a window that is over nor shortens one that a later message opened.
 * What changed is judged by our time: what was closed for everybody who looked was not extended.
 */
export function extendWindow(
  window: ServiceWindow,
  { id, sentAt, opensWindow }: WindowMessage,
  now: Date,
): { window: ServiceWindow; change: WindowChange | null } {
  const isNewer = window.lastCustomerMessageAt === null || window.lastCustomerMessageAt < sentAt;
  if (!opensWindow || !isNewer) return { window, change: null };
  const expiresAt = new Date(sentAt.getTime() + SERVICE_WINDOW_MS);
  const isExtended = isWindowOpen(window, now) && window.openedAt !== null;
  return {
    window: {
      lastCustomerMessageAt: sentAt,
      expiresAt,
      openedAt: isExtended ? window.openedAt : sentAt,
      openedByMessageId: isExtended ? window.openedByMessageId : id,
    },
    change: !isWindowOpen({ expiresAt }, now) ? null : isExtended ? 'extended' : 'opened',
  };
}

/**
 * The end of a window that the provider refused to send in; undefined if that says nothing: it is over already, or the
 * customer wrote after the message that was refused, and so opened another one.
 */
export function closeEarly(
  { expiresAt, lastCustomerMessageAt }: Pick<ServiceWindow, 'expiresAt' | 'lastCustomerMessageAt'>,
  { sentAt, refusedAt }: { sentAt: Date; refusedAt: Date },
  now: Date,
): Date | undefined {
  const end = refusedAt < now ? refusedAt : now;
  if (expiresAt === null || expiresAt <= end) return undefined;
  return lastCustomerMessageAt !== null && lastCustomerMessageAt > sentAt ? undefined : end;
}

/** Open until, but not at, the moment of expiry. */
export function isWindowOpen(window: Pick<ServiceWindow, 'expiresAt'>, now: Date): boolean {
  return window.expiresAt !== null && now < window.expiresAt;
}

/** How long before its end a window is told to close soon, where the channel's settings do not say. */
export const DEFAULT_CLOSING_NOTICE_MINUTES = 60;
/** Half a window: with a longer notice, that of an extended window could be due before the old end. */
export const MAX_CLOSING_NOTICE_MINUTES = 720;

/** When "closes soon" is due. */
export function closingAt(expiresAt: Date, noticeMinutes: number): Date {
  return new Date(expiresAt.getTime() - noticeMinutes * 60_000);
}

/**
 * What a timer of a window finds when it is due: it was set when the window opened, and the window may have been
 * extended since. Says what is to be told now, and when to look again.
 */
export function lookAtWindow(
  expiresAt: Date | null,
  noticeMinutes: number,
  now: Date,
): { tell: 'closing' | 'closed' | null; lookAgainAt: Date | null } {
  if (expiresAt === null) return { tell: null, lookAgainAt: null };
  if (now >= expiresAt) return { tell: 'closed', lookAgainAt: null };
  const soon = closingAt(expiresAt, noticeMinutes);
  return now < soon ? { tell: null, lookAgainAt: soon } : { tell: 'closing', lookAgainAt: expiresAt };
}
