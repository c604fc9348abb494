import { describe, expect, it } from 'vitest';
import { extendWindow, isWindowOpen, NO_WINDOW } from './service-window.js';

const at = (time: string) => new Date(`2026-11-21T${time}Z`);
const later = (date: Date, ms: number) => new Date(date.getTime() + ms);

describe('the service window', () => {
  it('given none, when the customer writes, then it lasts 24 hours from the time of that message', () => {
    const window = extendWindow(NO_WINDOW, { sentAt: at('10:00:00'), opensWindow: true });
    expect(window.expiresAt).toEqual(new Date('2026-11-22T10:00:00Z'));
  });

  it('given one, when the customer writes again, then it is extended', () => {
    const first = extendWindow(NO_WINDOW, { sentAt: at('10:00:00'), opensWindow: true });
    expect(extendWindow(first, { sentAt: at('11:00:00'), opensWindow: true }).expiresAt).toEqual(
      new Date('2026-11-22T11:00:00Z'),
    );
  });

  it('given one, when an older message arrives late, then it stays as it is', () => {
    const window = extendWindow(NO_WINDOW, { sentAt: at('11:00:00'), opensWindow: true });
    expect(extendWindow(window, { sentAt: at('10:00:00'), opensWindow: true })).toEqual(window);
  });

  it('given none, when a reaction or a system message comes, then there is still none', () => {
    expect(extendWindow(NO_WINDOW, { sentAt: at('10:00:00'), opensWindow: false })).toEqual(NO_WINDOW);
  });

  it('is open to the last millisecond and closed at the 24th hour', () => {
    const window = extendWindow(NO_WINDOW, { sentAt: at('10:00:00'), opensWindow: true });
    expect(isWindowOpen(window, later(at('10:00:00'), 86_399_999))).toBe(true);
    expect(isWindowOpen(window, later(at('10:00:00'), 86_400_000))).toBe(false);
    expect(isWindowOpen(NO_WINDOW, at('10:00:00'))).toBe(false);
  });
});
