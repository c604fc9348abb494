import { describe, expect, it } from 'vitest';
import { announceAt, isSentWith, judgeEdit } from './draft.rule.js';

const anna = { kind: 'member', id: 'anna' } as const;
const ben = { kind: 'member', id: 'ben' } as const;
const draft = (text: string | null, version = 3) => ({ version, text, editedByKind: anna.kind, editedById: anna.id });

describe('given a draft, when somebody edits it, then', () => {
  it.each([
    ['the first words of all are made', null, { expectedVersion: 0, text: 'Hallo', by: ben }, 'made'],
    ['an edit of what it is now is made', draft('Hallo'), { expectedVersion: 3, text: 'Hallo!', by: ben }, 'made'],
    ['an edit of what it was before is not', draft('Hallo'), { expectedVersion: 2, text: 'Hi', by: ben }, 'conflict'],
    ['nor of what it is not yet', draft('Hallo'), { expectedVersion: 4, text: 'Hi', by: anna }, 'conflict'],
    ['nor as if there were none', draft('Hallo'), { expectedVersion: 0, text: 'Hi', by: anna }, 'conflict'],
    ['nor of one that has never been', null, { expectedVersion: 1, text: 'Hi', by: anna }, 'conflict'],
    [
      'one that is repeated is not made twice',
      draft('Hallo'),
      { expectedVersion: 2, text: 'Hallo', by: anna },
      'repeated',
    ],
    [
      'the same words by another are no repetition',
      draft('Hallo'),
      { expectedVersion: 2, text: 'Hallo', by: ben },
      'conflict',
    ],
    ['the same words again change nothing', draft('Hallo'), { expectedVersion: 3, text: 'Hallo', by: ben }, 'repeated'],
    ['what was sent or deleted is begun anew', draft(null), { expectedVersion: 3, text: 'Hi', by: ben }, 'made'],
    [
      'what was sent is not brought back by a late edit',
      draft(null),
      { expectedVersion: 2, text: 'Hi', by: ben },
      'conflict',
    ],
  ] as const)('%s', (_, current, edit, expected) => {
    expect(judgeEdit(current, edit)).toBe(expected);
  });
});

describe('given a draft, when a message leaves, then', () => {
  it.each([
    ['it is gone with who edited it last', 'Hallo', { text: 'Etwas anderes', by: anna }, true],
    ['it stays when they send a picture meanwhile', 'Hallo', { text: null, by: anna, isDraftable: false }, false],
    ['it is gone when its words go with a picture', 'Hallo', { text: 'Hallo', by: ben, isDraftable: false }, true],
    ['it is gone with its words, whoever sends them', 'Hallo ', { text: 'Hallo', by: ben }, true],
    ['it stays when somebody else sends something else', 'Hallo', { text: 'Guten Tag', by: ben }, false],
    ['it stays when a program does', 'Hallo', { text: 'Versandt!', by: { kind: 'api_key', id: 'anna' } }, false],
    ['there is none to be gone', null, { text: 'Hallo', by: anna }, false],
  ] as const)('%s', (_, text, message, expected) => {
    expect(isSentWith(draft(text), { isDraftable: true, ...message })).toBe(expected);
  });
});

describe('when it is edited all the time', () => {
  const now = new Date('2026-11-22T09:00:00Z');
  const before = (ms: number) => new Date(now.getTime() - ms);

  it('is told every three seconds, and its end at once', () => {
    expect(announceAt({ text: 'a', announcedAt: before(3_000) }, now)).toBeUndefined();
    expect(announceAt({ text: 'a', announcedAt: before(2_999) }, now)).toEqual(new Date(now.getTime() + 1));
    expect(announceAt({ text: null, announcedAt: before(0) }, now)).toBeUndefined();
  });
});
