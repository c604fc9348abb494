import { defineEntity, p } from '@mikro-orm/core';
import type { Source } from './compare-month.js';
import type { Explanation, Figures, LineKey } from './explain-differences.rule.js';

/** DRAFT: proposed, waits for a second person. ACCEPTED: entered in the ledger. DISCARDED: never was. */
export const RECONCILIATION_STATES = ['DRAFT', 'ACCEPTED', 'DISCARDED'] as const;
export type ReconciliationState = (typeof RECONCILIATION_STATES)[number];

/** A difference as it was when it was proposed. */
export interface ProposedLine extends LineKey {
  id: string;
  ledger: Figures;
  provider: Figures;
  explanations: Explanation[];
}

const ReconciliationSchema = defineEntity({
  name: 'Reconciliation',
  tableName: 'reconciliation',
  properties: {
    workspaceId: p.uuid().primary(),
    id: p.uuid().primary(),
    month: p.text(),
    currency: p.text(),
    against: p.text().$type<Source>(),
    note: p.text(),
    lines: p.json<ProposedLine[]>(),
    state: p.text().$type<ReconciliationState>(),
    proposedBy: p.uuid(),
    proposedAt: p.datetime(),
    decidedBy: p.uuid().nullable(),
    decidedAt: p.datetime().nullable(),
  },
});

/** Differences between the ledger and the provider that are to be entered. */
export class Reconciliation extends ReconciliationSchema.class {}
ReconciliationSchema.setClass(Reconciliation);

const InvoiceSchema = defineEntity({
  name: 'Invoice',
  tableName: 'invoice',
  properties: {
    workspaceId: p.uuid().primary(),
    id: p.uuid().primary(),
    month: p.text(),
    currency: p.text(),
    version: p.text(),
    note: p.text(),
    lines: p.json<unknown>().lazy(),
    importedBy: p.uuid(),
    importedAt: p.datetime(),
  },
});

/** What the provider has charged in a month. */
export class ImportedInvoice extends InvoiceSchema.class {}
InvoiceSchema.setClass(ImportedInvoice);
