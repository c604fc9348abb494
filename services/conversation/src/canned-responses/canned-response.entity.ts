import { defineEntity, p } from '@mikro-orm/core';
import type { Sharing } from './sharing.js';

const CannedResponseSchema = defineEntity({
  name: 'CannedResponse',
  tableName: 'canned_response',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    sharing: p.text().$type<Sharing>(),
    teamId: p.uuid().nullable(),
    /** Of a personal one. */
    ownerId: p.uuid().nullable(),
    shortcut: p.text(),
    title: p.text(),
    body: p.text(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

/** A text that agents send again and again. */
export class CannedResponse extends CannedResponseSchema.class {}
CannedResponseSchema.setClass(CannedResponse);
