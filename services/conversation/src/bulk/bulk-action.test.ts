import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { changeOf } from './bulk-action.js';
import type { BulkAction } from './bulk.types.js';

describe('a bulk action', () => {
  it.each<[string, BulkAction, string]>([
    ['none', {}, 'action'],
    ['two', { resolve: {}, reopen: {} }, 'action'],
    ['none but null', { resolve: null }, 'action'],
    ['an over-long reason', { resolve: { reason: 'x'.repeat(501) } }, 'action.resolve.reason'],
    ['a snooze without an end', { snooze: {} }, 'action.snooze.until'],
    ['no labels', { label: {} }, 'action.label.set'],
    ['what is no label', { label: { unset: ['x'] } }, 'action.label.unset'],
    ['nobody to add', { addParticipants: { memberIds: [] } }, 'action.addParticipants.memberIds'],
    ['what is no member', { assign: { memberId: 'x' } }, 'action.assign.memberId'],
    ['what is no team', { assignTeam: { teamId: 'x' } }, 'action.assignTeam.teamId'],
  ])('given %s, then it is refused as a whole, naming the field', (_, action, field) => {
    expect(() => changeOf(action)).toThrow(expect.objectContaining({ field }));
  });

  it('given one, then it is the command of its mutation', () => {
    expect(changeOf({ assign: { memberId: newId() } })).toBeTypeOf('function');
  });
});
