import type { ConsentIdentityKind, ConsentState, PurposeKind } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

const ConsentSchema = defineEntity({
  name: 'Consent',
  tableName: 'consent',
  properties: {
    workspaceId: p.uuid().primary(),
    contactId: p.uuid().primary(),
    channelId: p.uuid().primary(),
    purpose: p.text().primary(),
    identityKind: p.text().$type<ConsentIdentityKind>().primary(),
    identityValue: p.text().primary(),
    purposeKind: p.text().$type<PurposeKind>(),
    state: p.text().$type<ConsentState>(),
    isGranted: p.boolean(),
    since: p.datetime(),
  },
});

/** Where the consent of one address to one purpose stands, as contacts last told. */
export class Consent extends ConsentSchema.class {}
ConsentSchema.setClass(Consent);
