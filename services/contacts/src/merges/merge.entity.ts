import { defineEntity, p } from '@mikro-orm/core';
import type { Side } from './merge.rule.js';

const ContactMergeSchema = defineEntity({
  name: 'StoredMerge',
  tableName: 'contact_merge',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** Of the merges of this contact; the last one is undone first. */
    seq: p.integer(),
    contactId: p.uuid(),
    mergedId: p.uuid(),
    keptOrigins: p.array(),
    mergedOrigins: p.array(),
    kept: p.json<Side>().nullable(),
    merged: p.json<Side>().nullable(),
    outcome: p.json<Side>().nullable(),
    mergedAt: p.datetime(),
    mergedByKind: p.text(),
    mergedById: p.text().nullable(),
    undoneAt: p.datetime().nullable(),
  },
});

/** That two contacts were made one, and what they were before. */
export class StoredMerge extends ContactMergeSchema.class {}
ContactMergeSchema.setClass(StoredMerge);
