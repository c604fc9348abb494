import type { ActorRef } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const ClaimSchema = defineEntity({
  name: 'Claim',
  tableName: 'claim',
  properties: {
    conversationId: p.uuid().primary(),
    workspaceId: p.uuid(),
    holderKind: p.text().$type<ActorRef['kind']>(),
    holderId: p.uuid(),
    takenAt: p.datetime(),
    expiresAt: p.datetime(),
    /** How long it holds after each renewal. */
    seconds: p.integer(),
    /** Why it was taken from somebody. */
    reason: p.text().nullable(),
  },
});

/**
 * Who may send in a conversation now. It holds until `expiresAt` by the clock: that the row is still there says nothing,
 * so everybody asks `heldClaim`.
 */
export class Claim extends ClaimSchema.class {}
ClaimSchema.setClass(Claim);
