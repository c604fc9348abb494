import { newsletterState } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkApproval, NEWSLETTER_COMMANDS, nextState, type NewsletterProgress } from './newsletter-state.rule.js';

const NOW = new Date('2026-11-23T09:00:00Z');
const at = (state: NewsletterProgress['state'], progress: Partial<NewsletterProgress> = {}): NewsletterProgress => ({
  state,
  startedAt: null,
  preparedAt: null,
  ...progress,
});

describe('approving a newsletter that a budget holds', () => {
  const held = {
    state: 'PAUSED',
    pausedBecause: 'BUDGET_HELD',
    createdByKind: 'member',
    createdById: 'ada',
    editedByIds: ['cleo', 'dan'],
  } as const;
  it.each([
    ['another member', held, { kind: 'member', id: 'bob' }, undefined],
    ['whoever made it', held, { kind: 'member', id: 'ada' }, 'NOT_YOURS_TO_DECIDE'],
    ['whoever changed it', held, { kind: 'member', id: 'cleo' }, 'NOT_YOURS_TO_DECIDE'],
    ['a program', held, { kind: 'api_key', id: 'bot' }, 'BEYOND_API_KEY'],
    [
      'another member, of what somebody paused',
      { ...held, pausedBecause: null },
      { kind: 'member', id: 'bob' },
      'NEWSLETTER_STATE',
    ],
  ] as const)('%s', (_, newsletter, by, code) => {
    expect(checkApproval(newsletter, by)?.code).toBe(code);
  });
});

describe('a newsletter', () => {
  it('given a draft, is scheduled, and again while it has not begun', () => {
    expect(nextState(at('DRAFT'), 'schedule')).toBe('SCHEDULED');
    expect(nextState(at('SCHEDULED'), 'schedule')).toBe('SCHEDULED');
  });

  it('given that it has not begun, is changed and stays what it is', () => {
    for (const state of ['DRAFT', 'SCHEDULED'] as const) expect(nextState(at(state), 'update')).toBe(state);
  });

  it('given a pause before it has begun, is changed and scheduled anew', () => {
    expect(nextState(at('PAUSED'), 'update')).toBe('PAUSED');
    expect(nextState(at('PAUSED'), 'schedule')).toBe('SCHEDULED');
    for (const command of ['update', 'schedule'] as const) {
      expect(() => nextState(at('PAUSED', { startedAt: NOW }), command)).toThrow('not possible');
    }
  });

  it('given a pause, goes on where it was', () => {
    expect(nextState(at('PAUSED'), 'resume')).toBe('SCHEDULED');
    expect(nextState(at('PAUSED', { startedAt: NOW }), 'resume')).toBe('PREPARING');
    expect(nextState(at('PAUSED', { startedAt: NOW, preparedAt: NOW }), 'resume')).toBe('RUNNING');
  });

  it.each([
    ['RUNNING', 'schedule'],
    ['RUNNING', 'update'],
    ['SCHEDULED', 'delete'],
    ['PAUSED', 'pause'],
    ['DRAFT', 'pause'],
    ['RUNNING', 'resume'],
    ['COMPLETED', 'cancel'],
  ] as const)('given %s, refuses to %s, and says what it is', (state, command) => {
    expect(() => nextState(at(state), command)).toThrow(
      expect.objectContaining({ code: 'NEWSLETTER_STATE', details: { state } }) as Error,
    );
  });

  it('never leaves an end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('COMPLETED' as const, 'CANCELLED' as const),
        fc.constantFrom(...NEWSLETTER_COMMANDS),
        (state, command) => {
          expect(() => nextState(at(state), command)).toThrow('not possible');
        },
      ),
    );
    expect(newsletterState.options).toContain('COMPLETED');
  });
});
