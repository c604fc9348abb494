import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { checkMayDelete, checkMayEdit, checkMentions, type NoteActor } from './note.rule.js';

const [anna, bert, robot] = [newId(), newId(), newId()];
const byAnna = { authorId: anna, apiKeyId: null };
const byRobot = { authorId: null, apiKeyId: robot };
const member = (id: string, ...permissions: string[]): NoteActor => ({ kind: 'member', id, permissions });

describe('a note', () => {
  it.each([
    ['its author', byAnna, member(anna), true, true],
    ['a colleague', byAnna, member(bert), false, false],
    ['who manages the inbox', byAnna, member(bert, 'conversation:manage'), false, true],
    ['the program that wrote it', byRobot, { ...member(robot), kind: 'api_key' as const }, true, true],
    ['a member with the id of that program', byRobot, member(robot), false, false],
  ])('given %s, then it is edited and deleted as far as it is theirs', (_, note, actor, edits, deletes) => {
    const refusal = expect.objectContaining({ code: 'NOT_THE_AUTHOR' });
    for (const [check, may] of [
      [checkMayEdit, edits],
      [checkMayDelete, deletes],
    ] as const) {
      if (may) expect(() => check(note, actor)).not.toThrow();
      else expect(() => check(note, actor)).toThrow(refusal);
    }
  });

  it('mentions each member once', () => {
    expect(checkMentions([anna, bert, anna])).toEqual([anna, bert]);
  });

  it.each([[['nobody']], [Array.from({ length: 51 }, newId)]])('refuses mentions of %j', (ids) => {
    expect(() => checkMentions(ids)).toThrow(expect.objectContaining({ field: 'mentionedMemberIds' }));
  });
});
