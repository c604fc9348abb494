import { describe, expect, it } from 'vitest';
import { checkLastOwner } from './ownership.js';

describe('the last owner', () => {
  it.each([
    ['removed', undefined],
    ['made an admin', 'admin'],
  ])('given one owner, when they are %s, then it is refused', (_, nextRole) => {
    expect(() => checkLastOwner(['olga'], 'olga', nextRole)).toThrow(expect.objectContaining({ code: 'LAST_OWNER' }));
  });

  it.each<[string, string[], string, string | undefined]>([
    ['two owners, when one of them is removed', ['olga', 'otto'], 'olga', undefined],
    ['one owner, when somebody else is removed', ['olga'], 'anna', undefined],
    ['one owner, when they stay one', ['olga'], 'olga', 'owner'],
    ['an owner who has not accepted yet, when they are removed', ['olga'], 'otto', undefined],
  ])('given %s, then nothing stands against it', (_, owners, memberId, nextRole) => {
    expect(() => checkLastOwner(owners, memberId, nextRole)).not.toThrow();
  });
});
