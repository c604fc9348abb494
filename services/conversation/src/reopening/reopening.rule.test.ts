import { describe, expect, it } from 'vitest';
import { isContinued, placeOf, type Place } from './reopening.rule.js';

const resolvedAt = new Date('2026-11-22T10:00:00Z');
const later = (hours: number, ms = 0) => new Date(resolvedAt.getTime() + hours * 3_600_000 + ms);

describe('a customer message after a resolution', () => {
  it('given 24 hours, when it comes within them, then it continues the conversation', () => {
    expect(isContinued(resolvedAt, resolvedAt, 24)).toBe(true);
    expect(isContinued(resolvedAt, later(24), 24)).toBe(true);
  });

  it('given 24 hours, when it comes later, then it begins a new one', () => {
    expect(isContinued(resolvedAt, later(24, 1), 24)).toBe(false);
  });

  it('given 0 hours, when it comes at once, then it begins a new one', () => {
    expect(isContinued(resolvedAt, resolvedAt, 0)).toBe(false);
  });
});

describe('the place of a customer message', () => {
  const last = { resolvedAt, reopenWithinHours: 24 };
  const nothing = { hasOpen: false, wakesOnMessage: false, last: undefined };
  const open = { ...nothing, hasOpen: true, last };
  const soon = { sentAt: later(1), opensWindow: true };
  const reaction = { sentAt: later(1), opensWindow: false };

  it.each<[string, Parameters<typeof placeOf>[0], Parameters<typeof placeOf>[1], Place]>([
    ['a new thread', nothing, soon, 'OPENS_NEW'],
    ['a new thread, a reaction', nothing, reaction, 'OPENS_NEW'],
    ['one that is open', open, soon, 'IN_OPEN'],
    ['one that is snoozed', { ...open, wakesOnMessage: true }, soon, 'WAKES'],
    ['one that is snoozed, a reaction', { ...open, wakesOnMessage: true }, reaction, 'IN_OPEN'],
    ['one resolved an hour ago', { ...nothing, last }, soon, 'REOPENS'],
    ['one resolved an hour ago, a reaction', { ...nothing, last }, reaction, 'IN_RESOLVED'],
    ['one resolved two days ago', { ...nothing, last }, { ...soon, sentAt: later(48) }, 'OPENS_NEW'],
    ['one resolved since the message was sent', { ...nothing, last }, { ...soon, sentAt: later(-1) }, 'REOPENS'],
  ])('given %s', (_, thread, message, place) => {
    expect(placeOf(thread, message)).toBe(place);
  });
});
