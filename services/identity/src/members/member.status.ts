import type { Member } from './member.entity.js';

export const MEMBER_STATUSES = ['INVITED', 'ACTIVE', 'REMOVED'] as const;
export type MemberStatus = (typeof MEMBER_STATUSES)[number];

export function statusOf({ removedAt, invitationHash }: Pick<Member, 'removedAt' | 'invitationHash'>): MemberStatus {
  if (removedAt) return 'REMOVED';
  return invitationHash ? 'INVITED' : 'ACTIVE';
}

/** As a condition: who is a member and can sign in. */
export const ACTIVE = { removedAt: null, invitationHash: null };
