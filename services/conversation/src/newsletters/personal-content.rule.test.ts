import type { FillableTemplate } from '@fenster/contracts';
import fc from 'fast-check';
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

describe('what a button takes of one recipient', () => {
  const offer: FillableTemplate = {
    ...template('Nur heute!'),
    definition: {
      body: { text: 'Nur heute!', examples: [] },
      buttons: [
        { kind: 'url', text: 'Ansehen', url: 'https://muster.example/{{1}}' },
        { kind: 'copyCode', text: 'Code' },
        { kind: 'quickReply', text: 'Abmelden' },
      ],
      unknownParts: [],
    },
  };
  const newsletter: Slotted = {
    content: {
      templateId: ID,
      body: [],
      buttons: [
        { index: 1, value: 'HERBST' },
        { index: 0, value: '…' },
      ],
    },
    slots: [
      { part: 'buttons', index: 1 },
      { part: 'buttons', index: 0 },
    ],
  };
  const buttonsOf = (address: string, code: string) => {
    const made = personalContent(offer, newsletter, { values: [address, code], now });
    return 'refusal' in made ? made.refusal.code : made.content.buttons.map(({ kind, value }) => [kind, value]);
  };

  it('is their own, by the place among what was given, and never what stands there for everybody', () => {
    expect(buttonsOf('anna', 'ANNA-10')).toEqual([
      ['copyCode', 'ANNA-10'],
      ['url', 'anna'],
    ]);
    expect(newsletter.content.buttons.map(({ value }) => value)).toEqual(['HERBST', '…']);
  });

  it.each([
    ['Köln & Co', 'K%C3%B6ln%20%26%20Co'],
    ['a/../b', 'a%2F..%2Fb'],
    ['?u=https://b.example#x', '%3Fu%3Dhttps%3A%2F%2Fb.example%23x'],
    ['100%', '100%25'],
    ['\ud800', '%EF%BF%BD'],
    ['🎉', '%F0%9F%8E%89'],
    ['…'.repeat(200), '%E2%80%A6'.repeat(200)],
  ])('is one part of the address, percent-encoded: %j', (value, encoded) => {
    expect(buttonsOf(value, 'A')).toContainEqual(['url', encoded]);
  });

  it('whatever it is, leaves the rest of the address as the author wrote it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), (value) => {
        const buttons = buttonsOf(value, 'A');
        if (typeof buttons === 'string') return;
        const end = buttons[1]![1]!;
        const { origin, pathname, search, hash } = new URL(`https://muster.example/shop/${end}?a=1`);
        expect([origin, search, hash]).toEqual(['https://muster.example', '?a=1', '']);
        expect(pathname.split('/').slice(0, 2)).toEqual(['', 'shop']);
        expect(decodeURIComponent(pathname.split('/').slice(2).join('/'))).toBe(value.toWellFormed());
      }),
      { examples: [['..'], ['.'], ['/'], ['?'], ['%2e%2e']] },
    );
  });

  it.each([
    ['.', 'A'],
    ['..', 'A'],
    ['anna', 'LONGER-THAN-FIFTEEN'],
  ])('is refused where it does not fit: %j, %j', (address, code) => {
    expect(buttonsOf(address, code)).toBe('VALUE_UNFIT');
  });
});

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
