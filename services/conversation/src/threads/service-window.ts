/** How long a customer message lets free-form replies through: 24 hours (whatsapp.md §C1). */
export const SERVICE_WINDOW_MS = 24 * 60 * 60_000;

export interface ServiceWindow {
  lastCustomerMessageAt: Date | null;
  expiresAt: Date | null;
}

export const NO_WINDOW: ServiceWindow = { lastCustomerMessageAt: null, expiresAt: null };

/**
 * The window after a customer message. The provider's time counts, not ours: late retries keep it, so a message
 * that arrives late neither opens a window that is over nor shortens one that a later message opened.
 */
export function extendWindow(window: ServiceWindow, message: { sentAt: Date; opensWindow: boolean }): ServiceWindow {
  if (!message.opensWindow) return window;
  if (window.lastCustomerMessageAt && window.lastCustomerMessageAt >= message.sentAt) return window;
  return { lastCustomerMessageAt: message.sentAt, expiresAt: new Date(message.sentAt.getTime() + SERVICE_WINDOW_MS) };
}

/** Open until, but not at, the moment of expiry. */
export function isWindowOpen(window: Pick<ServiceWindow, 'expiresAt'>, now: Date): boolean {
  return window.expiresAt !== null && now < window.expiresAt;
}
