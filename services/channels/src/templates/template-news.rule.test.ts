import { templateCategory, templateQuality, templateStatus } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderTemplate, TemplateNews } from '../providers/provider.js';
import { applyAbsence, applyNews, applyReading, applySubmission, driftsBetween, hashOf } from './template-news.rule.js';
import { UNTOLD, type TemplateState } from './template.row.js';

const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, second));
const who = { name: 'termin', language: 'de' };
const definition = { body: { text: 'Bis morgen!', examples: [] }, buttons: [], unknownParts: [] };
const told = (state: TemplateState, second: number, news: Omit<TemplateNews, 'name' | 'language'>) =>
  applyNews(state, { ...who, ...news }, at(second));
const status = (word: TemplateState['status']) => ({ status: { status: word, rejection: null } });
const reading = (over: Partial<ProviderTemplate> = {}): ProviderTemplate => ({
  ...who,
  providerTemplateId: '1',
  status: 'APPROVED',
  rejection: null,
  category: 'UTILITY',
  quality: 'GREEN',
  parameterFormat: 'POSITIONAL',
  definition,
  ...over,
});

describe('what webhooks say of a template', () => {
  const news = fc.record(
    {
      second: fc.integer({ min: 0, max: 3 }),
      providerTemplateId: fc.constantFrom('9', '10', '11'),
      status: fc.record({
        status: fc.constantFrom(...templateStatus.options),
        rejection: fc.constantFrom(null, { reason: 'A' }, { reason: 'A', advice: 'B' }, { reason: 'C' }),
      }),
      category: fc.record(
        {
          category: fc.constantFrom(...templateCategory.options),
          previous: fc.constantFrom(...templateCategory.options),
        },
        { requiredKeys: ['category', 'previous'] },
      ),
      announcement: fc.record({
        category: fc.constantFrom(...templateCategory.options),
        at: fc.constantFrom(null, at(30), at(40)),
      }),
      quality: fc.constantFrom(...templateQuality.options),
    },
    { requiredKeys: ['second'] },
  );

  it('leaves the same end state in any order and however often it is repeated', () => {
    fc.assert(
      fc.property(fc.array(news, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (all, luck) => {
        const apply = (list: typeof all) =>
          list.reduce<TemplateState>((state, { second, ...each }) => told(state, second, each), UNTOLD);
        const shuffled = [...all, ...all.filter((_, index) => index % 2 === 0)]
          .map((each) => ({ each, place: luck.next().value }))
          .toSorted((one, other) => one.place - other.place)
          .map(({ each }) => each);
        expect(apply(shuffled)).toEqual(apply(all));
      }),
      { numRuns: 2_000 },
    );
  });

  it('counts the latest word, not the last one', () => {
    const paused = told(UNTOLD, 7, status('PAUSED'));
    expect(told(paused, 5, status('APPROVED')).status).toBe('PAUSED');
    expect(told(paused, 9, status('APPROVED')).status).toBe('APPROVED');
  });

  it('takes what comes later in the life of a template for later, within one second', () => {
    for (const order of [
      ['PENDING', 'APPROVED'],
      ['APPROVED', 'PENDING'],
    ] as const) {
      expect(order.reduce((state, word) => told(state, 1, status(word)), UNTOLD).status).toBe('APPROVED');
    }
  });

  it('ends an announcement by what was announced, and not one that comes after it', () => {
    const announced = told(UNTOLD, 1, { announcement: { category: 'MARKETING', at: at(40) } });
    expect(announced).toMatchObject({ announcedCategory: 'MARKETING', announcedFor: at(40) });
    const done = told(announced, 40, { category: { category: 'MARKETING', previous: 'UTILITY' } });
    expect(done).toMatchObject({ category: 'MARKETING', previousCategory: 'UTILITY', announcedCategory: null });
    const next = told(done, 50, { announcement: { category: 'UTILITY', at: null } });
    expect(next).toMatchObject({ category: 'MARKETING', announcedCategory: 'UTILITY' });
  });
});

describe('a template that was read', () => {
  it('is as it was read, but for what happened since', () => {
    const known = told(told(UNTOLD, 20, status('PAUSED')), 20, { quality: 'RED' });
    expect(applyReading(known, reading(), at(10))).toMatchObject({ status: 'PAUSED', quality: 'RED', definition });
    expect(applyReading(known, reading(), at(30))).toMatchObject({ status: 'APPROVED', quality: 'GREEN' });
  });

  it('keeps what a list does not tell: the reason of a refusal in a sentence, and when a category changes', () => {
    const rejected = told(UNTOLD, 1, { status: { status: 'REJECTED', rejection: { reason: 'It is a game.' } } });
    const again = applyReading(rejected, reading({ status: 'REJECTED', rejection: { reason: 'GAME' } }), at(9));
    expect(again.rejection).toEqual({ reason: 'It is a game.' });
    const announced = told(UNTOLD, 1, { announcement: { category: 'MARKETING', at: at(40) } });
    const read = applyReading(announced, reading({ announcedCategory: 'MARKETING' }), at(9));
    expect(read.announcedFor).toEqual(at(40));
    expect(applyReading(announced, reading(), at(9)).announcedCategory).toBeNull();
  });

  it('counts as deleted once it is not listed any more, unless it was submitted since', () => {
    const known = applyReading(UNTOLD, reading(), at(1));
    expect(applyAbsence(known, at(5)).status).toBe('DELETED');
    const submitted = { ...who, category: 'UTILITY', parameterFormat: 'POSITIONAL', definition } as const;
    const accepted = { providerTemplateId: '2', status: 'PENDING', category: 'UTILITY' } as const;
    const later = applySubmission(applyAbsence(known, at(5)), submitted, accepted, at(9));
    expect(later).toMatchObject({ status: 'PENDING', providerTemplateId: '2', submissionHash: hashOf(submitted) });
    expect(applyAbsence(later, at(7)).status).toBe('PENDING');
  });
});

describe('a drift of the category', () => {
  const known = applyReading(UNTOLD, reading(), at(1));

  it('is told when it is announced and when it is done, once each', () => {
    const announced = told(known, 2, { announcement: { category: 'MARKETING', at: at(40) } });
    expect(driftsBetween(known, announced)).toEqual([
      { from: 'UTILITY', to: 'MARKETING', phase: 'ANNOUNCED', effectiveAt: at(40) },
    ]);
    expect(
      driftsBetween(announced, told(announced, 2, { announcement: { category: 'MARKETING', at: at(40) } })),
    ).toEqual([]);
    const done = told(announced, 40, { category: { category: 'MARKETING', previous: 'UTILITY' } });
    expect(driftsBetween(announced, done)).toEqual([
      { from: 'UTILITY', to: 'MARKETING', phase: 'DONE', effectiveAt: at(40) },
    ]);
    expect(driftsBetween(done, told(done, 40, { category: { category: 'MARKETING' } }))).toEqual([]);
  });

  it('is told too when nobody announced it and a reading finds it', () => {
    const read = applyReading(known, reading({ category: 'MARKETING' }), at(9));
    expect(driftsBetween(known, read)).toMatchObject([{ from: 'UTILITY', to: 'MARKETING', phase: 'DONE' }]);
  });

  it('is none when a template becomes known', () => {
    expect(driftsBetween(UNTOLD, known)).toEqual([]);
  });
});
