import { describe, expect, it } from 'vitest';
import { chooseAutoReply, type AutoReplyFacts } from './auto-reply.rule.js';

const at = (time: string) => new Date(`2026-11-23T${time}Z`);
const facts: AutoReplyFacts = {
  greetingText: 'Hallo!',
  awayText: 'Morgen wieder.',
  awayEveryHours: 12,
  hours: { timeZone: 'UTC', weekly: [{ weekday: 1, from: '09:00', to: '17:00' }], exceptions: [] },
  isFirst: true,
  wroteAt: at('10:00:00'),
  now: at('10:00:01'),
  lastAwayAt: null,
};
const chosen = (overrides: Partial<AutoReplyFacts>) => chooseAutoReply({ ...facts, ...overrides })?.automation ?? null;
const atNight = { wroteAt: at('20:00:00'), now: at('20:00:01') };

describe('what Fenster answers by itself', () => {
  it('given business hours, when a new conversation begins, is the greeting, and nothing to later messages', () => {
    expect(chosen({})).toBe('GREETING');
    expect(chosen({ isFirst: false })).toBeNull();
    expect(chosen({ greetingText: null })).toBeNull();
  });

  it('given nobody is there, is the away message in place of the greeting', () => {
    expect(chosen(atNight)).toBe('AWAY');
    expect(chosen({ ...atNight, isFirst: false })).toBe('AWAY');
    expect(chosen({ ...atNight, awayText: null })).toBe('GREETING');
  });

  it('given an away message of less than so many hours ago, is nothing, not even the greeting', () => {
    expect(chosen({ ...atNight, lastAwayAt: at('08:00:02') })).toBeNull();
    expect(chosen({ ...atNight, lastAwayAt: at('08:00:01') })).toBe('AWAY');
  });

  it('given a channel without hours, is never an away message', () => {
    expect(chosen({ ...atNight, hours: null })).toBe('GREETING');
    expect(chosen({ ...atNight, hours: null, isFirst: false })).toBeNull();
  });

  it('given somebody came to work or went meanwhile, is no away message', () => {
    expect(chosen({ wroteAt: at('08:59:59'), now: at('09:00:01'), isFirst: false })).toBeNull();
    expect(chosen({ wroteAt: at('16:59:59'), now: at('17:00:01'), isFirst: false })).toBeNull();
  });
});
