import { defineEntity, p } from '@mikro-orm/core';
import type { Filter } from './filter.rule.js';

const ViewSchema = defineEntity({
  name: 'View',
  tableName: 'saved_view',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** Whose it is alone; null for everybody's. */
    ownerId: p.uuid().nullable(),
    name: p.text(),
    filter: p.json<Filter>(),
    createdAt: p.datetime(),
  },
});

/** A filter that somebody wants to look through again and again. */
export class View extends ViewSchema.class {}
ViewSchema.setClass(View);
