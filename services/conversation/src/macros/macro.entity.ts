import { defineEntity, p } from '@mikro-orm/core';
import type { Sharing } from '../canned-responses/sharing.js';
import type { MacroStep } from './macro-step.types.js';

const MacroSchema = defineEntity({
  name: 'Macro',
  tableName: 'macro',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    sharing: p.text().$type<Sharing>(),
    teamId: p.uuid().nullable(),
    /** Of a personal one. */
    ownerId: p.uuid().nullable(),
    name: p.text(),
    steps: p.json<MacroStep[]>(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

/** Several changes of a conversation that belong together. */
export class Macro extends MacroSchema.class {}
MacroSchema.setClass(Macro);
