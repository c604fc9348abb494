import type { AlertKind } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';
import type { QuoteLanguage } from '../quotes/quote-reason.js';

export const DESTINATION_KINDS = ['WEBHOOK', 'EMAIL'] as const;
export type DestinationKind = (typeof DESTINATION_KINDS)[number];

const AlertDestinationSchema = defineEntity({
  name: 'AlertDestination',
  tableName: 'alert_destination',
  properties: {
    workspaceId: p.uuid().primary(),
    id: p.uuid().primary(),
    kind: p.text().$type<DestinationKind>(),
    /** The URL, or the e-mail address. */
    address: p.text(),
    alerts: p.json<AlertKind[]>(),
    language: p.text().$type<QuoteLanguage>(),
    /** What webhooks are signed with. */
    sealedSecret: p.blob().nullable().lazy(),
    createdBy: p.uuid(),
    createdAt: p.datetime(),
    removedAt: p.datetime().nullable(),
    lastDeliveredAt: p.datetime().nullable(),
    /** Since when nothing arrives, and why; null as long as everything does. */
    failingSince: p.datetime().nullable(),
    problem: p.text().nullable(),
    /** Since then an alert was given up, and none has arrived. */
    deadSince: p.datetime().nullable(),
  },
});

/** Where alerts are sent. */
export class AlertDestination extends AlertDestinationSchema.class {}
AlertDestinationSchema.setClass(AlertDestination);
