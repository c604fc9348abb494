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
  definition: { body: { text: 'Hallo {{1}}!', examples: [] }, buttons: [], unknownParts: [] },
};
const content = { templateId: ID, body: [{ text: 'du' }], buttons: [] };
const check = (over: Partial<ToldTemplate>, given = content, accountId: string | null = 'waba1') => {
  const problem = templateProblem({ ...OFFER, ...over }, { content: given, accountId, now });
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

  it('takes as many parameters as it has variables', () => {
    expect(check({}, { ...content, body: [] })).toEqual(['NEWSLETTER_TEMPLATE', 'INVALID_INPUT']);
    expect(check({}, { ...content, body: [{ text: 'a' }, { text: 'b' }] })).toEqual([
      'NEWSLETTER_TEMPLATE',
      'INVALID_INPUT',
    ]);
  });
});
