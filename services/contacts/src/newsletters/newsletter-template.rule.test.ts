import type { TemplateDefinition, WordChoice } from '@fenster/contracts';
import { describe, expect, it } from 'vitest';
import { templateProblem, type ToldTemplate } from './newsletter-template.rule.js';

const now = new Date('2026-11-22T10:00:00Z');
const ID = '019aa5e0-7c1e-7cc3-98c4-dc0c0c073991';
const OFFER: ToldTemplate = {
  id: ID,
  accountId: 'waba1',
  name: 'offer',
  language: 'de',
  status: 'APPROVED',
  category: 'MARKETING',
  parameterFormat: 'POSITIONAL',
  definition: { body: { text: 'Hallo {{1}}! STOP beendet Werbung.', examples: [] }, buttons: [], unknownParts: [] },
};
const content = { templateId: ID, body: [{ text: 'du' }], buttons: [] };
const check = (
  over: Partial<ToldTemplate>,
  given = content,
  accountId: string | null = 'waba1',
  words: readonly WordChoice[] = [],
) => {
  const problem = templateProblem({ ...OFFER, ...over }, { content: given, accountId, words, now });
  return problem && [problem.code, problem.details?.['reason']];
};

describe('the template of a newsletter', () => {
  it('can be sent as far as that is known', () => {
    expect(check({})).toBeUndefined();
    expect(check({ definition: null })).toBeUndefined();
    expect(check({}, content, null)).toBeUndefined();
  });

  it.each([
    [{ status: 'PAUSED' }, 'TEMPLATE_NOT_USABLE'],
    [{ status: 'PENDING' }, 'TEMPLATE_NOT_USABLE'],
    [{ accountId: 'waba2' }, 'TEMPLATE_NOT_USABLE'],
    [{ category: 'UTILITY' }, 'TEMPLATE_NOT_MARKETING'],
    [{ definition: { ...OFFER.definition!, unknownParts: ['NEW'] } }, 'TEMPLATE_NOT_USABLE'],
  ] as const)('cannot if it is %j', (over, reason) => {
    expect(check(over as Partial<ToldTemplate>)).toEqual(['NEWSLETTER_TEMPLATE', reason]);
  });

  it('has to tell how to end marketing: in its words, or on a button, by the words of the workspace', () => {
    const saying = (text: string, buttons: TemplateDefinition['buttons'] = []) => ({
      definition: { body: { text: `Hallo {{1}}! ${text}`, examples: [] }, buttons, unknownParts: [] },
    });
    const missing = ['NEWSLETTER_TEMPLATE', 'OPT_OUT_HINT_MISSING'];
    const own: WordChoice = { word: 'keine post', locale: 'de', isEveryday: false, isActive: true };
    const off: WordChoice = { word: 'stop', locale: null, isEveryday: false, isActive: false };
    expect(check(saying('Nur heute.'))).toEqual(missing);
    expect(check(saying('', [{ kind: 'quickReply', text: 'Abmelden' }]))).toBeUndefined();
    expect(check(saying('', [{ kind: 'url', text: 'Abmelden', url: 'https://a.example' }]))).toEqual(missing);
    expect(check(saying('Mit KEINE POST beenden.'))).toEqual(missing);
    expect(check(saying('Mit KEINE POST beenden.'), content, 'waba1', [own])).toBeUndefined();
    expect(check({}, content, 'waba1', [off])).toEqual(missing);
  });

  it('takes as many parameters as it has variables', () => {
    expect(check({}, { ...content, body: [] })).toEqual(['NEWSLETTER_TEMPLATE', 'INVALID_INPUT']);
    expect(check({}, { ...content, body: [{ text: 'a' }, { text: 'b' }] })).toEqual([
      'NEWSLETTER_TEMPLATE',
      'INVALID_INPUT',
    ]);
  });
});
