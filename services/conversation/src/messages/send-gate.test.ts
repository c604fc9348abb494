import type { DomainError } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { checkSend, type SendAttempt } from './send-gate.js';

const now = new Date('2026-11-21T12:00:00Z');
const fine: SendAttempt = {
  text: 'Hallo',
  window: { expiresAt: new Date('2026-11-21T12:00:00.001Z') },
  now,
  lastSeq: 7,
};

function refusal(attempt: Partial<SendAttempt>): Pick<DomainError, 'code' | 'field'> | undefined {
  try {
    checkSend({ ...fine, ...attempt });
    return undefined;
  } catch (error) {
    const { code, field } = error as DomainError;
    return { code, field };
  }
}

describe('the send gate', () => {
  it('lets a reply through while the window is open', () => {
    expect(refusal({})).toBeUndefined();
    expect(refusal({ expectedLastSeq: 7 })).toBeUndefined();
  });

  it('refuses a free-form reply when the window is over or never was', () => {
    expect(refusal({ window: { expiresAt: now } })?.code).toBe('WINDOW_CLOSED');
    expect(refusal({ window: { expiresAt: null } })?.code).toBe('WINDOW_CLOSED');
  });

  it('refuses when somebody wrote since the sender last looked', () => {
    expect(refusal({ expectedLastSeq: 6 })).toEqual({ code: 'STALE_THREAD', field: 'expectedLastSeq' });
  });

  it('refuses empty and over-long texts, counting characters and not bytes', () => {
    expect(refusal({ text: ' \n' })).toEqual({ code: 'INVALID_INPUT', field: 'text' });
    expect(refusal({ text: '🙂'.repeat(4096) })).toBeUndefined();
    expect(refusal({ text: 'x'.repeat(4097) })).toEqual({ code: 'INVALID_INPUT', field: 'text' });
  });
});
