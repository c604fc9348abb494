import type { ErasingService, ErasureReport } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';

export const ERASURE_STATES = ['PLANNING', 'PLANNED', 'ERASING', 'CLEANING', 'COMPLETED'] as const;
export type ErasureState = (typeof ERASURE_STATES)[number];

export type ErasurePhase = 'PLAN' | 'ROWS' | 'LOG';

export interface StoredReport {
  phase: ErasurePhase;
  service: ErasingService;
  report: ErasureReport;
}

const ErasureSchema = defineEntity({
  name: 'Erasure',
  tableName: 'erasure',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** What somebody types to confirm that they mean this person. */
    reference: p.text(),
    contactId: p.uuid(),
    contactIds: p.array(),
    personMarks: p.array(),
    state: p.text().$type<ErasureState>(),
    plannedAt: p.datetime(),
    plannedByKind: p.text(),
    plannedById: p.text().nullable(),
    confirmedAt: p.datetime().nullable(),
    confirmedByKind: p.text().nullable(),
    confirmedById: p.text().nullable(),
    completedAt: p.datetime().nullable(),
    backupsExpireAt: p.datetime().nullable(),
    reappliedAt: p.datetime().nullable(),
    /** Of one that is done again: what is younger is of somebody else. */
    upTo: p.datetime().nullable(),
    storedResult: p.json<StoredReport[]>().nullable().fieldName('result'),
  },
});

/** A person who is, or is to be, forgotten. */
export class Erasure extends ErasureSchema.class {}
ErasureSchema.setClass(Erasure);
