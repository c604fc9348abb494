import type { ActorRef } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const LegalHoldSchema = defineEntity({
  name: 'LegalHold',
  tableName: 'legal_hold',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    contactId: p.uuid(),
    contactIds: p.array(),
    reason: p.text(),
    /** `YYYY-MM-DD`. */
    reviewOn: p.date(),
    setAt: p.datetime(),
    setByKind: p.text().$type<ActorRef['kind']>(),
    setById: p.text().nullable(),
    releasedAt: p.datetime().nullable(),
    releasedByKind: p.text().$type<ActorRef['kind']>().nullable(),
    releasedById: p.text().nullable(),
    releaseReason: p.text().nullable(),
  },
});

/** Nothing of a person goes while it is in force: for legal claims, or because an authority says so (Art. 17(3)(b), (e), 18(2) GDPR). */
export class LegalHold extends LegalHoldSchema.class {}
LegalHoldSchema.setClass(LegalHold);
