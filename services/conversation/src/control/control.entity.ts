import type { ActorRef, Controller } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

type Kind = Controller['kind'];

const ControlSchema = defineEntity({
  name: 'Control',
  tableName: 'control',
  properties: {
    conversationId: p.uuid().primary(),
    workspaceId: p.uuid(),
    controllerKind: p.text().$type<Kind>().nullable(),
    /** Of the program. */
    controllerId: p.uuid().nullable(),
    since: p.datetime(),
    /** What the one before wanted the one after to know. */
    summary: p.text().nullable(),
    offeredToKind: p.text().$type<Kind>().nullable(),
    offeredToId: p.uuid().nullable(),
    offeredByKind: p.text().$type<ActorRef['kind']>().nullable(),
    offeredById: p.uuid().nullable(),
    offerSummary: p.text().nullable(),
    offeredAt: p.datetime().nullable(),
  },
});

/** Who answers a conversation: people, or one program. Without a row, or with nobody in it: whoever comes first. */
export class Control extends ControlSchema.class {}
ControlSchema.setClass(Control);
