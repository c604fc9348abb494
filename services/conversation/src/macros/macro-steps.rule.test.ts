import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import type { MacroStep } from './macro-step.types.js';
import { checkSteps } from './macro-steps.rule.js';

describe('the steps of a macro', () => {
  it('are stored as they are given, without what is not', () => {
    const [labelId, cannedResponseId] = [newId(), newId()];
    expect(
      checkSteps([
        { kind: 'LABEL', labelIds: [labelId], text: null },
        { kind: 'ASSIGN' },
        { kind: 'ASSIGN_TEAM', teamId: null, reason: 'weiter' },
        { kind: 'SNOOZE', minutes: 60 },
        { kind: 'NOTE', text: ' Siehe {{contact.name}} ' },
        { kind: 'REPLY', cannedResponseId },
        { kind: 'RESOLVE' },
      ]),
    ).toEqual([
      { kind: 'LABEL', labelIds: [labelId] },
      { kind: 'ASSIGN' },
      { kind: 'ASSIGN_TEAM', reason: 'weiter' },
      { kind: 'SNOOZE', minutes: 60 },
      { kind: 'NOTE', text: 'Siehe {{contact.name}}' },
      { kind: 'REPLY', cannedResponseId },
      { kind: 'RESOLVE' },
    ]);
  });

  it.each<[string, MacroStep[], string]>([
    ['none', [], 'steps'],
    ['too many', Array.from({ length: 21 }, () => ({ kind: 'RESOLVE' as const })), 'steps'],
    ['a field of another kind', [{ kind: 'RESOLVE' }, { kind: 'RESOLVE', text: 'x' }], 'steps.1.text'],
    ['a snooze without an end', [{ kind: 'SNOOZE' }], 'steps.0.until'],
    ['a snooze with two', [{ kind: 'SNOOZE', minutes: 5, untilNextMessage: true }], 'steps.0.until'],
    ['a snooze into the past', [{ kind: 'SNOOZE', minutes: 0 }], 'steps.0.minutes'],
    ['what is no member', [{ kind: 'ASSIGN', memberId: 'x' }], 'steps.0.memberId'],
    ['what is no team', [{ kind: 'ASSIGN_TEAM', teamId: 'x' }], 'steps.0.teamId'],
    ['no label', [{ kind: 'LABEL' }], 'steps.0.set'],
    ['what is no label', [{ kind: 'LABEL', labelIds: ['x'] }], 'steps.0.set'],
    ['an empty note', [{ kind: 'NOTE', text: ' ' }], 'steps.0.text'],
    ['no reply', [{ kind: 'REPLY' }], 'steps.0.text'],
    ['two replies', [{ kind: 'REPLY', text: 'x', cannedResponseId: newId() }], 'steps.0.text'],
    ['what is no canned response', [{ kind: 'REPLY', cannedResponseId: 'x' }], 'steps.0.cannedResponseId'],
    ['an unknown placeholder', [{ kind: 'REPLY', text: '{{phone}}' }], 'steps.0.text'],
    ['an over-long reason', [{ kind: 'RESOLVE', reason: 'x'.repeat(501) }], 'steps.0.reason'],
  ])('given %s, then they are refused, naming the step', (_, steps, field) => {
    expect(() => checkSteps(steps)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field }));
  });
});
