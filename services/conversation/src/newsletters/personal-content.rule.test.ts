import type { FillableTemplate } from '@fenster/contracts';
import { describe, expect, it } from 'vitest';
import { personalContent, type Slotted } from './personal-content.rule.js';

const now = new Date('2026-11-22T10:00:00Z');
const ID = '019aa5e0-7c1e-7cc3-98c4-dc0c0c073991';
const template = (body = 'Hallo {{1}}, neu in {{2}}!'): FillableTemplate => ({
  id: ID,
  name: 'herbst',
  language: 'de',
  category: 'MARKETING',
  parameterFormat: 'POSITIONAL',
  definition: {
    header: { kind: 'text', text: 'Für {{1}}', examples: [] },
    body: { text: body, examples: [] },
    buttons: [],
    unknownParts: [],
  },
});
const letter: Slotted = {
  content: {
    templateId: ID,
    header: { parameters: [{ text: '…' }] },
    body: [{ text: 'du' }, { text: 'Ulm' }],
    buttons: [],
  },
  slots: [
    { part: 'body', index: 0 },
    { part: 'header', index: 0 },
  ],
};
const textOf = (values: readonly string[], into = template()) => {
  const made = personalContent(into, letter, { values, now });
  return 'refusal' in made ? made.refusal.code : made.content.text;
};

describe('what one recipient of a newsletter gets', () => {
  it('has their words in its slots, and what is the same for everybody elsewhere', () => {
    expect(textOf(['Anna', 'Sie'])).toBe('Für Sie\nHallo Anna, neu in Ulm!');
  });

  it('has nothing of who came before them', () => {
    textOf(['Anna', 'Frau Berg']);
    expect(textOf(['Bea', 'Sie'])).toBe('Für Sie\nHallo Bea, neu in Ulm!');
    expect(letter.content.body[0]).toEqual({ text: 'du' });
  });

  it.each([[[]], [['Anna']], [['Anna', 'Sie', 'mehr']]])('is refused without a value for each slot: %j', (values) => {
    expect(textOf(values)).toBe('VALUE_MISSING');
  });

  it('is refused where their words do not fit', () => {
    expect(textOf(['Anna\n', 'Sie'])).toBe('VALUE_UNFIT');
    expect(textOf(['Anna', 'x'.repeat(60)])).toBe('VALUE_UNFIT');
    expect(textOf(['{{2}}', 'Sie'])).toBe('Für Sie\nHallo {{2}}, neu in Ulm!');
  });

  it('is left to the send gate where the template does not take it from anybody', () => {
    expect(textOf(['Anna', 'Sie'], template('Hallo!'))).toBe('Für Sie\nHallo!');
  });
});
