import type { ActorRef } from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';
import type { Claim } from './claim.entity.js';

export const CLAIM_SECONDS = { default: 60, min: 10, max: 600 } as const;

type Who = Pick<ActorRef, 'kind' | 'id'>;
type Held = Pick<Claim, 'holderKind' | 'holderId' | 'expiresAt' | 'seconds'>;

/** The claim if it still holds: until, but not at, the moment of its expiry. */
export function heldClaim<C extends Pick<Claim, 'expiresAt'>>(claim: C | null | undefined, now: Date): C | undefined {
  return claim && now < claim.expiresAt ? claim : undefined;
}

export function isHeldBy(claim: Pick<Claim, 'holderKind' | 'holderId'>, { kind, id }: Who): boolean {
  return claim.holderKind === kind && claim.holderId === id;
}

/**
 * While somebody holds the claim nobody else sends, person or program. While nobody does, anybody may: what they have
 * not seen yet is the business of `expectedLastSeq`. Rules of Fenster itself, such as an away message, answer nobody.
 * @throws DomainError CLAIMED_BY_OTHER
 */
export function checkClaim(claim: Held | null | undefined, sender: Who, now: Date): void {
  const held = heldClaim(claim, now);
  if (!held || isHeldBy(held, sender) || sender.kind === 'system') return;
  throw new DomainError('CLAIMED_BY_OTHER', 'Somebody else is answering. Wait for them, or take over with a reason.', {
    details: { claim: held },
  });
}

/** Until when the claim holds if its holder goes on now; undefined if it was renewed less than a third of its time ago. */
export function renewedExpiry({ expiresAt, seconds }: Held, now: Date): Date | undefined {
  const renewed = expiryFrom(now, seconds);
  const isRecent = renewed.getTime() - expiresAt.getTime() < (seconds * 1_000) / 3;
  return isRecent ? undefined : renewed;
}

export function expiryFrom(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1_000);
}
