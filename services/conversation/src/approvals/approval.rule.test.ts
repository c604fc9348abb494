import { DomainError } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { expiryOf, expiryReason, judgeDecision } from './approval.rule.js';

const heldAt = new Date('2026-11-23T12:00:00Z');
const later = (hours: number) => new Date(heldAt.getTime() + hours * 3_600_000);
const author = { kind: 'member', id: 'ada' } as const;
const other = { kind: 'member', id: 'bob' } as const;
const held = { authorKind: 'member', authorId: 'ada', state: 'HELD', heldAt, decidedById: null } as const;

describe('a held message ends', () => {
  const window = { heldAt, windowExpiresAt: later(5), hasWindow: true };
  it.each([
    ['a reply with the service window', { content: { kind: 'text' } as const, ...window }, later(5)],
    [
      'a reply after seven days, if the window is open for longer',
      { content: { kind: 'text' } as const, ...window, windowExpiresAt: later(500) },
      later(168),
    ],
    ['a template after seven days', { content: { kind: 'template' } as const, ...window }, later(168)],
    [
      'what goes over a channel without windows after seven days',
      { content: { kind: 'text' } as const, ...window, hasWindow: false },
      later(168),
    ],
    [
      'a reply at once where no window was ever open',
      { content: { kind: 'text' } as const, ...window, windowExpiresAt: null },
      heldAt,
    ],
  ])('%s', (_, facts, expected) => {
    expect(expiryOf(facts)).toEqual(expected);
  });

  it('and says why', () => {
    expect(expiryReason({ heldAt, expiresAt: later(5) })).toContain('window closed');
    expect(expiryReason({ heldAt, expiresAt: later(168) })).toContain('seven days');
  });
});

describe('a decision about a held message', () => {
  const codeOf = (...given: Parameters<typeof judgeDecision>) => {
    const judgement = judgeDecision(...given);
    return judgement instanceof DomainError ? judgement.code : judgement;
  };
  it.each([
    ['another member approves', held, 'RELEASED', other, 'new'],
    ['another member declines', held, 'DECLINED', other, 'new'],
    ['the author withdraws', held, 'WITHDRAWN', author, 'new'],
    ['the author approves', held, 'RELEASED', author, 'NOT_YOURS_TO_DECIDE'],
    ['the author declines', held, 'DECLINED', author, 'NOT_YOURS_TO_DECIDE'],
    ['another member withdraws', held, 'WITHDRAWN', other, 'NOT_YOURS_TO_DECIDE'],
    ['a program approves', held, 'RELEASED', { kind: 'api_key', id: 'bot' } as const, 'BEYOND_API_KEY'],
    [
      'the same approval again',
      { ...held, state: 'RELEASED', decidedById: 'bob' } as const,
      'RELEASED',
      other,
      'repeated',
    ],
    [
      'approving what somebody else approved',
      { ...held, state: 'RELEASED', decidedById: 'eve' } as const,
      'RELEASED',
      other,
      'NOT_HELD',
    ],
    [
      'approving what was declined',
      { ...held, state: 'DECLINED', decidedById: 'bob' } as const,
      'RELEASED',
      other,
      'NOT_HELD',
    ],
    [
      'declining what has left',
      { ...held, state: 'RELEASED', decidedById: 'bob' } as const,
      'DECLINED',
      other,
      'NOT_HELD',
    ],
    ['approving what has expired', { ...held, state: 'EXPIRED' } as const, 'RELEASED', other, 'NOT_HELD'],
  ] as const)('%s', (_, of, decision, by, expected) => {
    expect(codeOf(of, decision, by, later(1))).toBe(expected);
  });

  it('comes too late after seven days, also before anybody has noted that', () => {
    expect(codeOf(held, 'RELEASED', other, later(168))).toBe('NOT_HELD');
    expect(codeOf(held, 'DECLINED', other, later(168))).toBe('new');
  });
});
