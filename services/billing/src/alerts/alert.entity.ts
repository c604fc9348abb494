import type { AlertKind } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';
import type { AlertFacts } from './alert.rule.js';

const AlertSchema = defineEntity({
  name: 'Alert',
  tableName: 'alert',
  properties: {
    workspaceId: p.uuid().primary(),
    id: p.uuid().primary(),
    kind: p.text().$type<AlertKind>(),
    /** Of its kind: there is one alert for it. */
    cause: p.text(),
    facts: p.json<AlertFacts>(),
    raisedAt: p.datetime(),
    acknowledgedBy: p.uuid().nullable(),
    acknowledgedAt: p.datetime().nullable(),
  },
});

/** Something about costs that somebody should look at. */
export class Alert extends AlertSchema.class {}
AlertSchema.setClass(Alert);
