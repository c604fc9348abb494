import { describe, expect, it } from 'vitest';
import { actorWith } from '../../../test/support/actor.js';
import { grantFor, knownGrants, mayAct, quotaWindow, type ActionGrant } from './action-grant.js';

const any: ActionGrant = { action: 'message:send', quota: { count: 10, per: 'DAY' } };
const template: ActionGrant = {
  action: 'message:send',
  resource: 'template:shipped',
  quota: { count: 1, per: 'HOUR' },
};
const keyWith = (...grants: ActionGrant[]) => actorWith({ kind: 'api_key', grants });

describe('a single action', () => {
  it('given the whole permission, then nothing limits it', () => {
    const member = actorWith({ permissions: ['message:send'] });
    expect(mayAct(member, 'message:send')).toBe(true);
    expect(grantFor(member, 'message:send', 'text')).toBeUndefined();
  });

  it('given a grant for the very resource, then that one is used before one for all', () => {
    const key = keyWith(any, template);
    expect(grantFor(key, 'message:send', 'template:shipped')).toBe(template);
    expect(grantFor(key, 'message:send', 'text')).toBe(any);
  });

  it('given grants for other resources only, then it is forbidden', () => {
    const key = keyWith(template);
    expect(mayAct(key, 'message:send')).toBe(true);
    expect(() => grantFor(key, 'message:send', 'text')).toThrow(expect.objectContaining({ code: 'BEYOND_API_KEY' }));
  });

  it('given neither permission nor grant, then it is forbidden', () => {
    expect(mayAct(keyWith(), 'message:send')).toBe(false);
    expect(() => grantFor(actorWith(), 'message:send', 'text')).toThrow(
      expect.objectContaining({ code: 'BEYOND_API_KEY' }),
    );
  });
});

describe('the window of a quota', () => {
  const now = new Date('2026-11-21T13:37:42.500Z');
  it.each([
    ['MINUTE', '2026-11-21T13:37:00.000Z', '2026-11-21T13:38:00.000Z'],
    ['HOUR', '2026-11-21T13:00:00.000Z', '2026-11-21T14:00:00.000Z'],
    ['DAY', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
  ] as const)('is the %s of UTC', (per, startsAt, resetsAt) => {
    expect(quotaWindow({ count: 1, per }, now)).toEqual({ startsAt: new Date(startsAt), resetsAt: new Date(resetsAt) });
    expect(quotaWindow({ count: 1, per }, new Date(resetsAt)).startsAt).toEqual(new Date(resetsAt));
  });
});

describe('the grants of a token', () => {
  it('are those that are understood whole', () => {
    expect(knownGrants([any, template, { action: 'message:send' }])).toEqual([
      any,
      template,
      { action: 'message:send' },
    ]);
  });

  it.each([
    { action: 'message:burn' },
    { action: 'message:send', resource: 7 },
    { action: 'message:send', quota: { count: 10, per: 'FORTNIGHT' } },
    { action: 'message:send', quota: { count: 0, per: 'DAY' } },
    { action: 'message:send', quota: { count: 10 } },
    { action: 'message:send', quota: { count: 10, per: 'DAY', perContact: 1 } },
    { action: 'message:send', between: '08:00 and 18:00' },
    null,
    'message:send',
  ])('are not such as %j', (grant) => {
    expect(knownGrants([grant])).toEqual([]);
  });

  it('are none if the claim is no list', () => {
    expect(knownGrants(undefined)).toEqual([]);
    expect(knownGrants({ 0: any })).toEqual([]);
  });
});
