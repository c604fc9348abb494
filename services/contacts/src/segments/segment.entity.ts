import { defineEntity, p } from '@mikro-orm/core';
import type { SegmentFilter } from './segment-filter.js';

const SegmentSchema = defineEntity({
  name: 'Segment',
  tableName: 'segment',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    name: p.text(),
    filter: p.json().$type<SegmentFilter>(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

/** A filter of contacts with a name: who belongs to it is found anew whenever somebody asks. */
export class Segment extends SegmentSchema.class {}
SegmentSchema.setClass(Segment);
