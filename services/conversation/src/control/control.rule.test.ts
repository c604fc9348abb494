import { describe, expect, it } from 'vitest';
import {
  checkControl,
  NOBODY,
  stepControl,
  withoutProgram,
  type ControlAction,
  type ControlState,
} from './control.rule.js';

const anna = { kind: 'member', id: 'anna' } as const;
const faq = { kind: 'api_key', id: 'faq' } as const;
const shop = { kind: 'api_key', id: 'shop' } as const;
const human = { kind: 'human' } as const;
const state = (controller: ControlState['controller'], offeredTo: ControlState['offeredTo'] = null): ControlState => ({
  controller,
  offeredTo,
});
const refusal = (code: string) => expect.objectContaining({ code }) as Error;

describe('who may send', () => {
  it.each([
    ['nobody has control', null, { anna: true, faq: true, shop: true }],
    ['people have it', human, { anna: true, faq: false, shop: false }],
    ['a program has it', faq, { anna: false, faq: true, shop: false }],
    ['a program of another kind has it', { kind: 'bot', id: 'faq' } as const, { anna: false, faq: false, shop: false }],
  ])('when %s', (_, controller, expected) => {
    for (const [name, sender] of Object.entries({ anna, faq, shop })) {
      const attempt = () => checkControl({ controller }, sender);
      if (expected[name as keyof typeof expected]) expect(attempt).not.toThrow();
      else expect(attempt).toThrow(refusal('NOT_IN_CONTROL'));
    }
    expect(() => checkControl({ controller }, { kind: 'system' })).not.toThrow();
  });
});

describe('given who has control, when somebody acts, then', () => {
  it.each<[string, ControlState, ControlAction, typeof anna | typeof faq | typeof shop, object | string | undefined]>([
    [
      'people offer it',
      state(human),
      { kind: 'offer', to: faq },
      anna,
      { controller: human, offeredTo: faq, change: 'offered' },
    ],
    [
      'the first to come offers it',
      NOBODY,
      { kind: 'offer', to: faq },
      anna,
      { controller: null, offeredTo: faq, change: 'offered' },
    ],
    [
      'a program hands back',
      state(faq),
      { kind: 'offer', to: human },
      faq,
      { controller: faq, offeredTo: human, change: 'offered' },
    ],
    [
      'a later offer replaces an earlier one',
      state(human, faq),
      { kind: 'offer', to: shop },
      anna,
      { controller: human, offeredTo: shop, change: 'offered' },
    ],
    ['who does not have it cannot offer it', state(faq), { kind: 'offer', to: shop }, shop, 'NOT_IN_CONTROL'],
    ['nor can people while a program has it', state(faq), { kind: 'offer', to: human }, anna, 'NOT_IN_CONTROL'],
    ['it is not offered to who has it', state(faq), { kind: 'offer', to: faq }, faq, 'NO_OFFER'],
    [
      'who it is offered to accepts',
      state(human, faq),
      { kind: 'accept' },
      faq,
      { controller: faq, offeredTo: null, change: 'accepted' },
    ],
    [
      'any of the people accepts',
      state(faq, human),
      { kind: 'accept' },
      anna,
      { controller: human, offeredTo: null, change: 'accepted' },
    ],
    ['nobody else accepts', state(human, faq), { kind: 'accept' }, shop, 'NO_OFFER'],
    ['nor without an offer', state(human), { kind: 'accept' }, faq, 'NO_OFFER'],
    [
      'who it is offered to declines',
      state(human, faq),
      { kind: 'decline' },
      faq,
      { controller: human, offeredTo: null, change: 'declined' },
    ],
    [
      'who offered it takes that back',
      state(human, faq),
      { kind: 'decline' },
      anna,
      { controller: human, offeredTo: null, change: 'withdrawn' },
    ],
    ['nobody else does', state(human, faq), { kind: 'decline' }, shop, 'NOT_IN_CONTROL'],
    ['nothing offered, nothing declined', state(human), { kind: 'decline' }, anna, 'NO_OFFER'],
    [
      'a program gives it up',
      state(faq, human),
      { kind: 'release' },
      faq,
      { controller: null, offeredTo: null, change: 'released' },
    ],
    ['nobody gives up what another has', state(faq), { kind: 'release' }, shop, 'NOT_IN_CONTROL'],
    ['nothing to give up', NOBODY, { kind: 'release' }, anna, undefined],
    [
      'a person takes it from a program',
      state(faq, shop),
      { kind: 'take_over' },
      anna,
      { controller: human, offeredTo: null, change: 'taken_over' },
    ],
    [
      'a person keeps programs out',
      NOBODY,
      { kind: 'take_over' },
      anna,
      { controller: human, offeredTo: null, change: 'taken_over' },
    ],
    ['people have it already', state(human), { kind: 'take_over' }, anna, undefined],
    ['a program cannot take it', state(shop), { kind: 'take_over' }, faq, 'ONLY_PEOPLE'],
  ])('%s', (_, before, action, actor, expected) => {
    const attempt = () => stepControl(before, action, actor);
    if (typeof expected === 'string') expect(attempt).toThrow(refusal(expected));
    else expect(attempt()).toEqual(expected);
  });
});

describe('when a program is gone', () => {
  it('has control no longer, and an offer to it is none', () => {
    expect(withoutProgram(state(faq), faq)).toEqual({ controller: null, offeredTo: null, change: 'removed' });
    expect(withoutProgram(state(human, faq), faq)).toEqual({ controller: human, offeredTo: null, change: 'removed' });
    expect(withoutProgram(state(faq, human), faq)).toEqual({ controller: null, offeredTo: human, change: 'removed' });
    expect(withoutProgram(state(shop, human), faq)).toBeUndefined();
    expect(withoutProgram(NOBODY, faq)).toBeUndefined();
  });
});
