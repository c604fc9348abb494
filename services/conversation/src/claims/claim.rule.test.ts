import { describe, expect, it } from 'vitest';
import { checkClaim, heldClaim, renewedExpiry } from './claim.rule.js';

const now = new Date('2026-11-22T09:00:00Z');
const after = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
const anna = { kind: 'member', id: 'anna' } as const;
const claimOf = ({ kind, id }: { kind: 'member' | 'api_key'; id: string }, expiresAt = after(60)) => ({
  holderKind: kind,
  holderId: id,
  expiresAt,
  seconds: 60,
});

describe('given a claim that somebody holds', () => {
  it('they may send', () => {
    expect(() => checkClaim(claimOf(anna), anna, now)).not.toThrow();
  });

  it.each([
    { kind: 'member', id: 'ben' },
    { kind: 'api_key', id: 'shop' },
    { kind: 'bot', id: 'faq' },
    // The same id as another kind of actor is somebody else.
    { kind: 'api_key', id: 'anna' },
  ] as const)('$kind $id may not, and is told who holds it', (sender) => {
    const claim = claimOf(anna);
    expect(() => checkClaim(claim, sender, now)).toThrow(
      expect.objectContaining({ code: 'CLAIMED_BY_OTHER', details: { claim } }),
    );
  });

  it('a rule of Fenster may: it answers nobody', () => {
    expect(() => checkClaim(claimOf(anna), { kind: 'system', id: 'away' }, now)).not.toThrow();
  });

  it('a program that holds it keeps people out as people do programs', () => {
    const shop = { kind: 'api_key', id: 'shop' } as const;
    expect(() => checkClaim(claimOf(shop), anna, now)).toThrow('Somebody else is answering');
  });
});

describe('given a claim whose time has come', () => {
  it('holds until, but not at, its expiry', () => {
    const claim = claimOf(anna, after(60));
    expect(heldClaim(claim, after(59.999))).toBe(claim);
    expect(heldClaim(claim, after(60))).toBeUndefined();
  });

  it('anybody may send, though nothing has cleared it away yet', () => {
    expect(() => checkClaim(claimOf(anna, now), { kind: 'member', id: 'ben' }, now)).not.toThrow();
    expect(() => checkClaim(undefined, { kind: 'member', id: 'ben' }, now)).not.toThrow();
  });
});

describe('when its holder goes on typing', () => {
  it('is renewed at most three times within its time', () => {
    expect(renewedExpiry(claimOf(anna, after(60)), now)).toBeUndefined();
    expect(renewedExpiry(claimOf(anna, after(60)), after(19))).toBeUndefined();
    expect(renewedExpiry(claimOf(anna, after(60)), after(20))).toEqual(after(80));
  });
});
